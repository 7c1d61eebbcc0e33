//! `apply_chunk`: work and checkpoint commit together, behind the fence.

use refract_domain::import::job::{JobSnapshot, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{HOUR, Way, World, by, contact, row, updating};
use crate::{ChunkReceipt, Lease, StoreError};

/// Everything about a job that a refused chunk must leave alone.
async fn picture(world: &World, lease: &Lease) -> (JobSnapshot, Vec<Outcome>, u64, u64) {
    let snapshot = world.snapshot(lease.spec.id).await;
    let outcomes = world.outcomes(lease.spec.id).await;
    let version = world.schema().await.version;
    (snapshot, outcomes, world.count(ObjectType::Contact).await, version)
}

/// One commit moves everything, and the lease with it.
pub async fn a_chunk_moves_cursor_tally_outcomes_and_records_together(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("A@x.io"), json!(7), contact("b@x.io"), contact("c@x.io")];
    let spec = world.admit(ObjectType::Contact, &by("email"), &rows).await;
    let mut lease = world.claim_one().await;
    world.tick();
    let receipt = world.apply(&mut lease, 4).await.unwrap();
    let tally = Tally { created: 2, existing: 1, updated: 0, skipped: 0, rejected: 1 };
    assert_eq!(receipt, ChunkReceipt { tally, cursor: 4, complete: false });
    assert_eq!((lease.cursor, lease.tally), (4, tally));
    let snapshot = world.snapshot(spec.id).await;
    assert_eq!((snapshot.cursor, snapshot.tally, snapshot.updated_at), (4, tally, world.now()));
    assert_eq!(snapshot.state, JobState::Running { attempt: 1 });
    let import = world.import_of(spec.id).await;
    assert_eq!(import.words(), ["created", "existing", "invalid_row", "created"]);
    assert_eq!(import.id(0), import.id(1));
    assert_eq!(world.count(ObjectType::Contact).await, 2);
    assert_eq!(world.body(ObjectType::Contact, import.id(0)).await, json!({ "email": "a@x.io" }));
    assert_eq!(world.body(ObjectType::Contact, import.id(3)).await, json!({ "email": "b@x.io" }));
    let record = world.get(ObjectType::Contact, import.id(0)).await.unwrap();
    assert_eq!((record.version, record.created_at, record.updated_at), (1, world.now(), world.now()));
}

/// The last chunk ends the job in the same commit.
pub async fn the_last_chunk_completes_the_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    assert!(!world.apply(&mut lease, 2).await.unwrap().complete);
    world.tick();
    let receipt = world.apply(&mut lease, 2).await.unwrap();
    assert!(receipt.complete);
    assert_eq!(receipt.cursor, 3);
    let snapshot = world.snapshot(spec.id).await;
    assert_eq!(snapshot.state, JobState::Complete { ended_at: world.now() });
    assert_eq!((snapshot.cursor, snapshot.tally.processed()), (3, 3));
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 0);
}

/// A job without rows completes with a chunk without rows.
pub async fn an_empty_job_completes_with_its_empty_chunk(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&[]).await;
    let mut lease = world.claim_one().await;
    let receipt = world.apply(&mut lease, 10).await.unwrap();
    assert_eq!(receipt, ChunkReceipt { tally: Tally::default(), cursor: 0, complete: true });
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Complete { ended_at: world.now() });
    assert_eq!(world.outcomes(spec.id).await, []);
}

/// Another worker has claimed the job since: nothing of the old one's chunk is written.
pub async fn a_stale_attempt_writes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..by("email") };
    let rows = [row(json!({ "email": "a@x.io", "tags": ["brand new"] })), contact("b@x.io")];
    world.admit(ObjectType::Contact, &options, &rows).await;
    let mut stale = world.claim_one().await;
    let late_chunk = world.chunk_command(&stale, 1).await;
    let mut lease = world.take_over().await;
    let before = picture(&world, &lease).await;
    let refused = world.store.apply_chunk(&mut stale, late_chunk).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(picture(&world, &lease).await, before);
    assert_eq!(stale.cursor, 0);
    // No key was claimed either: the row creates for the new owner.
    world.apply(&mut lease, 1).await.unwrap();
    assert_eq!(world.import_of(lease.spec.id).await.words(), ["created"]);
}

/// The right attempt at the wrong cursor, as after a commit whose answer was lost: nothing is written twice.
pub async fn a_wrong_cursor_writes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    let before = picture(&world, &lease).await;
    lease.cursor = 0;
    lease.tally = Tally::default();
    let refused = world.apply(&mut lease, 1).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    lease.cursor = 2;
    let refused = world.apply(&mut lease, 1).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(picture(&world, &lease).await, before);
    // Read back, the lease goes on.
    lease.cursor = before.0.cursor;
    lease.tally = before.0.tally;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.count(ObjectType::Contact).await, 3);
}

/// A job that has ended takes no further chunk, even from its last owner.
pub async fn an_ended_job_takes_no_chunk(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    let chunk = world.chunk_command(&lease, 1).await;
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    let before = picture(&world, &lease).await;
    let refused = world.store.apply_chunk(&mut lease, chunk).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(picture(&world, &lease).await, before);
    assert_eq!(world.count(ObjectType::Contact).await, 0);
}

/// Rows judged under an old schema are refused whole; judged again they go in under the same lease.
pub async fn rows_judged_under_another_schema_are_refused(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit(ObjectType::Contact, &by("email"), &[contact("a@x.io")]).await;
    let mut lease = world.claim_one().await;
    let old_chunk = world.chunk_command(&lease, 10).await;
    world.make_list("sales_deals").await;
    let before = picture(&world, &lease).await;
    let refused = world.store.apply_chunk(&mut lease, old_chunk).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(picture(&world, &lease).await, before);
    assert!(world.apply(&mut lease, 10).await.unwrap().complete);
    assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
}

/// Each commit lets the lease hold for another while.
pub async fn a_commit_prolongs_the_lease(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.clock.advance(HOUR / 2);
    world.apply(&mut lease, 1).await.unwrap();
    world.clock.advance(HOUR / 4 * 3);
    assert!(world.claim(10).await.is_empty(), "the lease holds an hour from the commit on");
    world.clock.advance(HOUR / 2);
    assert_eq!(world.claim_one().await.attempt, 2);
}

/// A record's id is a function of the job and the row: a redo under another schema or by another worker makes the same.
pub async fn a_redo_after_a_takeover_makes_the_same_ids(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let expected: Vec<_> = (0..3).map(|row| Some(spec.record_ids.record_id(row))).collect();
    let mut lost = world.claim_one().await;
    world.apply(&mut lost, 1).await.unwrap();
    world.clock.advance(HOUR / 2);
    let lease = world.take_over().await;
    assert_eq!(lease.spec.record_ids, spec.record_ids);
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.ids(), expected);
    for id in expected {
        assert!(world.get(ObjectType::Contact, id.unwrap()).await.is_some());
    }
}

/// Ids ascend with the rows, and jobs admitted in the same millisecond have ids of their own.
pub async fn ids_ascend_with_the_rows(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let rows = vec![contact(""); 40];
        let import = world.import(Way::Queued(7), ObjectType::Contact, &ImportOptions::default(), &rows).await;
        let ids: Vec<_> = import.ids().into_iter().map(Option::unwrap).collect();
        assert!(ids.is_sorted());
        all.extend(ids);
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 120);
    assert_eq!(world.count(ObjectType::Contact).await, 120);
}

/// However a job is cut, outcomes and records are those of rows applied one by one.
pub async fn every_chunking_comes_to_the_same(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows: Vec<Value> = (0..60_usize)
        .map(|number| match number % 6 {
            0 => contact(&format!("p{}@x.io", number % 9)),
            1 => row(json!({ "email": format!("P{}@X.io", number % 7), "city": format!("c{number}") })),
            2 => row(json!({ "email": format!("p{}@x.io", number % 5), "phone": null, "tags": [format!("t{}", number % 4)] })),
            3 => json!({ "email": "flat" }),
            4 => contact("  "),
            _ => row(json!({ "email": format!("p{}@x.io", number % 9), "phone": number.to_string() })),
        })
        .collect();
    let options = ImportOptions { create_missing_options: true, ..updating("email") };
    let mut first: Option<(Vec<_>, Vec<_>, Vec<Value>)> = None;
    for way in [Way::Queued(60), Way::Queued(1), Way::Queued(7), Way::Queued(25), Way::Inline] {
        let world = base.another_team().await;
        let import = world.import(way, ObjectType::Contact, &options, &rows).await;
        let mut bodies = Vec::new();
        for id in import.ids().into_iter().flatten() {
            bodies.push(world.body(ObjectType::Contact, id).await);
        }
        let seen = (import.words(), import.groups(), bodies);
        let expected = first.get_or_insert_with(|| seen.clone());
        assert_eq!(&seen, expected, "{way:?}");
    }
    let words = first.unwrap().0;
    for word in ["created", "updated", "existing", "invalid_row"] {
        assert!(words.contains(&word), "the rows are worth the comparison: {word}");
    }
}

/// A job of bad rows alone is complete.
pub async fn bad_rows_never_stop_a_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [json!(1), json!("x"), row(json!({ "emial": "a@x.io" })), json!({ "default": { "email": ["a", "b"] } })];
    let spec = world.admit(ObjectType::Contact, &by("email"), &rows).await;
    let lease = world.claim_one().await;
    world.run(lease, 3).await.unwrap();
    let import = world.import_of(spec.id).await;
    assert_eq!(import.words(), ["invalid_row", "invalid_row", "unknown_property", "invalid_value"]);
    assert!(matches!(world.snapshot(spec.id).await.state, JobState::Complete { .. }));
    assert_eq!((import.tally.rejected, world.count(ObjectType::Contact).await), (4, 0));
}
