//! Staged rows of jobs that have ended: kept where some did not get in, for as long as the job is.

use refract_domain::import::job::{JobKind, JobSpec};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{HOUR, WEEK, World, chunk_of, contact};
use crate::{Answered, Purge, Purged, StoreError};

fn rows_with_a_bad_one() -> Vec<Value> {
    vec![contact("a@x.io"), json!("no row"), contact("b@x.io")]
}

async fn ended(world: &World, rows: &[Value]) -> JobSpec {
    let spec = world.admit(Contact, &ImportOptions::default(), rows).await;
    let lease = world.claim_one().await;
    world.run(lease, 2).await.unwrap();
    spec
}

async fn assert_kept(world: &World, spec: &JobSpec, rows: &[Value]) {
    let chunk = world.store.load_chunk(spec, 0, 100, usize::MAX).await.unwrap();
    assert_eq!(chunk, chunk_of(0, rows));
}

async fn assert_gone(world: &World, spec: &JobSpec) {
    let loaded = world.store.load_chunk(spec, 0, 100, usize::MAX).await;
    assert!(matches!(loaded, Err(StoreError::StagedRowsLost(_))), "{loaded:?}");
}

/// All of them, good ones too: where one lies says where the others do. They outlive the process and every purge before
/// the job's time.
pub async fn rows_stay_where_some_did_not_get_in(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = rows_with_a_bad_one();
    let spec = ended(&world, &rows).await;
    assert!(world.snapshot(spec.id).await.keeps_rows());
    assert_kept(&world, &spec, &rows).await;
    let middle = world.store.load_chunk(&spec, 1, 1, usize::MAX).await.unwrap();
    assert_eq!(middle, chunk_of(1, &rows[1..2]));
    let world = world.reopened(harness).await;
    let purge = Purge { now: world.now(), retention: WEEK, batch_max: 10 };
    assert_eq!(world.store.purge(purge).await.unwrap(), Purged::default());
    assert_kept(&world, &spec, &rows).await;
}

/// Nobody asks for rows that are in.
pub async fn rows_go_when_all_are_in(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = ended(&world, &[contact("a@x.io"), contact("b@x.io")]).await;
    assert!(!world.snapshot(spec.id).await.keeps_rows());
    assert_gone(&world, &spec).await;
}

/// What a cancelled job did not come to can be asked for.
pub async fn rows_of_a_cancelled_job_stay(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("b@x.io"), contact("c@x.io")];
    let begun = world.admit(Contact, &ImportOptions::default(), &rows).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    assert!(world.store.cancel(&world.caller, begun.id, world.now()).await.unwrap());
    assert_kept(&world, &begun, &rows).await;
    let queued = world.admit(Contact, &ImportOptions::default(), &rows).await;
    assert!(world.store.cancel(&world.caller, queued.id, world.now()).await.unwrap());
    let world = world.reopened(harness).await;
    assert_kept(&world, &begun, &rows).await;
    assert_kept(&world, &queued, &rows).await;
}

/// Kept rows go with their job.
pub async fn kept_rows_go_with_the_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = ended(&world, &rows_with_a_bad_one()).await;
    let later = ended(&world, &rows_with_a_bad_one()).await;
    world.clock.advance(WEEK + HOUR);
    let purge = Purge { now: world.now(), retention: WEEK, batch_max: 1 };
    assert_eq!(world.store.purge(purge).await.unwrap(), Purged { jobs: 1, ..Purged::default() });
    assert_gone(&world, &spec).await;
    assert_kept(&world, &later, &rows_with_a_bad_one()).await;
}

/// A job says for good what it does, and to which job.
pub async fn a_retry_names_its_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = ended(&world, &rows_with_a_bad_one()).await;
    assert_eq!(first.kind, JobKind::Import);
    let upload = world.stage(&[json!("no row")]).await;
    let mut command = world.admit_command(Contact, &ImportOptions::default(), upload);
    command.kind = JobKind::Retry { of: first.id };
    let Answered::Fresh(again) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
    assert_eq!(again.kind, JobKind::Retry { of: first.id });
    let lease = world.claim_one().await;
    assert_eq!(lease.spec.kind, again.kind);
    drop(lease);
    let world = world.reopened(harness).await;
    assert_eq!(world.snapshot(again.id).await.spec.kind, again.kind);
}
