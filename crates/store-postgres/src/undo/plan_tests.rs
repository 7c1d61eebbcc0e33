//! How PostgreSQL goes about an undo while it knows nothing of the tables yet.

use refract_testkit::postgres::TestDatabase;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::writing::RESTORED;
use crate::transaction::{Mode, Transaction};
use crate::{PostgresSettings, PostgresStore};

/// It must not compare each record of a chunk with each image of the job.
#[tokio::test]
async fn images_are_found_by_their_records() {
    let database = TestDatabase::create();
    let store = PostgresStore::open(&PostgresSettings::new(database.url())).await.expect("a store");
    database.sql(
        "SET session_replication_role = replica;
         INSERT INTO job_image (team_no, job_id, record_id, last_row, written_at, version_before, version_after,
             entry_before, entry_after)
         SELECT 1, lpad('7', 32, '0')::uuid, lpad(to_hex(number), 32, '0')::uuid, number, 0, 1, 2, 0, 0
         FROM generate_series(1, 20000) AS number",
    );
    let ids: Vec<Uuid> = (1..=5_000).map(Uuid::from_u128).collect();
    let versions = vec![3_i64; ids.len()];
    let (team_no, job_id) = (1_i64, Uuid::from_u128(7));
    let parameters = [
        (&team_no as _, Type::INT8),
        (&job_id as _, Type::UUID),
        (&ids as _, Type::UUID_ARRAY),
        (&versions as _, Type::INT8_ARRAY),
    ];
    let mut asking = Transaction::open(&store.shared, Mode::Query).await.expect("a connection");
    let plan = asking.query(&format!("EXPLAIN {RESTORED}"), &parameters).await.expect("a plan");
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.iter().any(|line| line.contains("Index Cond") && line.contains("record_id = named.id")), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("Join Filter")), "{plan:#?}");
}
