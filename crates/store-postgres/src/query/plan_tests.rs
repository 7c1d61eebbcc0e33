//! How PostgreSQL goes about queries on a table that it knows nothing of yet.

use refract_domain::object_type::ObjectType::Contact;
use refract_store::conformance::fixture::every;
use refract_testkit::postgres::TestDatabase;

use super::narrow::Narrowed;
use super::{go_along_the_ids, statement};
use crate::schema::type_number;
use crate::transaction::{Mode, Transaction};
use crate::{PostgresSettings, PostgresStore};

/// Without a hint it sorts all 20,000 for a page of 50.
#[tokio::test]
async fn a_page_in_the_order_of_ids_sorts_nothing() {
    let database = TestDatabase::create();
    let store = PostgresStore::open(&PostgresSettings::new(database.url())).await.expect("a store");
    let number = type_number(Contact);
    database.sql(&format!(
        "INSERT INTO record (team_no, id, version, created_at, updated_at, object_type, body) SELECT 1, \
         lpad(to_hex(number), 32, '0')::uuid, 1, 0, 0, {number}, '{{}}' FROM generate_series(1, 20000) AS number"
    ));
    let (query, narrowed) = (every(Contact), Narrowed { team_no: 1, ids: None });
    let mut asking = Transaction::open(&store.shared, Mode::Query).await.expect("a connection");
    go_along_the_ids(&mut asking, &query, &narrowed).await.expect("a setting");
    let (page, _) = statement::page(&query, &narrowed);
    let plan = asking.query(&format!("EXPLAIN {}", page.text), &page.parameters()).await.expect("a plan");
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.iter().any(|line| line.contains("Index Scan using record_pkey")), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("Sort")), "{plan:#?}");
}
