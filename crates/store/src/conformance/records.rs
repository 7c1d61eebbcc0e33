//! `create_record`, `get_record`, `patch_record`, `delete_record`, `count_records`.

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use refract_domain::record::Precondition;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, contact, updating};
use crate::{RecordEffect, StoreError};

/// A new record is version 1, made and changed now, and reads back as it was given.
pub async fn a_record_is_made_and_read(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let record = world.create(Contact, &json!({ "email": "Ünï@x.io", "tags": [], "city": "Oslo" })).await;
    assert_eq!((record.object_type, record.version), (Contact, 1));
    assert_eq!((record.created_at, record.updated_at), (world.now(), world.now()));
    let values: Value = serde_json::from_str(&record.body).unwrap();
    assert_eq!((&values["email"], &values["city"]), (&json!("Ünï@x.io"), &json!("Oslo")));
    world.tick();
    assert_eq!(world.get(Contact, record.id).await, Some(record));
    assert_eq!(world.get(Contact, RecordId(world.ids.next())).await, None);
}

/// A record is nobody's outside its team and nothing under another type.
pub async fn a_record_is_of_its_team_and_type(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let id = north.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    assert_eq!(south.get(Contact, id).await, None);
    assert_eq!(north.get(Organization, id).await, None);
    let patch = json!({ "city": "Oslo" });
    assert_eq!(south.try_patch(Contact, id, &patch, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(north.try_patch(Organization, id, &patch, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(south.try_delete(Contact, id, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(north.try_delete(Organization, id, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(north.get(Contact, id).await.unwrap().version, 1);
    assert_eq!((north.count(Contact).await, south.count(Contact).await, north.count(Organization).await), (1, 0, 0));
}

/// Each patch that changes a value is a version; the answer is the record as it is now.
pub async fn a_patch_raises_the_version(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io", "city": "Oslo", "phone": "1" })).await;
    let later = world.tick();
    let patched = world.patch(Contact, made.id, &json!({ "city": null, "phone": "2", "title": "CEO" })).await;
    assert_eq!((patched.id, patched.object_type, patched.version), (made.id, Contact, 2));
    assert_eq!((patched.created_at, patched.updated_at), (made.created_at, later));
    assert_eq!(patched.body, r#"{"email":"a@x.io","phone":"2","title":"CEO"}"#);
    assert_eq!(world.get(Contact, made.id).await, Some(patched));
    assert_eq!(world.patch(Contact, made.id, &json!({ "phone": "3" })).await.version, 3);
}

/// The same values again: answered with the record, which stays as it was.
pub async fn a_patch_of_nothing_changes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    world.tick();
    for values in [json!({}), json!({ "email": "a@x.io" }), json!({ "city": null })] {
        assert_eq!(world.patch(Contact, made.id, &values).await, made);
    }
    assert_eq!(world.get(Contact, made.id).await, Some(made));
}

/// Unknown and deleted records are not found.
pub async fn a_patch_of_nobody_is_not_found(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let nobody = RecordId(world.ids.next());
    let patch = json!({ "city": "Oslo" });
    assert_eq!(world.try_patch(Contact, nobody, &patch, Precondition::None).await, RecordEffect::NotFound);
    let deleted = world.create(Contact, &json!({})).await.id;
    world.delete(Contact, deleted).await;
    assert_eq!(world.try_patch(Contact, deleted, &patch, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(world.count(Contact).await, 0);
}

/// A precondition that does not hold leaves the record alone; `Exists` fails for a record that is not there.
pub async fn a_precondition_is_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "city": "a" })).await.id;
    let patch =
        async |city: &str, precondition| world.try_patch(Contact, id, &json!({ "city": city }), precondition).await;
    assert_eq!(patch("b", Precondition::Version(2)).await, RecordEffect::PreconditionFailed);
    assert_eq!(patch("b", Precondition::Never).await, RecordEffect::PreconditionFailed);
    assert_eq!(world.get(Contact, id).await.unwrap().version, 1);
    assert!(
        matches!(patch("b", Precondition::Version(1)).await, RecordEffect::Written(written) if written.record.version == 2)
    );
    assert_eq!(patch("c", Precondition::Version(1)).await, RecordEffect::PreconditionFailed);
    assert!(
        matches!(patch("c", Precondition::Exists).await, RecordEffect::Written(written) if written.record.version == 3)
    );
    let nobody = RecordId(world.ids.next());
    let of_nobody = world.try_patch(Contact, nobody, &json!({ "city": "x" }), Precondition::Exists).await;
    assert_eq!(of_nobody, RecordEffect::PreconditionFailed);
}

/// A deleted record is gone for every verb; the answer shows what was deleted.
pub async fn a_record_is_deleted_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    world.tick();
    let deleted = world.delete(Contact, made.id).await;
    assert_eq!((deleted.id, &deleted.body, deleted.created_at), (made.id, &made.body, made.created_at));
    assert_eq!(world.get(Contact, made.id).await, None);
    assert_eq!(world.try_delete(Contact, made.id, Precondition::None).await, RecordEffect::NotFound);
    assert_eq!(world.count(Contact).await, 0);
}

/// A delete keeps the precondition as a patch does.
pub async fn a_delete_keeps_the_precondition(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    for precondition in [Precondition::Version(7), Precondition::Never] {
        assert_eq!(world.try_delete(Contact, made.id, precondition).await, RecordEffect::PreconditionFailed);
    }
    assert_eq!(world.get(Contact, made.id).await.as_ref(), Some(&made));
    let deleted = world.try_delete(Contact, made.id, Precondition::Version(1)).await;
    assert!(matches!(deleted, RecordEffect::Written(_)), "{deleted:?}");
    assert_eq!(world.try_delete(Contact, made.id, Precondition::Exists).await, RecordEffect::PreconditionFailed);
}

/// Counts follow creates, imports and deletes, and nothing else.
pub async fn counts_follow_every_write(harness: &dyn Harness) {
    let world = World::new(harness).await;
    assert_eq!(world.count(Contact).await, 0);
    let one = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    world.inline(Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io"), json!(1)]).await;
    assert_eq!(world.count(Contact).await, 2);
    world.patch(Contact, one, &json!({ "email": "c@x.io" })).await;
    world.inline(Contact, &updating("email"), &[contact("C@x.io")]).await;
    assert_eq!(world.count(Contact).await, 2);
    world.delete(Contact, one).await;
    world.try_delete(Contact, one, Precondition::None).await;
    assert_eq!((world.count(Contact).await, world.count(Organization).await), (1, 0));
}

/// Keys of single records are kept as those of imported ones.
pub async fn single_writes_maintain_keys(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let id = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    assert_eq!(world.inline(Contact, &by("email"), &[contact("A@x.io")]).await.ids(), [Some(id)]);
    world.patch(Contact, id, &json!({ "email": "b@x.io" })).await;
    let import = world.inline(Contact, &by("email"), &[contact("b@x.io"), contact("a@x.io")]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing", "created"], id));
    world.patch(Contact, id, &json!({ "email": null })).await;
    let import = world.inline(Contact, &by("email"), &[contact("b@x.io")]).await;
    assert_eq!(import.words(), ["created"]);
    // Two records may share a value, but no longer be meant by it.
    world.patch(Contact, id, &json!({ "email": "B@x.io" })).await;
    assert_eq!(world.inline(Contact, &by("email"), &[contact("b@x.io")]).await.words(), ["multiple_matches"]);
}

/// Bodies judged under an old schema are refused.
pub async fn a_single_write_under_another_schema_writes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let create = world.create_command(Contact, &json!({ "email": "b@x.io" })).await;
    let patch = world.patch_command(Contact, made.id, &json!({ "email": "c@x.io" })).await;
    world.make_list("sales_deals").await;
    let refused = world.store.create_record(create).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    let refused = world.store.patch_record(patch).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(world.count(Contact).await, 1);
    assert_eq!(world.get(Contact, made.id).await, Some(made));
}

/// Records and counts are there for the next process.
pub async fn records_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let kept = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let patched = world.create(Contact, &json!({ "email": "b@x.io" })).await;
    let patched = world.patch(Contact, patched.id, &json!({ "email": "c@x.io" })).await;
    let deleted = world.create(Contact, &json!({ "email": "d@x.io" })).await;
    world.delete(Contact, deleted.id).await;
    let world = world.reopened(harness).await;
    assert_eq!(world.get(Contact, kept.id).await, Some(kept));
    assert_eq!(world.get(Contact, patched.id).await, Some(patched));
    assert_eq!(world.get(Contact, deleted.id).await, None);
    assert_eq!(world.count(Contact).await, 2);
}
