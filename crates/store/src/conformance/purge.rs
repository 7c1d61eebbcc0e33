//! `purge`: what is past its time goes, in bounded batches, and nothing else does.

use std::time::Duration;

use refract_domain::import::job::{JobError, JobErrorCode, JobSpec};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;

use super::Harness;
use super::fixture::{DAY, HOUR, WEEK, World, claim_of, contact, kept};
use crate::{Answered, Purge, Purged};

const MILLISECOND: Duration = Duration::from_millis(1);

async fn purge(world: &World, batch_max: usize) -> Purged {
    world.store.purge(Purge { now: world.now(), retention: WEEK, batch_max }).await.unwrap()
}

fn jobs(count: usize) -> Purged {
    Purged { jobs: count, ..Purged::default() }
}

/// Admits a job and carries it out.
async fn complete_job(world: &World, emails: &[&str]) -> JobSpec {
    let spec = world.admit_contacts(emails).await;
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    spec
}

/// A quick job goes a week after it was admitted, with its outcomes, and not a millisecond earlier.
pub async fn a_job_lives_until_it_expires(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = complete_job(&world, &["a@x.io"]).await;
    world.clock.advance(WEEK - MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(0));
    assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(1));
    assert_eq!(world.store.snapshot(&world.caller, spec.id).await.unwrap(), None);
    assert_eq!(world.store.results(&world.caller, spec.id, 0).await.unwrap(), None);
    assert_eq!(purge(&world, 10).await, jobs(0));
}

/// A job that ran for long can be read for a seventh of the retention after its end.
pub async fn a_long_job_lives_on_after_its_end(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    world.clock.advance(WEEK);
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    world.clock.advance(DAY - MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(0));
    world.snapshot(spec.id).await;
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(1));
    assert_eq!(world.store.snapshot(&world.caller, spec.id).await.unwrap(), None);
}

/// Queued and running jobs stay, however old.
pub async fn an_unfinished_job_is_never_purged(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let running = world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    let queued = world.admit_contacts(&["b@x.io"]).await;
    world.clock.advance(100 * WEEK);
    assert_eq!(purge(&world, 10).await, jobs(0));
    world.snapshot(queued.id).await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(running.id).await.words(), ["created"]);
}

/// Failed and cancelled jobs expire as complete ones do.
pub async fn a_failed_job_expires_too(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let cancelled = world.admit_contacts(&["a@x.io"]).await;
    assert!(world.store.cancel(&world.caller, cancelled.id, world.now()).await.unwrap());
    let failed = world.admit_contacts(&["b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    let error = JobError { code: JobErrorCode::StorageLost, message: "gone".to_owned() };
    world.store.fail(lease, error, world.now()).await.unwrap();
    world.clock.advance(WEEK - MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(0));
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, jobs(2));
    for spec in [cancelled, failed] {
        assert_eq!(world.store.snapshot(&world.caller, spec.id).await.unwrap(), None);
    }
}

/// The records of a purged job are records like any other.
pub async fn records_stay_when_their_job_goes(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = complete_job(&world, &["a@x.io"]).await;
    let id = world.import_of(spec.id).await.id(0);
    world.clock.advance(WEEK + HOUR);
    assert_eq!(purge(&world, 10).await, jobs(1));
    assert!(world.get(Contact, id).await.is_some());
    assert_eq!(world.count(Contact).await, 1);
}

/// No more than `batch_max` jobs go at once; the rest next time.
pub async fn jobs_go_in_batches(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for _ in 0..5 {
        complete_job(&world, &["a@x.io"]).await;
    }
    world.clock.advance(WEEK + HOUR);
    let first = purge(&world, 2).await;
    assert_eq!((first, first.is_full(2)), (jobs(2), true));
    assert_eq!(purge(&world, 2).await, jobs(2));
    let last = purge(&world, 2).await;
    assert_eq!((last, last.is_full(2)), (jobs(1), false));
    assert_eq!(world.count(Contact).await, 5);
}

/// What a process that died had staged goes, in batches.
pub async fn lost_uploads_go_in_batches(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for _ in 0..3 {
        world.stage(&[contact("a@x.io")]).await;
    }
    let world = world.reopened(harness).await;
    assert_eq!(purge(&world, 2).await, Purged { uploads: 2, ..Purged::default() });
    assert_eq!(purge(&world, 2).await, Purged { uploads: 1, ..Purged::default() });
    assert_eq!(purge(&world, 2).await, Purged::default());
}

/// An upload of this process stays, however long it takes.
pub async fn an_upload_in_progress_stays(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let upload = world.stage(&[contact("a@x.io")]).await;
    world.clock.advance(10 * WEEK);
    assert_eq!(purge(&world, 10).await, Purged::default());
    let command = world.admit_command(Contact, &ImportOptions::default(), upload);
    let Answered::Fresh(spec) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
    assert_eq!(spec.total, 1);
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
}

/// The rows of a job that is not yet through stay for the next process.
pub async fn a_jobs_rows_stay(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    drop(lease);
    let world = world.reopened(harness).await;
    world.clock.advance(10 * WEEK);
    assert_eq!(purge(&world, 10).await, Purged::default());
    let lease = world.take_over().await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "created"]);
}

async fn keep(world: &World, key: &str) -> Answered<()> {
    world.store.keep_answer(&world.caller, claim_of(key, 1), kept("answer"), world.now()).await.unwrap()
}

/// After a day the answer goes but the key stays used; after 30 days the key goes.
pub async fn kept_answers_go_after_a_day_and_keys_after_a_month(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let one = Purged { idempotency_keys: 1, ..Purged::default() };
    assert_eq!(keep(&world, "key").await, Answered::Fresh(()));
    world.clock.advance(DAY - MILLISECOND);
    assert_eq!(purge(&world, 10).await, Purged::default());
    assert_eq!(keep(&world, "key").await, Answered::Replay(kept("answer")));
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, one);
    assert_eq!(purge(&world, 10).await, Purged::default());
    assert_eq!(keep(&world, "key").await, Answered::Stale);
    world.clock.advance(29 * DAY - 2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, Purged::default());
    assert_eq!(keep(&world, "key").await, Answered::Stale);
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(purge(&world, 10).await, one);
    assert_eq!(purge(&world, 10).await, Purged::default());
    assert_eq!(keep(&world, "key").await, Answered::Fresh(()));
}

/// No more than `batch_max` keys are touched at once, and every one has its turn.
pub async fn idempotency_keys_go_in_batches(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for key in ["a", "b", "c", "d", "e"] {
        assert_eq!(keep(&world, key).await, Answered::Fresh(()));
    }
    for age in [DAY + HOUR, 30 * DAY] {
        world.clock.advance(age);
        let mut touched = 0;
        for _ in 0..10 {
            let purged = purge(&world, 2).await;
            assert!(purged.idempotency_keys <= 2, "{purged:?}");
            touched += purged.idempotency_keys;
            if !purged.is_full(2) {
                break;
            }
        }
        assert_eq!(touched, 5);
    }
    assert_eq!(keep(&world, "a").await, Answered::Fresh(()));
}
