//! Another worker takes a job over: whoever had it stops and writes nothing more.

use std::time::Duration;

use refract_domain::import::job::JobState;
use refract_domain::object_type::ObjectType::Contact;
use refract_testkit::{Fault, Verb, by};

use crate::house::{House, contacts, not_running, rejected, settings, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_lease_stops_quietly() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 500)).await;
    house.store.hit(Verb::ApplyChunk, 1, 1, Fault::Delay(Duration::from_millis(500)));
    let running = house.another(settings());
    until("the second chunk is at the door", || running.store.calls(Verb::ApplyChunk) == 2).await;

    let lease = house.world.take_over().await;
    assert_eq!((lease.attempt, lease.cursor), (2, 100), "the other goes on where the first stopped");
    house.world.run(lease, 100).await.expect("the other carries the job out");
    let calls_of_other = 4;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(running.store.calls(Verb::ApplyChunk), 2 + calls_of_other, "the first tries once, is told, and stops");

    let outcomes = running.outcomes(job.id).await;
    assert_eq!((outcomes.len(), rejected(&outcomes).len()), (500, 0));
    assert_eq!(running.world.count(Contact).await, 500, "nothing is there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_job_stops_and_stays_cancelled() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 500)).await;
    house.store.hit(Verb::ApplyChunk, 2, 1, Fault::Delay(Duration::from_millis(300)));
    let running = house.another(settings());
    until("the third chunk is at the door", || running.store.calls(Verb::ApplyChunk) == 3).await;
    assert!(house.world.store.cancel(&house.world.caller, job.id, house.world.now()).await.expect("cancel"));
    let ended = running.ended(job.id).await;
    assert!(matches!(ended.state, JobState::Failed { .. }), "{ended:?}");
    assert_eq!(ended.cursor, 200, "what was written before stays");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(running.job(job.id).await, ended, "and nothing comes after");
    assert_eq!(running.world.count(Contact).await, 200);
}
