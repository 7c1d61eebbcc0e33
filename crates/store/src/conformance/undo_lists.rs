//! `undo_chunk` in lists: places that the job made or changed.

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Organization;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, row, updating};

fn into(list_id: ListId, options: ImportOptions) -> ImportOptions {
    ImportOptions { list_id: Some(list_id), ..options }
}

fn staged(name: &str, stage: &str) -> Value {
    json!({ "default": { "name": name }, "list": { "app_stage": stage } })
}

async fn stage(world: &World, list_id: ListId, id: RecordId) -> Option<Value> {
    world.list_values(list_id, id).await.map(|values| values["app_stage"].clone())
}

/// Who joined leaves, who was a member has the values from before, and a record that was made leaves with its place.
pub async fn places_go_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 100] {
        let world = base.another_team().await;
        let list_id = world.make_list("partnerships").await;
        let outside = world.create(Organization, &json!({ "name": "Outside" })).await;
        let member = world.inline(Organization, &into(list_id, by("name")), &[staged("Member", "talking")]).await.id(0);
        let rows = [
            staged("Member", "agreed"),
            staged("Outside", "agreed"),
            staged("New", "agreed"),
            staged("Member", "ended"),
            staged("Outside", "ended"),
        ];
        let spec = world.job(Organization, &into(list_id, updating("name")), &rows).await;
        assert_eq!(world.count_members(Organization, list_id).await, 3);
        let undo = world.undo(spec.id, chunk_rows).await;
        assert_eq!(undo.words(), ["updated", "updated", "created", "existing", "existing"]);
        assert_eq!(stage(&world, list_id, member).await, Some(json!("talking")));
        assert_eq!(world.list_values(list_id, outside.id).await, None);
        assert_eq!(world.count_members(Organization, list_id).await, 1);
        assert_eq!(world.count(Organization).await, 2);
        let now = world.get(Organization, outside.id).await;
        assert_eq!(now, Some(outside), "leaving a list is no change of the record");
    }
}

/// A skipped record that only joined leaves again.
pub async fn who_only_joined_leaves(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    let old = world.create(Organization, &json!({ "name": "A" })).await.id;
    let spec = world.job(Organization, &into(list_id, by("name")), &[staged("A", "agreed")]).await;
    assert_eq!(world.import_of(spec.id).await.words(), ["existing"]);
    assert_eq!(world.undo(spec.id, 100).await.words(), ["updated"]);
    assert_eq!(world.list_values(list_id, old).await, None);
    assert_eq!(world.count_members(Organization, list_id).await, 0);
}

/// Values in a list that were changed since are an edit, of a record that was made and of one that was there.
pub async fn values_changed_in_the_list_are_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    world.create(Organization, &json!({ "name": "Old" })).await;
    let rows = [staged("Old", "talking"), staged("New", "talking"), staged("Alone", "talking")];
    let spec = world.job(Organization, &into(list_id, updating("name")), &rows).await;
    let import = world.import_of(spec.id).await;
    let edits = [staged("Old", "agreed"), staged("New", "agreed")];
    world.inline(Organization, &into(list_id, updating("name")), &edits).await;
    assert_eq!(world.undo(spec.id, 100).await.words(), ["edited_since", "edited_since", "created"]);
    for row in [0, 1] {
        assert_eq!(stage(&world, list_id, import.id(row)).await, Some(json!("agreed")));
    }
}

/// Whoever put a new record into another list has a use for it; one that was there before may be in any.
pub async fn a_place_in_another_list_keeps_a_new_record(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (one, other) = (world.make_list("partnerships").await, world.make_list("partnerships").await);
    let old = world.create(Organization, &json!({ "name": "Old" })).await;
    let rows = [staged("Old", "talking"), staged("New", "talking"), staged("Alone", "talking")];
    let spec = world.job(Organization, &into(one, by("name")), &rows).await;
    let new = world.import_of(spec.id).await.id(1);
    let joining = [row(json!({ "name": "Old" })), row(json!({ "name": "New" }))];
    world.inline(Organization, &into(other, by("name")), &joining).await;
    assert_eq!(world.undo(spec.id, 100).await.words(), ["updated", "edited_since", "created"]);
    assert_eq!(stage(&world, one, new).await, Some(json!("talking")));
    assert_eq!(world.list_values(other, old.id).await, Some(json!({})));
    assert_eq!(world.count_members(Organization, one).await, 1);
    assert_eq!(world.count_members(Organization, other).await, 2);
}

/// Imports into a list, one over the other, go back in turn.
pub async fn places_go_back_in_turn(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    let old = world.create(Organization, &json!({ "name": "Old" })).await.id;
    let mut jobs = Vec::new();
    for stage in ["talking", "agreed", "ended"] {
        let rows = [staged("Old", stage), staged("New", stage)];
        jobs.push(world.job(Organization, &into(list_id, updating("name")), &rows).await.id);
    }
    assert_eq!(world.undo(jobs[1], 100).await.words(), ["edited_since"; 2]);
    assert_eq!(world.undo(jobs[2], 1).await.words(), ["updated"; 2]);
    assert_eq!(stage(&world, list_id, old).await, Some(json!("agreed")));
    assert_eq!(world.undo(jobs[1], 1).await.words(), ["updated"; 2]);
    assert_eq!(stage(&world, list_id, old).await, Some(json!("talking")));
    assert_eq!(world.undo(jobs[0], 1).await.words(), ["updated", "created"]);
    assert_eq!(world.list_values(list_id, old).await, None);
    assert_eq!(world.count_members(Organization, list_id).await, 0);
}
