//! The orderly end: the chunk in hand is finished, jobs are given back, and the next process goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use refract_domain::import::job::JobState;
use refract_domain::object_type::ObjectType::Contact;
use refract_testkit::{Fault, FaultyStore, MemoryStore, Verb, World, by};

use crate::house::{House, contacts, not_running, rejected, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_gives_jobs_back_and_the_next_process_goes_on() {
    let memory = MemoryStore::new();
    let house = House::over(memory.clone(), not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 1_000)).await;
    house.store.hit(Verb::ApplyChunk, 2, 1, Fault::Delay(Duration::from_millis(300)));
    let running = house.another(settings());
    running.when(job.id, |snapshot| snapshot.cursor == 200).await;
    let started = Instant::now();
    running.engine.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(5), "it ends soon");
    assert_eq!(running.store.calls(Verb::Release), 1, "the job was given back");

    let store = FaultyStore::around(memory.next_process());
    let world = World { store: store.clone(), ..house.world.clone() };
    let snapshot = world.snapshot(job.id).await;
    assert_eq!(snapshot.state, JobState::Queued, "it waits for the next");
    assert_eq!((snapshot.cursor, world.count(Contact).await), (300, 300), "with the chunk in hand finished");
    let lease = world.claim_one().await;
    assert_eq!((lease.attempt, lease.deaths), (2, 0), "that was no death");
    world.store.release(lease, world.now()).await.expect("release");

    let next = House::of(world, store, settings(), Arc::new(|_: &_| {}));
    let outcomes = next.outcomes(job.id).await;
    assert_eq!((outcomes.len(), rejected(&outcomes).len()), (1_000, 0));
    assert_eq!(next.world.count(Contact).await, 1_000, "nothing is there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_with_nothing_to_do_is_quick_and_may_come_twice() {
    let house = House::new(settings()).await;
    let started = Instant::now();
    house.engine.shutdown().await;
    house.engine.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(house.engine.ready().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_while_a_job_waits_after_a_failure_gives_it_back() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 300)).await;
    house.store.hit(Verb::ApplyChunk, 1, u32::MAX, Fault::unavailable());
    let running = house.another(settings());
    crate::house::until("the job fails again and again", || running.store.hits() >= 3).await;
    let started = Instant::now();
    running.engine.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(2), "it does not sit the pause out");
    assert_eq!(running.store.calls(Verb::Release), 1);
    assert_eq!(running.store.calls(Verb::Fail), 0, "{} has not failed", job.id);
}
