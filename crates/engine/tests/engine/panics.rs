//! Rows whose judging panics, and chunks that the store cannot carry out.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::job::{JobErrorCode, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType::Contact;
use refract_store::StoreError;
use refract_testkit::{Fault, Verb, by};
use serde_json::json;

use crate::house::{House, contacts, count, not_running, rejected, settings};

fn panic_at_mark(raw: &RawChunk) {
    let is_marked = |row: &[u8]| row.windows(6).any(|window| window == b"POISON");
    assert!(!raw.rows().any(is_marked), "a row that the judge cannot bear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_panic_are_rejected_alone() {
    let house = House::new(not_running()).await;
    let mut rows = contacts("a", 300);
    for row in [0, 57, 58, 299] {
        rows[row] = json!({"default": {"email": format!("POISON{row}@example.org")}});
    }
    let job = house.admit(&by("email"), &rows).await;
    let running = house.another_judging(settings(), Arc::new(panic_at_mark));
    let outcomes = running.outcomes(job.id).await;
    let crashed = [0, 57, 58, 299].map(|row| (row, "row_crashed"));
    assert_eq!(rejected(&outcomes), crashed);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Outcome::Created { .. })), 296);
    assert_eq!(running.world.count(Contact).await, 296);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_the_store_cannot_apply_is_tried_row_by_row() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 250)).await;
    // The second chunk fails as a whole; of its rows the third fails too.
    house.store.hit(Verb::ApplyChunk, 1, 1, Fault::Fail(|| StoreError::Internal("injected".into())));
    house.store.hit(Verb::ApplyChunk, 2, 1, Fault::Fail(|| StoreError::Internal("injected".into())));
    let running = house.another(settings());
    let outcomes = running.outcomes(job.id).await;
    assert_eq!(rejected(&outcomes), [(102, "row_crashed")]);
    assert_eq!(running.world.count(Contact).await, 249);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_for_a_day_is_ended_with_what_it_has() {
    let house = House::new(not_running()).await;
    let job = house.admit(&ImportOptions::default(), &contacts("a", 250)).await;
    house.store.hit(Verb::ApplyChunk, 1, u32::MAX, Fault::unavailable());
    let running = house.another(settings());
    // At the second failure the first has been taken note of.
    crate::house::until("the second chunk fails again", || running.store.hits() > 1).await;
    running.world.clock.advance(Duration::from_secs(24 * 3_600 + 1));
    let ended = running.ended(job.id).await;
    let JobState::Failed { error, .. } = &ended.state else { panic!("the job goes on: {ended:?}") };
    assert_eq!(error.code, JobErrorCode::Internal);
    assert_eq!((ended.cursor, ended.tally.created), (100, 100), "what was written stays");
    assert_eq!(running.world.outcomes(job.id).await.len(), 100, "and its results can be read");
}
