//! `admit_undo`, and the life of an undo: it is a job with a lease, a cursor and results like any other.

use refract_domain::import::job::{JobKind, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::undo::UndoRefusal;
use refract_domain::object_type::ObjectType::Contact;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{HOUR, WEEK, World, by, contact, rendering, row, updating};
use crate::{AdmitUndo, Answered, Purge, Purged, StoreError, UndoEffect};

fn named(email: &str, name: &str) -> Value {
    row(json!({ "email": email, "full_name": name }))
}

/// An undo has as many rows as its job came to, the options of its job, and the caller's key.
pub async fn an_undo_is_a_queued_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &updating("email"), &[contact("a@x.io"), contact("b@x.io")]).await;
    let other_key = world.another_key().await;
    let undo = other_key.admit_undo(spec.id).await;
    assert_eq!((undo.kind, undo.total), (JobKind::Undo { of: spec.id }, 2));
    assert_eq!((undo.key_id, undo.record_ids), (other_key.caller.key_id, spec.record_ids));
    let snapshot = world.snapshot(undo.id).await;
    assert_eq!((&snapshot.spec, &snapshot.state, snapshot.cursor), (&undo, &JobState::Queued, 0));
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 1);
    drop(other_key);
    let world = world.reopened(harness).await;
    let lease = world.claim_one().await;
    assert_eq!(*lease.spec, undo);
    world.run_undo(lease, 1).await;
    assert!(matches!(world.snapshot(undo.id).await.state, JobState::Complete { .. }));
    assert_eq!(world.snapshot(spec.id).await.tally.created, 2, "the job itself stays as it was");
}

/// What has not ended, is an undo, is being undone, or is not the team's is not undone.
pub async fn what_cannot_be_undone_is_refused(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let refused = |refusal| UndoEffect::Refused(refusal);
    assert_eq!(world.try_undo(world.new_job_id()).await, refused(UndoRefusal::NotFound));
    let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    assert_eq!(world.try_undo(spec.id).await, refused(UndoRefusal::Unfinished));
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    assert_eq!(world.try_undo(spec.id).await, refused(UndoRefusal::Unfinished));
    world.run(lease, 1).await.unwrap();
    let stranger = world.another_team().await;
    assert_eq!(stranger.try_undo(spec.id).await, refused(UndoRefusal::NotFound));
    let undo = world.admit_undo(spec.id).await;
    assert_eq!(world.try_undo(spec.id).await, refused(UndoRefusal::UnderWay(undo.id)));
    assert_eq!(world.try_undo(undo.id).await, refused(UndoRefusal::IsUndo));
    let lease = world.claim_one().await;
    world.run_undo(lease, 10).await;
    assert_eq!(world.try_undo(undo.id).await, refused(UndoRefusal::IsUndo));
    assert_eq!(world.count(Contact).await, 0);
    world.clock.advance(WEEK);
    assert_eq!(world.try_undo(spec.id).await, refused(UndoRefusal::NotFound), "it has expired");
}

/// A second undo finds nothing left to do.
pub async fn an_undone_job_has_nothing_left(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let spec = world.job(Contact, &updating("email"), &[named("a@x.io", "A"), contact("b@x.io")]).await;
    assert_eq!(world.undo(spec.id, 10).await.words(), ["updated", "created"]);
    let version = world.get(Contact, old).await.unwrap().version;
    assert_eq!(world.undo(spec.id, 10).await.words(), ["existing"; 2]);
    world.patch(Contact, old, &json!({ "full_name": "mine" })).await;
    assert_eq!(world.undo(spec.id, 10).await.words(), ["existing"; 2]);
    assert_eq!(world.get(Contact, old).await.unwrap().version, version + 1);
}

/// A request with an idempotency key makes one undo.
pub async fn an_undo_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &ImportOptions::default(), &[contact("a@x.io")]).await;
    let command = || AdmitUndo { idempotent: rendering("k", 1), ..world.undo_command(spec.id) };
    let first = world.store.admit_undo(command()).await.unwrap();
    assert!(matches!(first, Answered::Fresh(UndoEffect::Admitted(_))), "{first:?}");
    let second = world.store.admit_undo(command()).await.unwrap();
    assert!(matches!(second, Answered::Replay(_)), "{second:?}");
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 1);
}

/// Of a cancelled job that is undone which it came to.
pub async fn a_cancelled_job_is_undone_as_far_as_it_came(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 2).await.unwrap();
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    assert_eq!(world.undo(spec.id, 10).await.words(), ["created"; 2]);
    assert_eq!(world.count(Contact).await, 0);
    let queued = world.admit_contacts(&["a@x.io"]).await;
    assert!(world.store.cancel(&world.caller, queued.id, world.now()).await.unwrap());
    assert_eq!(world.undo(queued.id, 10).await.outcomes, []);
}

/// A job of no rows has an undo of none.
pub async fn an_empty_job_is_undone(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &ImportOptions::default(), &[]).await;
    assert_eq!(world.undo(spec.id, 10).await.outcomes, []);
}

/// A cancelled undo keeps what it took back; the next one does the rest.
pub async fn a_cancelled_undo_can_be_followed_by_another(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io"), contact("c@x.io")]).await;
    let undo = world.admit_undo(spec.id).await;
    let mut lease = world.claim_one().await;
    world.undo_step(&mut lease, 1).await.unwrap();
    assert!(world.store.cancel(&world.caller, undo.id, world.now()).await.unwrap());
    assert_eq!(world.count(Contact).await, 2);
    assert_eq!(world.undo(spec.id, 10).await.words(), ["existing", "created", "created"]);
    assert_eq!(world.count(Contact).await, 0);
}

/// Whoever takes an undo over goes on at its cursor; whoever has lost it writes nothing.
pub async fn a_zombie_undoes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io"), contact("c@x.io")]).await;
    let undo = world.admit_undo(spec.id).await;
    let mut first = world.claim_one().await;
    world.undo_step(&mut first, 1).await.unwrap();
    let mut second = world.take_over().await;
    assert_eq!((second.cursor, second.tally.created), (1, 1));
    let lost = world.undo_step(&mut first, 1).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
    assert_eq!((world.count(Contact).await, world.snapshot(undo.id).await.cursor), (2, 1));
    second.cursor = 2;
    let beyond = world.undo_step(&mut second, 1).await;
    assert!(matches!(beyond, Err(StoreError::LeaseLost)), "{beyond:?}");
    second.cursor = 1;
    world.run_undo(second, 1).await;
    assert_eq!(world.import_of(undo.id).await.words(), ["created"; 3]);
    assert_eq!(world.count(Contact).await, 0);
}

/// The undo of a retry takes back what the retry wrote, and no more.
pub async fn the_undo_of_a_retry_is_of_the_retry(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.job(Contact, &by("email"), &[contact("a@x.io"), json!("no row")]).await;
    let upload = world.stage(&[contact("b@x.io")]).await;
    let mut command = world.admit_command(Contact, &by("email"), upload);
    command.kind = JobKind::Retry { of: spec.id };
    let Answered::Fresh(retry) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.undo(retry.id, 10).await.words(), ["created"]);
    assert_eq!(world.count(Contact).await, 1);
    assert_eq!(world.undo(spec.id, 10).await.words(), ["created", "existing"]);
    assert_eq!(world.count(Contact).await, 0);
}

/// A job whose undo has not ended is not purged; what it takes to undo a job goes with it.
pub async fn a_job_that_is_being_undone_is_not_purged(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "a@x.io", "full_name": "0" })).await;
    let spec = world.job(Contact, &updating("email"), &[named("a@x.io", "1"), contact("b@x.io")]).await;
    let undo = world.admit_undo(spec.id).await;
    world.clock.advance(WEEK + HOUR);
    let purge = async || world.store.purge(Purge { now: world.now(), retention: WEEK, batch_max: 10 }).await.unwrap();
    assert_eq!(purge().await, Purged::default());
    let lease = world.claim_one().await;
    world.run_undo(lease, 1).await;
    assert_eq!(world.import_of(undo.id).await.words(), ["updated", "created"]);
    assert_eq!(world.get(Contact, old.id).await.unwrap().body, old.body);
    assert_eq!(purge().await, Purged { jobs: 1, images: 1, ..Purged::default() });
    assert_eq!(world.try_undo(spec.id).await, UndoEffect::Refused(UndoRefusal::NotFound));
    assert_eq!(world.import_of(undo.id).await.words(), ["updated", "created"], "the undo is kept for its own time");
}
