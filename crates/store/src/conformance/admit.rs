//! `begin`, `stage_chunk`, `admit`, `abandon`: from rows on the wire to a job that survives.

use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;

use super::Harness;
use super::fixture::{WEEK, World, by, bytes_chunk_of, chunk_of, contact, rendering};
use crate::{Answered, Purge, Purged};

async fn purge(world: &World) -> Purged {
    world.store.purge(Purge { now: world.now(), retention: WEEK, batch_max: 100 }).await.unwrap()
}

/// A job starts queued, without outcomes, and says exactly what was asked and staged.
pub async fn an_admitted_job_is_queued_with_its_total(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { update_existing: true, create_missing_options: true, ..by("email") };
    let upload = world.store.begin(&world.caller).await.unwrap();
    world.store.stage_chunk(&upload, chunk_of(0, &[contact("a@x.io"), contact("b@x.io")])).await.unwrap();
    world.store.stage_chunk(&upload, chunk_of(2, &[contact("c@x.io")])).await.unwrap();
    let command = world.admit_command(ObjectType::Contact, &options, upload);
    let job_id = command.job_id;
    let Answered::Fresh(spec) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
    assert_eq!((spec.id, spec.team_id, spec.key_id), (job_id, world.caller.team_id, world.caller.key_id));
    assert_eq!((spec.object_type, &spec.options, spec.total), (ObjectType::Contact, &options, 3));
    assert_eq!(spec.created_at, world.now());
    let snapshot = world.snapshot(job_id).await;
    assert_eq!((snapshot.spec, snapshot.state), (spec, JobState::Queued));
    assert_eq!((snapshot.cursor, snapshot.tally, snapshot.updated_at), (0, Tally::default(), world.now()));
    assert_eq!(world.outcomes(job_id).await, []);
}

/// 202 means durable: job, options and rows are there for the next process.
pub async fn an_admitted_job_outlives_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit(ObjectType::Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io")]).await;
    let world = world.reopened(harness).await;
    assert_eq!(world.snapshot(spec.id).await.spec, spec);
    let rows = world.store.load_chunk(&spec, 0, 10, usize::MAX).await.unwrap();
    assert_eq!(rows, chunk_of(0, &[contact("a@x.io"), contact("b@x.io")]));
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "created"]);
}

/// No rows are a job all the same.
pub async fn an_upload_of_no_rows_is_a_job_of_none(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&[]).await;
    assert_eq!(spec.total, 0);
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Queued);
    assert_eq!(world.claim_one().await.spec.id, spec.id);
}

/// Before `admit` there is no job to claim, to count or to read.
pub async fn an_upload_is_invisible_before_it_is_admitted(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let upload = world.stage(&[contact("a@x.io")]).await;
    let command = world.admit_command(ObjectType::Contact, &ImportOptions::default(), upload);
    assert!(world.claim(10).await.is_empty());
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 0);
    assert_eq!(world.store.snapshot(&world.caller, command.job_id).await.unwrap(), None);
}

/// Two uploads at once keep their rows apart.
pub async fn uploads_do_not_mix(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let one = world.store.begin(&world.caller).await.unwrap();
    let two = world.store.begin(&world.caller).await.unwrap();
    assert_ne!(one, two);
    world.store.stage_chunk(&one, bytes_chunk_of(0, &["1"])).await.unwrap();
    world.store.stage_chunk(&two, bytes_chunk_of(0, &["2"])).await.unwrap();
    world.store.stage_chunk(&one, bytes_chunk_of(1, &["11"])).await.unwrap();
    for (upload, rows) in [(one, ["1", "11"].as_slice()), (two, &["2"])] {
        let command = world.admit_command(ObjectType::Contact, &ImportOptions::default(), upload);
        let Answered::Fresh(spec) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
        let chunk = world.store.load_chunk(&spec, 0, 10, usize::MAX).await.unwrap();
        assert_eq!(chunk, bytes_chunk_of(0, rows));
    }
}

/// The chunk comes back to be used again: whatever is in it then is not in the upload.
pub async fn a_staged_chunk_comes_back_to_be_filled_again(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let upload = world.store.begin(&world.caller).await.unwrap();
    let mut chunk = world.store.stage_chunk(&upload, bytes_chunk_of(0, &["1", "2"])).await.unwrap();
    chunk.first_row = 2;
    chunk.bytes.clear();
    chunk.ends.clear();
    chunk.push(b"3");
    world.store.stage_chunk(&upload, chunk).await.unwrap();
    let command = world.admit_command(ObjectType::Contact, &ImportOptions::default(), upload);
    let Answered::Fresh(spec) = world.store.admit(command).await.unwrap() else { panic!("fresh") };
    assert_eq!(spec.total, 3);
    let rows = world.store.load_chunk(&spec, 0, 10, usize::MAX).await.unwrap();
    assert_eq!(rows, bytes_chunk_of(0, &["1", "2", "3"]));
}

/// Nothing of an abandoned upload is left to be swept.
pub async fn an_abandoned_upload_leaves_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let upload = world.stage(&[contact("a@x.io")]).await;
    world.store.abandon(upload).await.unwrap();
    assert!(world.claim(10).await.is_empty());
    let world = world.reopened(harness).await;
    assert_eq!(purge(&world).await, Purged::default());
}

/// A repeated admission, a mismatch and a stale one remove the rows that came with them.
pub async fn a_replayed_admission_leaves_no_rows(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for (request, is_fresh) in [(1, true), (1, false), (2, false)] {
        let upload = world.stage(&[contact("a@x.io")]).await;
        let mut command = world.admit_command(ObjectType::Contact, &ImportOptions::default(), upload);
        command.idempotent = rendering("key", request);
        let answered = world.store.admit(command).await.unwrap();
        assert_eq!(matches!(answered, Answered::Fresh(_)), is_fresh, "{answered:?}");
    }
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 1);
    let world = world.reopened(harness).await;
    assert_eq!(purge(&world).await, Purged::default());
}

/// Queued and running jobs are unfinished; each team counts its own.
pub async fn unfinished_jobs_are_counted_per_team(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let other = world.another_team().await;
    let unfinished = async |of: &World| of.store.unfinished_jobs(&of.caller).await.unwrap();
    world.admit_contacts(&["a@x.io"]).await;
    let second = world.admit_contacts(&["b@x.io"]).await;
    world.admit_contacts(&["c@x.io"]).await;
    assert_eq!((unfinished(&world).await, unfinished(&other).await), (3, 0));
    let lease = world.claim_one().await;
    assert_eq!(unfinished(&world).await, 3);
    world.run(lease, 10).await.unwrap();
    assert!(world.store.cancel(&world.caller, second.id, world.now()).await.unwrap());
    assert_eq!(unfinished(&world).await, 1);
}
