//! Membership of the import's list, and values in its scope (import-semantics, Values: `list_id`).

use refract_domain::ids::ListId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Organization;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, row, updating};

fn into(list_id: ListId, options: ImportOptions) -> ImportOptions {
    ImportOptions { list_id: Some(list_id), ..options }
}

fn staged(name: &str, stage: Value) -> Value {
    json!({ "default": { "name": name }, "list": { "app_stage": stage } })
}

fn named(name: &str) -> Value {
    row(json!({ "name": name }))
}

/// Created, updated and skipped records are members afterwards, with the row's list values.
pub async fn created_matched_and_skipped_join(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let old = world.create(Organization, &json!({ "name": "Old" })).await;
        let rows = [staged("Old", json!("Talking")), staged("New", json!("agreed")), named("Bare")];
        let import = world.import(way, Organization, &into(list_id, by("name")), &rows).await;
        assert_eq!(import.words(), ["existing", "created", "created"], "{way:?}");
        assert_eq!(world.list_values(list_id, old.id).await, Some(json!({ "app_stage": "talking" })), "{way:?}");
        assert_eq!(world.list_values(list_id, import.id(1)).await, Some(json!({ "app_stage": "agreed" })));
        assert_eq!(world.list_values(list_id, import.id(2)).await, Some(json!({})));
        assert_eq!(world.count_members(Organization, list_id).await, 3, "{way:?}");
        assert_eq!(world.get(Organization, old.id).await, Some(old), "joining is no change of the record");
    }
}

/// Skipping skips list values too.
pub async fn members_keep_their_values_when_skipped(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let options = into(list_id, by("name"));
        let rows = [staged("A", json!("talking")), staged("A", json!("ended"))];
        let first = world.import(way, Organization, &options, &rows).await;
        assert_eq!(first.words(), ["created", "existing"], "{way:?}");
        let second = world.import(way, Organization, &options, &[staged("a", json!("agreed"))]).await;
        assert_eq!(second.words(), ["existing"], "{way:?}");
        assert_eq!(world.list_values(list_id, first.id(0)).await, Some(json!({ "app_stage": "talking" })), "{way:?}");
        assert_eq!(world.count_members(Organization, list_id).await, 1);
    }
}

/// With updates, list values are patched as others are, and a change of them is an update.
pub async fn members_are_patched_with_updates(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [
        staged("A", json!("talking")),
        staged("A", json!("agreed")),
        staged("A", json!("Agreed")),
        named("A"),
        staged("A", json!(null)),
    ];
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let import = world.import(way, Organization, &into(list_id, updating("name")), &rows[..4]).await;
        assert_eq!(import.words(), ["created", "updated", "existing", "existing"], "{way:?}");
        assert_eq!(world.list_values(list_id, import.id(0)).await, Some(json!({ "app_stage": "agreed" })), "{way:?}");
        let cleared = world.import(way, Organization, &into(list_id, updating("name")), &rows[4..]).await;
        assert_eq!(cleared.words(), ["updated"], "{way:?}");
        assert_eq!(world.list_values(list_id, import.id(0)).await, Some(json!({})), "{way:?}");
    }
}

/// Joining alone is no update, even when updates were asked.
pub async fn a_row_that_only_joins_is_existing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let old = world.create(Organization, &json!({ "name": "Old" })).await;
        let import = world.import(way, Organization, &into(list_id, updating("name")), &[named("Old")]).await;
        assert_eq!(import.words(), ["existing"], "{way:?}");
        assert_eq!(world.list_values(list_id, old.id).await, Some(json!({})), "{way:?}");
        assert_eq!(world.get(Organization, old.id).await.unwrap().version, 1);
    }
}

/// A rejected row makes nobody a member.
pub async fn a_rejected_row_joins_nothing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let old = world.create(Organization, &json!({ "name": "Old" })).await;
        let twice = json!({ "name": "Twice" });
        let shared = [world.create(Organization, &twice).await.id, world.create(Organization, &twice).await.id];
        let rows =
            [staged("Old", json!("no such stage")), staged("Twice", json!("talking")), staged("New", json!(["x"]))];
        let import = world.import(way, Organization, &into(list_id, by("name")), &rows).await;
        assert_eq!(import.tally.rejected, 3, "{way:?} {:?}", import.words());
        assert_eq!(world.count_members(Organization, list_id).await, 0, "{way:?}");
        for id in [old.id, shared[0], shared[1]] {
            assert_eq!(world.list_values(list_id, id).await, None);
        }
    }
}

/// A deleted record is no member any more, and the count knows.
pub async fn a_deleted_member_leaves(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let rows = [staged("A", json!("talking")), named("B")];
        let import = world.import(way, Organization, &into(list_id, by("name")), &rows).await;
        world.delete(Organization, import.id(0)).await;
        assert_eq!(world.list_values(list_id, import.id(0)).await, None, "{way:?}");
        assert_eq!(world.count_members(Organization, list_id).await, 1, "{way:?}");
        let again = world.import(way, Organization, &into(list_id, by("name")), &[named("A")]).await;
        assert_eq!(again.words(), ["created"]);
        assert_eq!(world.list_values(list_id, again.id(0)).await, Some(json!({})), "{way:?}");
        assert_eq!(world.count_members(Organization, list_id).await, 2, "{way:?}");
    }
}

/// A record has values of its own in each list; other teams ask in vain, even with a record of the same id.
pub async fn lists_keep_apart(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let one = world.make_list("partnerships").await;
        let two = world.make_list("partnerships").await;
        let import = world.import(way, Organization, &into(one, by("name")), &[staged("A", json!("talking"))]).await;
        assert_eq!(world.list_values(two, import.id(0)).await, None, "{way:?}");
        let second =
            world.import(way, Organization, &into(two, updating("name")), &[staged("A", json!("ended"))]).await;
        assert_eq!(second.words(), ["existing"], "{way:?}");
        assert_eq!(world.list_values(one, import.id(0)).await, Some(json!({ "app_stage": "talking" })));
        assert_eq!(world.list_values(two, import.id(0)).await, Some(json!({ "app_stage": "ended" })));
        let south = base.another_team().await;
        let same_id = [json!({ "id": import.id(0).to_string(), "default": { "name": "South" } })];
        south.import(way, Organization, &ImportOptions::default(), &same_id).await;
        assert_eq!(south.list_values(one, import.id(0)).await, None);
        assert_eq!(south.count_members(Organization, one).await, 0);
        south.delete(Organization, import.id(0)).await;
        assert_eq!(world.count_members(Organization, one).await, 1, "{way:?}");
        assert!(world.list_values(one, import.id(0)).await.is_some(), "{way:?}");
    }
}

/// A record that a chunk makes and later meets is one member.
pub async fn a_record_made_and_met_in_one_chunk_joins_once(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let rows = [named("A"), staged("A", json!("talking")), named("A"), named("B"), staged("b", json!("ended"))];
        let import = world.import(way, Organization, &into(list_id, updating("name")), &rows).await;
        assert_eq!(import.groups(), [Some(0), Some(0), Some(0), Some(3), Some(3)], "{way:?}");
        assert_eq!(world.count_members(Organization, list_id).await, 2, "{way:?}");
        assert_eq!(world.list_values(list_id, import.id(0)).await, Some(json!({ "app_stage": "talking" })), "{way:?}");
        assert_eq!(world.list_values(list_id, import.id(3)).await, Some(json!({ "app_stage": "ended" })), "{way:?}");
    }
}
