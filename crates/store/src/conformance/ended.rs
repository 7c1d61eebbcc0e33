//! `cancel` and `fail`: ends before the last row. What is written stays, the rest is not attempted.

use refract_domain::import::job::{JobError, JobErrorCode, JobState};
use refract_domain::object_type::ObjectType::Contact;

use super::Harness;
use super::fixture::World;
use crate::StoreError;

fn corrupt() -> JobError {
    JobError { code: JobErrorCode::PayloadCorrupt, message: "row 2 cannot be read; send the import again".to_owned() }
}

/// Records and outcomes from before stay; there are none for the rest; the worker finds its lease lost.
pub async fn a_cancelled_job_keeps_what_it_wrote(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 2).await.unwrap();
    let chunk = world.chunk_command(&lease, 2).await;
    let ended_at = world.tick();
    assert!(world.store.cancel(&world.caller, spec.id, ended_at).await.unwrap());
    let refused = world.store.apply_chunk(&mut lease, chunk).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    let snapshot = world.snapshot(spec.id).await;
    match &snapshot.state {
        JobState::Failed { ended_at: at, error } => {
            assert_eq!((*at, error.code), (ended_at, JobErrorCode::Cancelled));
            assert!(!error.message.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((snapshot.cursor, snapshot.tally.created, snapshot.updated_at), (2, 2, ended_at));
    let import = world.import_of(spec.id).await;
    assert_eq!(import.words(), ["created", "created"]);
    for row in 0..2 {
        assert!(world.get(Contact, import.id(row)).await.is_some());
    }
    assert_eq!(world.count(Contact).await, 2);
}

/// A job that nobody has begun ends at once.
pub async fn a_queued_job_can_be_cancelled(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    assert!(matches!(world.snapshot(spec.id).await.state, JobState::Failed { .. }));
    assert!(world.claim(10).await.is_empty());
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 0);
    assert_eq!(world.outcomes(spec.id).await, []);
}

/// An ended job stays as it ended.
pub async fn a_job_is_cancelled_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let cancelled = world.admit_contacts(&["a@x.io"]).await;
    assert!(world.store.cancel(&world.caller, cancelled.id, world.now()).await.unwrap());
    let before = world.snapshot(cancelled.id).await;
    assert!(!world.store.cancel(&world.caller, cancelled.id, world.tick()).await.unwrap());
    assert_eq!(world.snapshot(cancelled.id).await, before);
    let complete = world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    let before = world.snapshot(complete.id).await;
    assert!(!world.store.cancel(&world.caller, complete.id, world.tick()).await.unwrap());
    assert_eq!(world.snapshot(complete.id).await, before);
    assert!(!world.store.cancel(&world.caller, world.new_job_id(), world.now()).await.unwrap());
}

/// Another team's job does not exist.
pub async fn another_team_cancels_nothing(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let spec = north.admit_contacts(&["a@x.io"]).await;
    assert!(!south.store.cancel(&south.caller, spec.id, south.now()).await.unwrap());
    assert_eq!(south.store.snapshot(&south.caller, spec.id).await.unwrap(), None);
    assert_eq!(north.snapshot(spec.id).await.state, JobState::Queued);
}

/// `fail` keeps code and message; the rest is as with a cancelled job.
pub async fn a_failed_job_says_why(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for code in JobErrorCode::ALL {
        let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
        let mut lease = world.claim_one().await;
        world.apply(&mut lease, 1).await.unwrap();
        let error = JobError { code, message: format!("because of {} 🦀", code.name()) };
        let ended_at = world.tick();
        world.store.fail(lease, error.clone(), ended_at).await.unwrap();
        let snapshot = world.snapshot(spec.id).await;
        assert_eq!((snapshot.state, snapshot.cursor), (JobState::Failed { ended_at, error }, 1));
        assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
        assert!(!world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    }
    world.clock.advance(super::fixture::DAY);
    assert!(world.claim(10).await.is_empty());
}

/// Only who holds the job can fail it.
pub async fn a_stale_lease_fails_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let stale = world.claim_one().await;
    let lease = world.take_over().await;
    let refused = world.store.fail(stale, corrupt(), world.now()).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Running { attempt: 2 });
    world.run(lease, 10).await.unwrap();
    assert!(matches!(world.snapshot(spec.id).await.state, JobState::Complete { .. }));
}

/// Ends are there for the next process.
pub async fn ends_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let failed = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    world.store.fail(lease, corrupt(), world.now()).await.unwrap();
    let complete = world.admit_contacts(&["c@x.io"]).await;
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    let before = (world.snapshot(failed.id).await, world.snapshot(complete.id).await);
    let world = world.reopened(harness).await;
    assert_eq!((world.snapshot(failed.id).await, world.snapshot(complete.id).await), before);
    assert_eq!(world.import_of(failed.id).await.words(), ["created"]);
    assert_eq!(world.import_of(complete.id).await.words(), ["created"]);
    world.clock.advance(super::fixture::DAY);
    assert!(world.claim(10).await.is_empty());
}
