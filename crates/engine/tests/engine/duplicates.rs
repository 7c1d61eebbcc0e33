//! Rows of one key are looked for before the first chunk, by whoever has the job and for as long as it does.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::{Outcome, Skip};
use refract_domain::import::policy::Duplicates;
use refract_domain::import::row::RawChunk;
use refract_domain::modelling::{Edited, ModelRequest, NamedProperty, NewProperty, PropertyName, PropertyPatch};
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::{EngineSettings, SchemaEffect};
use refract_testkit::{Fault, Verb, by, row};
use serde_json::{Value, json};

use crate::house::{House, contacts, not_running, rejected, settings, until};

/// By the clock of the world, which only the tests move.
const LEASE: Duration = Duration::from_millis(90);

/// What judging a piece takes: longer than a step of the search, and than a third of the lease.
const PIECE: Duration = Duration::from_millis(300);

fn first() -> ImportOptions {
    ImportOptions { duplicates: Duplicates::First, ..by("email") }
}

/// Rows of so many pieces, the last of which has the key of the first.
fn pieces(count: usize) -> Vec<Value> {
    let mut rows = contacts("a", 4_096 * (count - 1) + 1);
    rows.push(rows[0].clone());
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_keys_than_may_be_kept_end_the_job_before_it_writes() {
    let house = House::new(not_running()).await;
    let job = house.admit(&first(), &contacts("a", 100)).await;
    let ended = house.another(EngineSettings { duplicate_keys_max: 99, ..settings() }).ended(job.id).await;
    let JobState::Failed { error, .. } = ended.state else { panic!("it failed: {ended:?}") };
    assert!(error.message.contains("more than 99 keys") && error.message.contains("duplicates"), "{}", error.message);
    assert_eq!(house.world.count(Contact).await, 0);

    let job = house.admit(&first(), &contacts("a", 100)).await;
    let outcomes = house.another(EngineSettings { duplicate_keys_max: 100, ..settings() }).outcomes(job.id).await;
    assert_eq!((outcomes.len(), rejected(&outcomes)), (100, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_yields_to_a_row_that_has_become_faulty() {
    let house = House::new(not_running()).await;
    let create = NewProperty { name: "Code".into(), property_type: "str".into(), ..NewProperty::default() };
    let made = house.world.change_schema(&ModelRequest::CreateProperty(Contact, create)).await;
    let SchemaEffect::Changed(Edited { property, .. }) = made else { panic!("a property") };
    let mut rows = contacts("a", 250);
    rows[0]["default"]["code"] = json!("x");
    rows.push(rows[1].clone());
    rows.push(contacts("a", 1).remove(0));
    let job = house.admit(&first(), &rows).await;
    house.store.hit(Verb::ApplyChunk, 0, 1, Fault::Delay(Duration::from_millis(500)));
    let running = house.another(settings());
    until("the duplicates are known", || running.store.calls(Verb::ApplyChunk) == 1).await;
    let by = PropertyName::Id(property.id);
    let named = NamedProperty { object_type: Contact, by, list_id: None, property_type: None };
    let archive = PropertyPatch { enabled: Some(false), ..PropertyPatch::default() };
    house.world.change_schema(&ModelRequest::PatchProperty(named, archive)).await;
    let outcomes = running.outcomes(job.id).await;
    assert_eq!(rejected(&outcomes), [(0, "unknown_property")]);
    assert!(matches!(outcomes[250], Outcome::Skipped(Skip::DuplicateOf(1))), "{:?}", outcomes[250]);
    assert!(matches!(outcomes[251], Outcome::Created { .. }), "{:?}", outcomes[251]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_that_the_import_makes_do_not_begin_the_search_anew() {
    let house = House::new(not_running()).await;
    let fresh = |number: usize| json!({"email": format!("a{number}@x.io"), "tags": [format!("Tag {}", number / 50)]});
    let rows: Vec<Value> = (0..500).map(|number| row(fresh(number))).collect();
    let job = house.admit(&ImportOptions { create_missing_options: true, ..first() }, &rows).await;
    let running = house.another(settings());
    let outcomes = running.outcomes(job.id).await;
    assert_eq!((outcomes.len(), rejected(&outcomes)), (500, vec![]));
    let searches = running.judged().iter().filter(|judged| judged.rows == 500).count();
    assert_eq!(searches, 1, "{:?}", running.judged());
}

/// The worker asks for its lease in between, is told, and leaves the rest to the other.
async fn a_worker_that_lost_its_lease_stops(options: ImportOptions, is_wary: bool) {
    let house = House::new(not_running()).await;
    let rows = pieces(4);
    let job = house.admit(&options, &rows).await;
    if is_wary {
        drop(house.world.claim_one().await);
        house.world.clock.advance(Duration::from_secs(2 * 3_600));
    }
    let slow = move |raw: &RawChunk| {
        // Rows of a wary worker come one by one.
        let share = if raw.len() == 1 { 4_096 } else { 1 };
        std::thread::sleep(PIECE / share);
    };
    let running = house.another_judging(EngineSettings { lease_for: LEASE, ..settings() }, Arc::new(slow));
    until("it has begun", || !running.judged().is_empty()).await;
    let lease = house.world.take_over().await;
    until("it asks for its lease", || running.store.calls(Verb::Prolong) == 1).await;
    tokio::time::sleep(2 * PIECE).await;
    let seen: usize = running.judged().iter().map(|judged| judged.rows).sum();
    assert!(seen <= 2 * 4_096, "{seen} rows of {}: the rest is the other's", rows.len());
    assert_eq!(running.store.calls(Verb::ApplyChunk), 0);
    house.world.run(lease, rows.len()).await.expect("the other carries the job out");
    assert_eq!(running.outcomes(job.id).await.len(), rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_lease_looks_no_further() {
    a_worker_that_lost_its_lease_stops(first(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_that_is_wary() {
    a_worker_that_lost_its_lease_stops(first(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_one_that_judges_warily_what_is_all_or_nothing() {
    a_worker_that_lost_its_lease_stops(ImportOptions { atomic: true, ..by("email") }, true).await;
}
