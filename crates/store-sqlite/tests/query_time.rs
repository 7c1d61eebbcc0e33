//! Queries that take long: they are stopped in time, and nobody else waits behind them.

// A failure here is a failure of the test.
#![allow(clippy::expect_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_domain::property::PropertyType::Str;
use refract_domain::query::{Filter, RecordQuery, Test};
use refract_store::StoreError;
use refract_store::conformance::fixture::{World, property, row, those};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use serde_json::json;

const CONTACTS: usize = 20_000;

async fn filled(settings: &SqliteSettings) -> (tempfile::TempDir, World) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(directory.path(), settings).expect("a store");
    let world = World::in_store(Arc::new(store)).await;
    let rows = vec![row(json!({ "full_name": "Ann", "city": "Oslo" })); CONTACTS];
    world.inline(Contact, &ImportOptions::default(), &rows).await;
    (directory, world)
}

/// A question that looks at every record.
fn long() -> RecordQuery {
    let contains = |slug| Filter::Where(property(slug, Str), Test::Contains("nobody".into()));
    RecordQuery {
        count_total: true,
        ..those(Contact, Filter::Any(["full_name", "city", "title"].map(contains).to_vec()))
    }
}

#[tokio::test]
async fn a_query_is_stopped_in_time() {
    let within = Duration::from_millis(5);
    let (_directory, world) = filled(&SqliteSettings { query_within: within, ..SqliteSettings::default() }).await;
    let asked = Instant::now();
    let answer = world.store.query_records(&world.caller, &long()).await;
    assert!(matches!(answer, Err(StoreError::TimedOut(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    // The thread is free again, and other reads on it have no deadline.
    assert_eq!(world.count(Contact).await, CONTACTS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_behind_a_long_query() {
    let (_directory, world) = filled(&SqliteSettings { readers: 1, scanners: 1, ..SqliteSettings::default() }).await;
    let id = world.page(&those(Contact, Filter::All(Vec::new()))).await.records[0].record.id;
    let mut queries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let world = world.clone();
        queries.spawn(async move { world.page(&long()).await });
    }
    tokio::task::yield_now().await;
    let asked = Instant::now();
    assert!(world.get(Contact, id).await.is_some());
    let read = asked.elapsed();
    while let Some(page) = queries.join_next().await {
        assert_eq!(page.expect("a page").total, Some(0));
    }
    assert!(read * 4 < asked.elapsed(), "{read:?} of {:?}", asked.elapsed());
}
