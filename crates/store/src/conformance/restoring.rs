//! `restore_record`: a hidden record comes back as it was.

use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use refract_domain::record::Precondition;
use serde_json::json;

use super::Harness;
use super::fixture::{World, by, contact, rendering, row};
use crate::{Answered, RecordEffect, RestoreRecord};

/// Body, creation and id are as they were; hiding and coming back are a version each.
pub async fn a_record_comes_back_as_it_was(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Contact, &json!({ "email": "a@x.io", "tags": [], "city": "Oslo" })).await;
    let at = world.tick();
    let hidden = world.delete(Contact, made.id).await;
    assert_eq!((hidden.version, hidden.updated_at), (2, at));
    let at = world.tick();
    let back = world.restore(Contact, made.id).await;
    assert_eq!((back.id, &back.body, back.created_at), (made.id, &made.body, made.created_at));
    assert_eq!((back.version, back.updated_at), (3, at));
    assert_eq!(world.get(Contact, made.id).await, Some(back));
    assert_eq!(world.count(Contact).await, 1);
    assert_eq!(world.patch(Contact, made.id, &json!({ "city": "Rome" })).await.version, 4);
}

/// A live record stays as it is; one that is unknown, another team's or of another type is not found.
pub async fn only_a_hidden_record_comes_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let south = world.another_team().await;
    let live = world.create(Contact, &json!({ "city": "Oslo" })).await;
    world.tick();
    assert_eq!(world.restore(Contact, live.id).await, live);
    let hidden = world.create(Contact, &json!({})).await.id;
    world.delete(Contact, hidden).await;
    for (from, object_type, id) in [
        (&world, Contact, RecordId(world.ids.next())),
        (&world, Organization, live.id),
        (&world, Organization, hidden),
        (&south, Contact, live.id),
        (&south, Contact, hidden),
    ] {
        assert_eq!(from.try_restore(object_type, id).await, RecordEffect::NotFound);
    }
    assert_eq!(world.get(Contact, hidden).await, None);
    assert_eq!((world.count(Contact).await, world.count(Organization).await), (1, 0));
    world.restore(Contact, hidden).await;
    world.restore(Contact, hidden).await;
    assert_eq!(world.count(Contact).await, 2, "coming back counts once");
}

/// The record holds its keys again: alone, or beside whoever took them meanwhile.
pub async fn keys_come_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let first = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    world.delete(Contact, first).await;
    world.restore(Contact, first).await;
    let import = world.inline(Contact, &by("email"), &[contact("A@x.io")]).await;
    assert_eq!((import.words(), import.ids()), (vec!["existing"], vec![Some(first)]));
    world.delete(Contact, first).await;
    let second = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await.id(0);
    assert_ne!(second, first);
    world.restore(Contact, first).await;
    let shared = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!(shared.words(), ["multiple_matches"]);
    for (gone, left) in [(first, second), (second, first)] {
        world.delete(Contact, gone).await;
        let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
        assert_eq!(import.ids(), [Some(left)]);
        world.restore(Contact, gone).await;
        assert_eq!(world.inline(Contact, &by("email"), &[contact("a@x.io")]).await.words(), ["multiple_matches"]);
    }
}

/// A property that became keyed while the record was hidden knows it once it is back.
pub async fn keys_made_meanwhile_are_held(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "email": "a@x.io", "city": "Oslo" })).await.id;
    world.delete(Contact, id).await;
    world.make_keyed(Contact, "city").await;
    world.restore(Contact, id).await;
    let import = world.inline(Contact, &by("city"), &[row(json!({ "city": "oslo" }))]).await;
    assert_eq!((import.words(), import.ids()), (vec!["existing"], vec![Some(id)]));
}

/// The record is a member of its lists again, with its values there.
pub async fn places_in_lists_come_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (one, two) = (world.make_list("partnerships").await, world.make_list("partnerships").await);
    let staged = json!({ "default": { "name": "A" }, "list": { "app_stage": "talking" } });
    let into = |list_id| ImportOptions { list_id: Some(list_id), ..by("name") };
    let id = world.inline(Organization, &into(one), &[staged]).await.id(0);
    world.inline(Organization, &into(two), &[row(json!({ "name": "a" }))]).await;
    world.delete(Organization, id).await;
    assert_eq!((world.count_members(Organization, one).await, world.list_values(one, id).await), (0, None));
    world.restore(Organization, id).await;
    assert_eq!(world.list_values(one, id).await, Some(json!({ "app_stage": "talking" })));
    assert_eq!(world.list_values(two, id).await, Some(json!({})));
    for list_id in [one, two] {
        assert_eq!(world.count_members(Organization, list_id).await, 1);
    }
    world.delete(Organization, id).await;
    assert_eq!(world.count_members(Organization, two).await, 0);
}

/// The answer is kept with the write: a repeat restores nothing that was hidden again.
pub async fn a_restore_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({})).await.id;
    world.delete(Contact, id).await;
    let restore = async || {
        let idempotent = rendering("key", 1);
        let (caller, now) = (world.caller, world.now());
        let command = RestoreRecord { caller, object_type: Contact, id, now, idempotent };
        world.store.restore_record(command).await.unwrap()
    };
    let first = restore().await;
    assert!(matches!(&first, Answered::Fresh(RecordEffect::Written(_))), "{first:?}");
    world.delete(Contact, id).await;
    assert!(matches!(restore().await, Answered::Replay(_)));
    assert_eq!(world.try_patch(Contact, id, &json!({}), Precondition::None).await, RecordEffect::NotFound);
}

/// What came back is there for the next process, and so is what was hidden.
pub async fn restores_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let back = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let hidden = world.create(Contact, &json!({ "email": "b@x.io" })).await.id;
    world.delete(Contact, back).await;
    world.delete(Contact, hidden).await;
    world.restore(Contact, back).await;
    let world = world.reopened(harness).await;
    assert_eq!(world.get(Contact, back).await.map(|record| record.version), Some(3));
    assert_eq!((world.get(Contact, hidden).await, world.count(Contact).await), (None, 1));
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!(import.ids(), [Some(back)]);
    assert_eq!(world.restore(Contact, hidden).await.version, 3);
}
