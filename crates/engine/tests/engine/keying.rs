//! A job whose dedupe property is being keyed: many steps before its first chunk.

use std::time::Duration;

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::EngineSettings;
use refract_testkit::{Fault, Verb, by};

use crate::house::{House, contacts, not_running, settings, until};

/// Records enough for four steps.
const RECORDS: usize = 15_001;

/// By the clock of the world, which only the tests move.
const LEASE: Duration = Duration::from_millis(90);

/// Longer than a third of the lease: each step finds it time to prolong.
const STEP: Duration = Duration::from_millis(100);

/// Waits until the engine is inside this step, the first being 1.
async fn inside_step(house: &House, step: usize) {
    until("the step is taken", || house.store.calls(Verb::KeyProperty) == step).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_outlasts_the_keying_of_a_property() {
    let house = House::new(not_running()).await;
    house.world.inline(Contact, &ImportOptions::default(), &contacts("a", RECORDS)).await;
    let job = house.admit(&by("email"), &contacts("a", 10)).await;
    house.store.hit(Verb::KeyProperty, 0, 1, Fault::Delay(STEP));
    house.store.hit(Verb::KeyProperty, 0, 1, Fault::Delay(5 * STEP));
    let running = house.another(EngineSettings { lease_for: LEASE, ..settings() });
    inside_step(&house, 1).await;
    house.world.clock.advance(LEASE / 3 * 2);
    inside_step(&house, 2).await;
    house.world.clock.advance(LEASE / 3 * 2);
    assert!(house.world.claim(10).await.is_empty(), "the job is still its worker's");
    let outcomes = running.outcomes(job.id).await;
    assert_eq!(outcomes.len(), 10);
    assert_eq!(running.world.count(Contact).await, RECORDS as u64, "all of them were there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_lease_keys_no_further() {
    let house = House::new(not_running()).await;
    house.world.inline(Contact, &ImportOptions::default(), &contacts("a", RECORDS)).await;
    let job = house.admit(&by("email"), &contacts("a", 10)).await;
    house.store.hit(Verb::KeyProperty, 0, 1, Fault::Delay(STEP));
    let running = house.another(EngineSettings { lease_for: LEASE, ..settings() });
    inside_step(&house, 1).await;
    let lease = house.world.take_over().await;
    until("it asks for its lease", || running.store.calls(Verb::Prolong) == 1).await;
    until("it is told at the fence", || running.store.calls(Verb::ApplyChunk) == 1).await;
    tokio::time::sleep(2 * STEP).await;
    assert_eq!(running.store.calls(Verb::KeyProperty), 1, "the rest is the other's");
    house.world.make_keyed(Contact, "email").await;
    house.world.run(lease, 100).await.expect("the other carries the job out");
    assert_eq!(running.outcomes(job.id).await.len(), 10);
}
