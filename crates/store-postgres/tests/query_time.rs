//! Queries that take long are stopped in time.

mod harness;

use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::PostgresHarness;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_domain::property::PropertyType::Str;
use refract_domain::query::{Filter, Pattern, Test};
use refract_store::StoreError;
use refract_store::conformance::fixture::{World, every, property, row, those};
use refract_store_postgres::{PostgresSettings, PostgresStore};
use serde_json::json;

const CONTACTS: usize = 20_000;

#[tokio::test]
async fn a_query_is_stopped_in_time() {
    let harness = PostgresHarness::new();
    let world = World::new(&harness).await;
    let rows = vec![row(json!({ "full_name": "Ann", "city": "Oslo" })); CONTACTS];
    world.inline(Contact, &ImportOptions::default(), &rows).await;
    let hasty = PostgresSettings { query_within: Duration::from_millis(4), ..harness.settings() };
    let hasty = World { store: Arc::new(PostgresStore::open(&hasty).await.expect("a store")), ..world.clone() };
    let slugs = ["full_name", "city", "title", "phone", "email"];
    let contains = slugs.map(|slug| Filter::Where(property(slug, Str), Test::Contains("nobody".into())));
    let pattern = Pattern::parse("nobody").expect("a pattern");
    let matches = slugs.map(|slug| Filter::Where(property(slug, Str), Test::Matches(pattern.clone())));
    for filter in [Filter::Any(contains.to_vec()), Filter::Any(matches.to_vec())] {
        let asked = Instant::now();
        let answer = hasty.store.query_records(&hasty.caller, &those(Contact, filter.clone())).await;
        assert!(matches!(answer, Err(StoreError::TimedOut(_))), "{answer:?}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        assert_eq!(world.page(&those(Contact, filter)).await.records, []);
    }
    assert_eq!(hasty.count(Contact).await, CONTACTS as u64);
    assert_eq!(world.page(&every(Contact)).await.records.len(), 50);
}
