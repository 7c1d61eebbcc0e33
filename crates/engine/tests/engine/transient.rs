//! Errors that pass: the chunk is put back and tried again, and whether an effect happened is read back, not guessed.

use std::time::{Duration, Instant};

use refract_domain::object_type::ObjectType::Contact;
use refract_testkit::{Fault, Verb, by};

use crate::house::{House, contacts, not_running, rejected, settings, until};

/// Runs a job of 250 rows over a store in which something is wrong.
async fn run_with(faults: &[(Verb, u32, u32, Fault)]) -> House {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 250)).await;
    for (verb, skip, times, fault) in faults {
        house.store.hit(*verb, *skip, *times, *fault);
    }
    let running = house.another(settings());
    let outcomes = running.outcomes(job.id).await;
    assert!(rejected(&outcomes).is_empty(), "no row suffers");
    assert_eq!(outcomes.len(), 250, "every row has one outcome");
    assert_eq!(running.world.count(Contact).await, 250, "and none is there twice");
    let expected: u32 = faults.iter().map(|(_, _, times, _)| times).sum();
    assert_eq!(running.store.hits(), expected, "the faults were met");
    running
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_is_asked_again_later_and_later() {
    let started = Instant::now();
    run_with(&[(Verb::ApplyChunk, 1, 3, Fault::unavailable())]).await;
    assert!(started.elapsed() > Duration::from_millis(200 + 400 + 800), "each pause is twice the one before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_waited_for() {
    run_with(&[(Verb::ApplyChunk, 0, 2, Fault::storage_full())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_not_done_again() {
    let house = run_with(&[(Verb::ApplyChunk, 0, 2, Fault::LoseAnswer)]).await;
    assert_eq!(house.store.calls(Verb::ApplyChunk), 3, "three chunks, applied once each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_commit_may_lose_its_answer_too() {
    run_with(&[(Verb::ApplyChunk, 2, 1, Fault::LoseAnswer)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_that_cannot_be_read_back_is_left_to_the_next_claim() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 250)).await;
    house.store.hit(Verb::ApplyChunk, 1, 1, Fault::LoseAnswer);
    house.store.hit(Verb::Snapshot, 0, 1, Fault::unavailable());
    let running = house.another(settings());
    // Not a poll before the runner has met both: the fault of the snapshot is meant for it.
    until("both faults are met", || running.store.hits() == 2).await;
    let outcomes = running.outcomes(job.id).await;
    assert_eq!((outcomes.len(), rejected(&outcomes).len()), (250, 0));
    assert_eq!(running.world.count(Contact).await, 250, "nothing is there twice");
    assert_eq!(running.store.calls(Verb::Release), 1, "the job was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_claiming_and_keying_are_tried_again() {
    run_with(&[
        (Verb::Claim, 0, 1, Fault::unavailable()),
        (Verb::KeyProperty, 0, 1, Fault::unavailable()),
        (Verb::Schema, 0, 1, Fault::unavailable()),
        (Verb::LoadChunk, 0, 1, Fault::unavailable()),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_job_holds_no_other_up() {
    let house = House::new(not_running()).await;
    let failing = house.admit(&by("email"), &contacts("a", 100)).await;
    house.world.clock.advance(Duration::from_secs(1));
    let other = house.world.another_team().await;
    let good = house.admit_for(&other.caller, &by("email"), &contacts("b", 100)).await;
    // The older job's chunk is the first, and fails.
    house.store.hit(Verb::ApplyChunk, 0, 1, Fault::unavailable());
    let running = house.another(settings());
    house.seen_by(&other).ended(good.id).await;
    assert_eq!(running.outcomes(failing.id).await.len(), 100, "it comes through in the end");
    let turns: Vec<_> = running.judged().iter().map(|judged| judged.team_id).collect();
    let (failed, other) = (failing.team_id, other.caller.team_id);
    assert_eq!(turns, [failed, other, failed], "the other job did not wait for it");
}
