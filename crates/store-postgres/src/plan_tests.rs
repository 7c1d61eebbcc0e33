//! How PostgreSQL finds the rows that a statement names, whatever it thinks it knows of the tables.
//!
//! Its guesses are wrong when it matters: of a table without statistics it takes a team to own one row in two hundred, of a team
//! that came after the last analysis hardly any. Then it reads all rows of the team to find some thousands, or compares each of them
//! with each of those: work that grows with the square of an import. So statements look rows up one by one, which
//! `LATERAL (… OFFSET 0)` leaves no choice about, and these tests see that they do.

use refract_testkit::postgres::TestDatabase;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::transaction::{Mode, Parameter, Transaction};
use crate::{PostgresSettings, PostgresStore};

/// Rows of a team, and how many of them a statement names.
const ROWS: usize = 30_000;
const NAMED: usize = 2_000;

/// Statements that name many rows.
const STATEMENTS: [(&str, &str); 26] = [
    ("find_bytes", include_str!("sql/find_bytes.sql")),
    ("find_holder", include_str!("sql/find_holder.sql")),
    ("find_holder_locked", include_str!("sql/find_holder_locked.sql")),
    ("find_list_entries", include_str!("sql/find_list_entries.sql")),
    ("find_record", include_str!("sql/find_record.sql")),
    ("find_record_locked", include_str!("sql/find_record_locked.sql")),
    ("delete_record", include_str!("sql/delete_record.sql")),
    ("restore_record", include_str!("sql/restore_record.sql")),
    ("draft_keys", include_str!("sql/draft_keys.sql")),
    ("draft_record_bytes", include_str!("sql/draft_record_bytes.sql")),
    ("draft_records", include_str!("sql/draft_records.sql")),
    ("write_update", include_str!("sql/write_update.sql")),
    ("write_image", include_str!("sql/write_image.sql")),
    ("write_list_values", include_str!("sql/write_list_values.sql")),
    ("write_holder", include_str!("sql/write_holder.sql")),
    ("write_holder_gone", include_str!("sql/write_holder_gone.sql")),
    ("write_holder_next", include_str!("sql/write_holder_next.sql")),
    ("write_more_holder_gone", include_str!("sql/write_more_holder_gone.sql")),
    ("write_record_members", include_str!("sql/write_record_members.sql")),
    ("undo_bytes", include_str!("sql/undo_bytes.sql")),
    ("undo_changed", include_str!("sql/undo_changed.sql")),
    ("undo_entries", include_str!("sql/undo_entries.sql")),
    ("undo_images", include_str!("sql/undo_images.sql")),
    ("undo_list_values", include_str!("sql/undo_list_values.sql")),
    ("undo_remove_images", include_str!("sql/undo_remove_images.sql")),
    ("undo_remove_record", include_str!("sql/undo_remove_record.sql")),
];

/// Rows of a team in every table that statements name rows of.
fn fill(database: &TestDatabase, team_no: i64) {
    let id = "lpad(to_hex(number), 32, '0')::uuid";
    database.sql(&format!(
        "SET session_replication_role = replica;
         CREATE TEMPORARY TABLE numbers AS SELECT number, {id} AS id FROM generate_series(1, {ROWS}) AS number;
         INSERT INTO record (team_no, id, version, created_at, updated_at, object_type, body)
             SELECT {team_no}, id, 1, 0, 0, 1, '{{}}' FROM numbers;
         INSERT INTO key_holder (team_no, hash, record_id) SELECT {team_no}, id, id FROM numbers;
         INSERT INTO key_holder_more (team_no, hash, record_id) SELECT {team_no}, id, id FROM numbers;
         INSERT INTO list_entry (team_no, list_id, record_id, \"values\", version)
             SELECT {team_no}, lpad('7', 32, '0')::uuid, id, '{{}}', 1 FROM numbers;
         INSERT INTO job_image (team_no, job_id, record_id, last_row, written_at, version_before, version_after,
             entry_before, entry_after) SELECT {team_no}, lpad('7', 32, '0')::uuid, id, number, 0, 1, 2, 0, 0 FROM numbers;
         INSERT INTO draft_record (team_no, job_id, record_id, body)
             SELECT {team_no}, lpad('7', 32, '0')::uuid, id, '{{}}' FROM numbers;
         INSERT INTO draft_key (team_no, job_id, key, record_id, held)
             SELECT {team_no}, lpad('7', 32, '0')::uuid, id, id, true FROM numbers;
         DROP TABLE numbers"
    ));
}

/// The plans in which rows are searched for rather than looked up.
async fn searching(store: &PostgresStore, team_no: i64) -> Vec<String> {
    let ids: Vec<Uuid> = (1..=NAMED as u128).map(Uuid::from_u128).collect();
    let (texts, versions, rows, flags) = (vec!["{}"; NAMED], vec![1_i64; NAMED], vec![1_i32; NAMED], vec![true; NAMED]);
    let seven = Uuid::from_u128(7);
    let mut found = Vec::new();
    for (name, sql) in STATEMENTS {
        let id = (&seven as _, Type::UUID);
        let all = (&ids as _, Type::UUID_ARRAY);
        let bodies = (&texts as _, Type::TEXT_ARRAY);
        let rest: Vec<Parameter<'_>> = match name {
            "delete_record" | "restore_record" => vec![all, (&0_i64, Type::INT8)],
            "find_list_entries" | "draft_keys" | "draft_record_bytes" | "draft_records" | "undo_changed" => {
                vec![id, all]
            }
            "write_update" => vec![all, bodies, (&0_i64, Type::INT8)],
            "write_list_values" => vec![id, all, bodies],
            "undo_list_values" => vec![id, all, bodies, (&versions, Type::INT8_ARRAY)],
            "write_image" => {
                let flags = (&flags as _, Type::BOOL_ARRAY);
                let touched = [(&rows as _, Type::INT4_ARRAY), flags.clone(), flags.clone(), (&0_i64 as _, Type::INT8)];
                [id.clone(), all].into_iter().chain(touched).chain([id, flags]).collect()
            }
            "write_holder" | "write_holder_next" | "write_more_holder_gone" => vec![all.clone(), all],
            "undo_bytes" | "undo_images" => vec![all, id],
            _ => vec![all],
        };
        let parameters: Vec<Parameter<'_>> = [(&team_no as _, Type::INT8)].into_iter().chain(rest).collect();
        let mut asking = Transaction::open(&store.shared, Mode::Write).await.expect("a connection");
        let plan = asking.query(&format!("EXPLAIN {sql}"), &parameters).await.unwrap_or_else(|_| panic!("{name}"));
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let searches = ["Seq Scan on", "Join Filter", "Bitmap", "Hash Join", "Merge Join"];
        let is_bad = plan.iter().any(|line| searches.iter().any(|search| line.contains(search)));
        // All of an index's columns that a statement gives are used: none is left to be filtered by.
        let filters = plan.iter().any(|line| line.trim_start().starts_with("Filter:") && line.contains("named."));
        if is_bad || filters {
            found.push(format!("{name}:\n{}", plan.join("\n")));
        }
    }
    found
}

#[tokio::test]
async fn named_rows_are_looked_up_whatever_the_statistics_say() {
    let database = TestDatabase::create();
    let store = PostgresStore::open(&PostgresSettings::new(database.url())).await.expect("a store");
    let tables = ["record", "key_holder", "key_holder_more", "list_entry", "job_image", "draft_record", "draft_key"];
    for table in tables {
        database.sql(&format!("ALTER TABLE {table} SET (autovacuum_enabled = false)"));
    }
    fill(&database, 1);
    let none = searching(&store, 1).await;
    assert!(none.is_empty(), "without statistics:\n{}", none.join("\n"));
    database.sql(&format!("ANALYZE {}", tables.join(", ")));
    let own = searching(&store, 1).await;
    assert!(own.is_empty(), "with statistics:\n{}", own.join("\n"));
    fill(&database, 2);
    let others = searching(&store, 2).await;
    assert!(others.is_empty(), "with those of another team:\n{}", others.join("\n"));
}
