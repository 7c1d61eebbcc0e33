//! Dry runs and the jobs that apply them (docs/decisions/0013-dry-runs.md).

use refract_domain::error::RowCode;
use refract_domain::import::apply::ApplyRefusal;
use refract_domain::import::job::{JobKind, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::policy::OnMissingKey;
use refract_domain::object_type::ObjectType::{Contact, Deal};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{HOUR, WEEK, World, by, contact, rendering, row, updating};
use crate::{AdmitApply, Answered, ApplyEffect, Purge, Purged, StoreError};

fn named(email: &str, name: &str) -> Value {
    row(json!({ "email": email, "full_name": name }))
}

/// Rows of which some meet each other, some a record, and one is bad.
fn rows() -> [Value; 6] {
    [
        named("a@x.io", "A"),
        named("old@x.io", "New"),
        named("A@X.io", "B"),
        row(json!({ "no_such": 1 })),
        named("old@x.io", "New"),
        named("b@x.io", "B"),
    ]
}

const WORDS: [&str; 6] = ["created", "updated", "updated", "unknown_property", "existing", "created"];

/// Whatever it is cut into, it says of each row what an import does, tells how records would change, and leaves the store
/// as it is.
pub async fn a_dry_run_says_what_an_import_does_and_writes_nothing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 2, 100] {
        let world = base.another_team().await;
        let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "Old" })).await;
        let (job, said) = world.dry_run(Contact, &updating("email"), &rows(), chunk_rows).await;
        assert_eq!(said.words(), WORDS, "{chunk_rows}");
        assert_eq!(said.groups()[..3], [Some(0), Some(1), Some(0)]);
        assert_eq!(said.id(1), old.id);
        assert_eq!(world.count(Contact).await, 1);
        assert_eq!(world.get(Contact, old.id).await, Some(old));
        let forecasts = world.forecasts(job).await;
        let changes: Vec<_> = forecasts[1].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(changes, ["default.full_name"]);
        assert_eq!(forecasts[1].changes[0].before.as_deref(), Some("\"Old\""));
        assert_eq!(forecasts[1].changes[0].after.as_deref(), Some("\"New\""));
        assert!([0, 3, 4, 5].iter().all(|row| forecasts[*row].changes.is_empty()), "{forecasts:?}");
        let imported = world.import(super::fixture::Way::Queued(2), Contact, &updating("email"), &rows()).await;
        assert_eq!((imported.words(), imported.groups()), (said.words(), said.groups()));
        assert_eq!(imported.tally, said.tally);
    }
}

/// What earlier rows would have left behind is there for later ones after a restart, and in other hands.
pub async fn what_is_drafted_outlives_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_dry_run(Contact, &updating("email"), &[named("a@x.io", "A"), named("a@x.io", "B")]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    drop(lease);
    let world = world.reopened(harness).await;
    let lease = world.take_over().await;
    assert_eq!(lease.cursor, 1);
    world.run(lease, 1).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "updated"]);
    assert_eq!(world.count(Contact).await, 0);
}

/// Options are made for later rows of the dry run and for nobody else.
pub async fn options_are_drafted_and_not_made(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..updating("email") };
    let tagged = |email: &str, tag: &str| row(json!({ "email": email, "tags": [tag] }));
    let rows = [tagged("a@x.io", "New one"), tagged("b@x.io", "new ONE"), tagged("c@x.io", "New-one")];
    let version = world.schema().await.version;
    let (job, said) = world.dry_run(Contact, &options, &rows, 1).await;
    assert_eq!(said.words(), ["created"; 3]);
    let schema = world.schema().await;
    let tags = || schema.of(Contact).property("tags").unwrap();
    assert!(tags().options.is_empty() && schema.version <= version + 2, "only keying may change the schema");
    let drafted = world.store.drafted_options(&world.caller, job).await.unwrap();
    assert_eq!(drafted, [], "the job has ended");
    let (_, done) = world.apply_dry_run(job, 2).await;
    assert_eq!(done.words(), ["created"; 3]);
    let made = world.schema().await.of(Contact).property("tags").unwrap().options.clone();
    assert_eq!(made.iter().map(|option| option.slug.as_str()).collect::<Vec<_>>(), ["new_one", "new_one_2"]);
    assert_eq!(world.body(Contact, done.id(1)).await["tags"], json!(["new_one"]));
}

/// In a quiet store every row comes to what was said of it, with ids of the new job.
pub async fn what_was_said_is_done(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for (said_rows, done_rows) in [(1, 100), (100, 1), (2, 3)] {
        let world = base.another_team().await;
        let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "Old" })).await;
        let (dry_run, said) = world.dry_run(Contact, &updating("email"), &rows(), said_rows).await;
        let (job, done) = world.apply_dry_run(dry_run, done_rows).await;
        assert_eq!((done.words(), done.groups()), (said.words(), said.groups()), "{said_rows} {done_rows}");
        assert_eq!(done.tally, said.tally);
        assert_ne!(done.record_ids, said.record_ids);
        assert_eq!(world.body(Contact, old.id).await["full_name"], "New");
        assert_eq!(world.body(Contact, done.id(0)).await["full_name"], "B");
        assert_eq!(world.count(Contact).await, 3);
        let import = world.provenance(Contact, done.id(5)).await.import.expect("an import made it");
        assert_eq!((import.job_id, import.row), (job, 5));
        let spec = world.snapshot(job).await.spec;
        assert_eq!(world.store.load_chunk(&spec, 3, 1, 1_000).await.unwrap().rows().count(), 1, "its rows are read");
    }
}

/// What is not as it was is left alone, row by row.
pub async fn what_has_changed_since_is_stale(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "Old" })).await;
    let kept = world.create(Contact, &json!({ "email": "kept@x.io", "full_name": "Old" })).await;
    let rows = [named("old@x.io", "New"), named("kept@x.io", "New"), named("a@x.io", "A"), named("b@x.io", "B")];
    let (dry_run, said) = world.dry_run(Contact, &updating("email"), &rows, 100).await;
    assert_eq!(said.words(), ["updated", "updated", "created", "created"]);
    world.patch(Contact, old.id, &json!({ "title": "CEO" })).await;
    world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let (job, done) = world.apply_dry_run(dry_run, 2).await;
    assert_eq!(done.words(), ["stale", "updated", "stale", "created"]);
    assert_eq!(done.code(0), RowCode::Stale);
    assert!(done.error(0).first.message.contains(&old.id.to_string()), "{:?}", done.error(0));
    assert_eq!(world.body(Contact, old.id).await["full_name"], "Old");
    assert_eq!(world.body(Contact, kept.id).await["full_name"], "New");
    assert_eq!(world.count(Contact).await, 4);
    assert!(world.snapshot(job).await.keeps_rows(), "what is stale can be tried again");
}

/// Rows without a key would be taken twice.
pub async fn a_dry_run_is_applied_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (dry_run, _) = world.dry_run(Contact, &ImportOptions::default(), &[contact("a@x.io")], 1).await;
    let command = || AdmitApply { idempotent: rendering("k", 1), ..world.apply_command(dry_run) };
    let first = world.store.admit_apply(command()).await.unwrap();
    let Answered::Fresh(ApplyEffect::Admitted(spec)) = &first else { panic!("{first:?}") };
    assert_eq!((spec.kind, spec.total), (JobKind::Apply { of: dry_run }, 1));
    assert_eq!(world.snapshot(spec.id).await.spec, *spec);
    let again = world.store.admit_apply(command()).await.unwrap();
    assert!(matches!(again, Answered::Replay(_)), "{again:?}");
    assert_eq!(world.try_apply(dry_run).await, ApplyEffect::Refused(ApplyRefusal::Applied(spec.id)));
    let lease = world.claim_one().await;
    world.run(lease, 1).await.unwrap();
    assert_eq!(world.try_apply(dry_run).await, ApplyEffect::Refused(ApplyRefusal::Applied(spec.id)));
    assert_eq!(world.count(Contact).await, 1);
}

/// What is no dry run, has not ended, was cancelled, has expired, or is not the team's is not applied.
pub async fn what_cannot_be_applied_is_refused(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let refused = ApplyEffect::Refused;
    assert_eq!(world.try_apply(world.new_job_id()).await, refused(ApplyRefusal::NotFound));
    let import = world.job(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!(world.try_apply(import.id).await, refused(ApplyRefusal::NotADryRun));
    let spec = world.admit_dry_run(Contact, &by("email"), &[contact("b@x.io"), contact("c@x.io")]).await;
    assert_eq!(world.try_apply(spec.id).await, refused(ApplyRefusal::Unfinished));
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    assert_eq!(world.try_apply(spec.id).await, refused(ApplyRefusal::Unfinished));
    world.run(lease, 1).await.unwrap();
    let all = ImportOptions { atomic: true, ..by("email") };
    let (nothing, _) = world.dry_run(Contact, &all, &[contact("d@x.io"), row(json!({ "no_such": 1 }))], 100).await;
    assert_eq!(world.try_apply(nothing).await, refused(ApplyRefusal::Nothing));
    let stranger = world.another_team().await;
    assert_eq!(stranger.try_apply(spec.id).await, refused(ApplyRefusal::NotFound));
    assert_eq!(stranger.store.drafted_options(&stranger.caller, spec.id).await.unwrap(), []);
    world.clock.advance(WEEK);
    assert_eq!(world.try_apply(spec.id).await, refused(ApplyRefusal::NotFound), "it has expired");
}

/// A dry run that was cancelled says nothing of the rows it did not come to, and is not applied.
pub async fn a_dry_run_can_be_cancelled(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_dry_run(Contact, &by("email"), &[contact("b@x.io"), contact("c@x.io")]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    assert!(matches!(world.apply(&mut lease, 1).await, Err(StoreError::LeaseLost)));
    assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
    assert_eq!(world.try_apply(spec.id).await, ApplyEffect::Refused(ApplyRefusal::Incomplete));
}

/// Whoever lost the lease drafts nothing.
pub async fn a_zombie_drafts_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_dry_run(Contact, &updating("email"), &[named("a@x.io", "A"), named("a@x.io", "B")]).await;
    let mut zombie = world.claim_one().await;
    let stale = world.chunk_command(&zombie, 1).await;
    let lease = world.take_over().await;
    assert!(matches!(world.store.apply_chunk(&mut zombie, stale).await, Err(StoreError::LeaseLost)));
    world.run(lease, 1).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "updated"]);
}

/// What was drafted goes with the first purge after the end, and the dry run can be read and applied all the same.
pub async fn drafts_go_once_the_job_has_ended(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let purge = || Purge { now: world.now(), retention: WEEK, batch_max: 10 };
    let options = ImportOptions { create_missing_options: true, ..updating("email") };
    let rows = [row(json!({ "email": "a@x.io", "tags": ["New one"] })), named("a@x.io", "A")];
    let spec = world.admit_dry_run(Contact, &options, &rows).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    assert_eq!(world.store.purge(purge()).await.unwrap(), Purged::default(), "the next chunk needs them");
    assert_eq!(world.store.drafted_options(&world.caller, spec.id).await.unwrap().len(), 1);
    world.run(lease, 1).await.unwrap();
    // A key, a record, an option.
    assert_eq!(world.store.purge(purge()).await.unwrap(), Purged { drafts: 3, ..Purged::default() });
    assert_eq!(world.store.purge(purge()).await.unwrap(), Purged::default());
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "updated"]);
    assert_eq!(world.apply_dry_run(spec.id, 1).await.1.words(), ["created", "updated"]);
}

/// The job that applies it reads its rows, also when they are asked for later.
pub async fn a_dry_run_stays_while_its_job_is_there(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let purge = || Purge { now: world.now(), retention: WEEK, batch_max: 10 };
    let rows = [contact("a@x.io"), row(json!({ "no_such": 1 }))];
    let (dry_run, _) = world.dry_run(Contact, &ImportOptions::default(), &rows, 1).await;
    world.clock.advance(WEEK - HOUR);
    let (job, done) = world.apply_dry_run(dry_run, 1).await;
    assert_eq!(done.words(), ["created", "unknown_property"]);
    world.clock.advance(2 * HOUR);
    assert_eq!(world.store.purge(purge()).await.unwrap(), Purged::default());
    let spec = world.snapshot(job).await.spec;
    assert_eq!(world.store.load_chunk(&spec, 1, 1, 1_000).await.unwrap().rows().count(), 1);
    world.clock.advance(WEEK);
    assert_eq!(world.store.purge(purge()).await.unwrap().jobs, 1);
    assert_eq!(world.store.purge(purge()).await.unwrap().jobs, 1);
    assert_eq!(world.store.snapshot(&world.caller, dry_run).await.unwrap(), None);
}

/// The undo of a job that applied a dry run is as that of an import.
pub async fn what_was_applied_is_undone(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "Old" })).await;
    let (dry_run, _) = world.dry_run(Contact, &updating("email"), &rows(), 2).await;
    let (job, done) = world.apply_dry_run(dry_run, 2).await;
    assert_eq!(done.words(), WORDS);
    let undone = world.undo(job, 2).await;
    assert_eq!(undone.words(), ["created", "updated", "existing", "existing", "existing", "created"]);
    assert_eq!(world.body(Contact, old.id).await, json!({ "email": "old@x.io", "full_name": "Old" }));
    assert_eq!(world.count(Contact).await, 1);
}

/// Who joins a list and whose values there change is told and done.
pub async fn a_dry_run_of_a_list_says_who_joins(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("sales_deals").await;
    let options = ImportOptions { list_id: Some(list_id), ..updating("name") };
    let object_type = world.schema().await.lists[&list_id].object_type;
    assert_eq!(object_type, Deal);
    let staged = |name: &str, stage: &str| json!({ "default": { "name": name }, "list": { "app_stage": stage } });
    let stages = world.schema().await.lists[&list_id].properties[0].options.clone();
    let (first, second) = (stages[0].slug.as_str(), stages[1].slug.as_str());
    let rows = [staged("D", first), staged("D", second), staged("E", first)];
    let (dry_run, said) = world.dry_run(Deal, &options, &rows, 1).await;
    assert_eq!(said.words(), ["created", "updated", "created"]);
    let changes = &world.forecasts(dry_run).await[1].changes;
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["list.app_stage"]);
    assert_eq!(world.store.count_records(&world.caller, Deal, Some(list_id)).await.unwrap(), 0);
    let (_, done) = world.apply_dry_run(dry_run, 3).await;
    assert_eq!(done.words(), ["created", "updated", "created"]);
    assert_eq!(world.store.count_records(&world.caller, Deal, Some(list_id)).await.unwrap(), 2);
}

/// Rows that are passed over are counted by themselves, in every kind of job.
pub async fn rows_that_are_passed_over_are_counted(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { on_missing_key: OnMissingKey::Skip, ..by("email") };
    let rows = [contact("a@x.io"), row(json!({ "title": "CEO" })), contact("a@x.io")];
    let spec = world.job(Contact, &options, &rows).await;
    let import = world.import_of(spec.id).await;
    assert_eq!(import.words(), ["created", "skipped", "existing"]);
    let tally = import.tally;
    assert_eq!((tally.created, tally.skipped, tally.existing), (1, 1, 1));
    let world = world.reopened(harness).await;
    let snapshot = world.snapshot(spec.id).await;
    assert!(matches!(snapshot.state, JobState::Complete { .. }) && !snapshot.keeps_rows(), "{snapshot:?}");
    assert_eq!(snapshot.tally, tally);
    let (_, said) = world.dry_run(Contact, &options, &rows, 2).await;
    assert_eq!(said.words(), ["existing", "skipped", "existing"]);
}
