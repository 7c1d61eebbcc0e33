//! The schema: what the migrations leave is what schema.sql says, and nodes of different ages get along.

// A failure here is a failure of the test.
#![allow(clippy::expect_used)]

use refract_store::{AccountVerbs, StoreError};
use refract_store_postgres::{Durability, PostgresSettings, PostgresStore};
use refract_testkit::postgres::TestDatabase;
use tokio::task::JoinSet;

/// The version that the migrations lead to.
const NEWEST: i64 = 10;

fn settings(database: &TestDatabase) -> PostgresSettings {
    PostgresSettings { durability: Durability::Waived, ..PostgresSettings::new(database.url()) }
}

/// Every column, constraint, index and sequence, in words.
fn definitions(database: &TestDatabase) -> Vec<Vec<Option<String>>> {
    database.sql(
        "SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
            a.attstorage, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
        ORDER BY c.relname, a.attnum;
        SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 2, 3;
        SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2, 3;",
    )
}

#[tokio::test]
async fn the_documented_schema_is_what_the_migrations_yield() {
    let migrated = TestDatabase::create();
    assert_eq!(PostgresStore::migrate(&settings(&migrated)).await.expect("migrations"), (0, NEWEST));
    let documented = TestDatabase::create();
    documented.sql(include_str!("../schema.sql"));
    let (is, should) = (definitions(&migrated), definitions(&documented));
    for (line, expected) in is.iter().zip(&should) {
        assert_eq!(line, expected);
    }
    assert_eq!(is.len(), should.len());
    assert!(is.len() > 150, "{} definitions", is.len());
}

#[tokio::test]
async fn every_unique_index_leads_with_the_team() {
    let database = TestDatabase::create();
    PostgresStore::migrate(&settings(&database)).await.expect("migrations");
    let others = database.sql(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND a.attname <> 'team_no'
        ORDER BY 2",
    );
    let names: Vec<_> = others.iter().filter_map(|row| row[1].as_deref()).collect();
    // Small tables that every shard has a copy of.
    assert_eq!(names, ["copy_progress_pkey", "installation_pkey", "schema_version_pkey", "team_id_key"]);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = TestDatabase::create();
    PostgresStore::migrate(&settings(&database)).await.expect("migrations");
    let secret = || database.sql("SELECT key_secret FROM installation");
    let first = secret();
    assert_eq!(PostgresStore::migrate(&settings(&database)).await.expect("nothing to do"), (NEWEST, NEWEST));
    PostgresStore::open(&settings(&database)).await.expect("a store");
    assert_eq!(secret(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_migrate_once() {
    let database = TestDatabase::create();
    let mut starting = JoinSet::new();
    for _ in 0..6 {
        let settings = settings(&database);
        starting.spawn(async move { PostgresStore::open(&settings).await });
    }
    while let Some(store) = starting.join_next().await {
        store.expect("no panic").expect("a store").ping().await.expect("an answer");
    }
    assert_eq!(database.sql("SELECT count(*) FROM schema_version"), [[Some(NEWEST.to_string())]]);
}

#[tokio::test]
async fn a_newer_schema_is_refused_naming_both_versions() {
    let database = TestDatabase::create();
    PostgresStore::migrate(&settings(&database)).await.expect("migrations");
    database.sql("INSERT INTO schema_version (version) VALUES (99)");
    let refusals = [
        PostgresStore::open(&settings(&database)).await.map(|_| ()).expect_err("a refusal"),
        PostgresStore::migrate(&settings(&database)).await.map(|_| ()).expect_err("a refusal"),
    ];
    for refusal in refusals {
        let text = refusal.to_string();
        assert!(text.contains("version 99") && text.contains(&format!("up to {NEWEST}")), "{text}");
    }
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_behind() {
    let database = TestDatabase::create();
    database.sql("CREATE TABLE job (theirs integer)");
    assert!(matches!(PostgresStore::open(&settings(&database)).await, Err(StoreError::Internal(_))));
    let tables = database.sql("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables, [[Some("job".to_owned())]]);
}
