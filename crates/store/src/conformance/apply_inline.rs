//! `apply_inline`: a small import in one commit, with the outcomes that a job would have come to.

use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;
use serde_json::json;

use super::Harness;
use super::fixture::{Way, World, by, chunk_of, contact, row, updating};
use crate::{Answered, StoreError};

/// The report has one outcome a row, their sums, and the ids of records that are there.
pub async fn inline_writes_and_reports(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let raw = chunk_of(0, &[contact("a@x.io"), contact("A@X.IO"), json!([]), contact("b@x.io")]);
    let command = world.inline_command(ObjectType::Contact, &by("email"), &raw, world.ids.next()).await;
    let Answered::Fresh(report) = world.store.apply_inline(command).await.unwrap() else { panic!("fresh") };
    assert_eq!(report.created_at, world.now());
    assert_eq!(report.tally, Tally { created: 2, existing: 1, updated: 0, skipped: 0, rejected: 1 });
    assert_eq!(report.outcomes.len(), 4);
    let id = report.outcomes[3].record_id(&report.record_ids, 3).unwrap();
    let record = world.get(ObjectType::Contact, id).await.unwrap();
    assert_eq!((record.version, record.created_at, record.updated_at), (1, world.now(), world.now()));
    assert_eq!(record.body, r#"{"email":"b@x.io"}"#);
}

/// An inline import leaves no job behind.
pub async fn inline_is_no_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.inline(ObjectType::Contact, &ImportOptions::default(), &[contact("a@x.io")]).await;
    assert_eq!(world.store.unfinished_jobs(&world.caller).await.unwrap(), 0);
    assert!(world.claim(10).await.is_empty());
}

/// No rows, no outcomes, no error.
pub async fn inline_of_no_rows_is_fine(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let import = world.inline(ObjectType::Contact, &by("email"), &[]).await;
    assert_eq!((import.outcomes.len(), import.tally), (0, Tally::default()));
}

/// Rows judged under an old schema are refused whole.
pub async fn inline_under_another_schema_writes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let raw = chunk_of(0, &[contact("a@x.io")]);
    let old = world.inline_command(ObjectType::Contact, &by("email"), &raw, world.ids.next()).await;
    world.make_list("sales_deals").await;
    let refused = world.store.apply_inline(old).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(world.count(ObjectType::Contact).await, 0);
    assert_eq!(world.inline_raw(ObjectType::Contact, &by("email"), &raw).await.words(), ["created"]);
}

/// The same rows come to the same outcomes and bodies in both ways, one import after another.
pub async fn inline_and_queued_come_to_the_same(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let first = [contact("a@x.io"), contact("b@x.io"), json!({}), json!({ "default": null }), json!(null)];
    let second = [
        row(json!({ "email": "A@x.io", "city": "Oslo" })),
        row(json!({ "email": "b@x.io" })),
        row(json!({ "email": "c@x.io", "seniority": "no such" })),
        row(json!({ "email": "c@x.io", "seniority": "senior" })),
    ];
    let mut seen = Vec::new();
    for way in Way::ALL {
        let world = base.another_team().await;
        let before = world.import(way, ObjectType::Contact, &by("email"), &first).await;
        let after = world.import(way, ObjectType::Contact, &updating("email"), &second).await;
        assert_eq!(after.id(0), before.id(0));
        assert_eq!(after.id(1), before.id(1));
        let mut bodies = Vec::new();
        for id in before.ids().into_iter().chain(after.ids()).flatten() {
            bodies.push(world.get(ObjectType::Contact, id).await.unwrap().body);
        }
        seen.push((before.words(), after.words(), after.error(2).clone(), bodies));
    }
    assert_eq!(seen[0].0, ["created", "created", "created", "created", "invalid_row"]);
    assert_eq!(seen[0].1, ["updated", "existing", "invalid_option", "created"]);
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
}

/// Imports in one millisecond, whatever their sources, never share an id.
pub async fn two_sources_in_one_millisecond_make_different_ids(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        let import =
            world.inline(ObjectType::Contact, &ImportOptions::default(), &[contact("a@x.io"), json!({})]).await;
        ids.extend(import.ids());
        ids.push(Some(world.create(ObjectType::Contact, &json!({ "city": "Oslo" })).await.id));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    assert_eq!(world.count(ObjectType::Contact).await, 60);
}
