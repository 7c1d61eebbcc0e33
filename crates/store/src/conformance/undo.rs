//! `undo_chunk`: what an import job wrote is taken back, and nothing else. In an undo `created` is a record removed,
//! `updated` one that has its values back, `existing` nothing to do.

use std::collections::BTreeMap;

use refract_domain::error::RowCode;
use refract_domain::grants::{Grants, Level};
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::undo::NO_RECORD;
use refract_domain::modelling::{ModelRequest, NamedProperty, NewProperty, PropertyName};
use refract_domain::object_type::ObjectType::{Contact, Deal};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, contact, row, updating};
use crate::{Answered, PutGrants, SchemaEffect};

fn named(email: &str, name: &str) -> Value {
    row(json!({ "email": email, "full_name": name }))
}

async fn found_by_email(world: &World, email: &str) -> Vec<&'static str> {
    world.inline(Contact, &by("email"), &[contact(email)]).await.words()
}

/// Records that the job made are gone for good: nobody finds them, nothing counts them, their keys are free.
pub async fn what_was_made_is_removed(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 2, 100] {
        let world = base.another_team().await;
        let old = world.create(Contact, &json!({ "email": "old@x.io" })).await;
        let rows = [contact("a@x.io"), contact("OLD@x.io"), contact("b@x.io"), contact("A@x.io")];
        let spec = world.job(Contact, &by("email"), &rows).await;
        let import = world.import_of(spec.id).await;
        let undo = world.undo(spec.id, chunk_rows).await;
        assert_eq!(undo.words(), ["created", "existing", "created", "existing"], "{chunk_rows}");
        assert_eq!(undo.ids(), import.ids(), "an undo names the records of its job");
        for row in [0, 2] {
            assert_eq!(world.get(Contact, import.id(row)).await, None);
            assert_eq!(world.store.get_records(&world.caller, &[import.id(row)]).await.unwrap(), []);
            let restored = world.try_restore(Contact, import.id(row)).await;
            assert_eq!(restored, crate::RecordEffect::NotFound, "it is not hidden, it is gone");
        }
        assert_eq!(world.get(Contact, old.id).await, Some(old));
        assert_eq!(world.count(Contact).await, 1);
        assert_eq!(found_by_email(&world, "a@x.io").await, ["created"], "the key is free");
    }
}

/// A record that the job changed has its values back, under a new version, and holds its old keys.
pub async fn what_was_changed_has_its_values_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 100] {
        let world = base.another_team().await;
        world.make_keyed(Contact, "phone").await;
        let old = world.create(Contact, &json!({ "email": "a@x.io", "phone": "1", "full_name": "Ada" })).await;
        let rows = [row(json!({ "email": "A@x.io", "phone": "2", "full_name": null, "title": "Countess" }))];
        let spec = world.job(Contact, &updating("email"), &rows).await;
        assert_eq!(world.import_of(spec.id).await.words(), ["updated"]);
        world.tick();
        let undo = world.undo(spec.id, chunk_rows).await;
        assert_eq!((undo.words(), undo.ids()), (vec!["updated"], vec![Some(old.id)]));
        let now = world.get(Contact, old.id).await.unwrap();
        assert_eq!((&now.body, now.version, now.created_at), (&old.body, 3, old.created_at));
        assert_eq!(now.updated_at, world.now());
        let by_phone = |phone: &str| [row(json!({ "phone": phone }))];
        assert_eq!(world.inline(Contact, &by("phone"), &by_phone("1")).await.ids(), [Some(old.id)]);
        assert_eq!(world.inline(Contact, &by("phone"), &by_phone("2")).await.words(), ["created"]);
    }
}

/// However many rows and chunks changed a record, it goes back once, to before the first.
pub async fn a_record_changed_again_goes_back_to_before_the_first_change(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 2, 100] {
        let world = base.another_team().await;
        let old = world.create(Contact, &json!({ "email": "a@x.io", "full_name": "0" })).await;
        let rows: Vec<Value> = (1..=5).map(|number| named("a@x.io", &number.to_string())).collect();
        let spec = world.job(Contact, &updating("email"), &rows).await;
        assert_eq!(world.get(Contact, old.id).await.unwrap().version, 4, "three chunks of the job changed it");
        let undo = world.undo(spec.id, chunk_rows).await;
        assert_eq!(undo.words(), ["updated", "existing", "existing", "existing", "existing"], "{chunk_rows}");
        assert_eq!(world.get(Contact, old.id).await.unwrap().body, old.body);
    }
}

/// A record that the job made and changed later is removed all the same.
pub async fn a_record_made_and_changed_is_removed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("b@x.io"), named("a@x.io", "A"), named("A@x.io", "B")];
    let spec = world.job(Contact, &updating("email"), &rows).await;
    let undo = world.undo(spec.id, 1).await;
    assert_eq!(undo.words(), ["created", "created", "existing", "existing"]);
    assert_eq!(world.count(Contact).await, 0);
}

/// What anybody has changed since stays as it is, and every row that speaks of it says so.
pub async fn what_was_edited_since_is_kept_and_named(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "0" })).await.id;
    let rows = [
        named("old@x.io", "1"),
        contact("patched@x.io"),
        contact("imported@x.io"),
        contact("deleted@x.io"),
        contact("back@x.io"),
        contact("alone@x.io"),
        named("old@x.io", "2"),
    ];
    let spec = world.job(Contact, &updating("email"), &rows).await;
    let import = world.import_of(spec.id).await;
    world.patch(Contact, old, &json!({ "full_name": "mine" })).await;
    world.patch(Contact, import.id(1), &json!({ "full_name": "mine" })).await;
    world.inline(Contact, &updating("email"), &[named("imported@x.io", "theirs")]).await;
    world.delete(Contact, import.id(3)).await;
    world.delete(Contact, import.id(4)).await;
    world.restore(Contact, import.id(4)).await;
    let mut before = Vec::new();
    for id in import.ids() {
        before.push(world.get(Contact, id.unwrap()).await);
    }
    let undo = world.undo(spec.id, 3).await;
    let kept = "edited_since";
    assert_eq!(undo.words(), [kept, kept, kept, kept, kept, "created", kept]);
    assert!(undo.error(1).first.message.contains(&import.id(1).to_string()), "{:?}", undo.error(1));
    for (row, before) in before.into_iter().enumerate().filter(|(row, _)| *row != 5) {
        assert_eq!(world.get(Contact, import.id(row)).await, before, "row {row}");
    }
    assert!(matches!(world.try_restore(Contact, import.id(3)).await, crate::RecordEffect::Written(_)));
}

/// An edit between two changes of the job would be lost if the first image came back.
pub async fn an_edit_between_two_changes_of_the_job_is_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let rows = [named("a@x.io", "1"), contact("new@x.io"), named("a@x.io", "2"), named("new@x.io", "3")];
    let spec = world.admit(Contact, &updating("email"), &rows).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 2).await.unwrap();
    world.patch(Contact, old, &json!({ "title": "mine" })).await;
    let new = world.import_of(spec.id).await.id(1);
    world.patch(Contact, new, &json!({ "title": "mine" })).await;
    world.run(lease, 2).await.unwrap();
    assert_eq!(world.undo(spec.id, 100).await.words(), ["edited_since"; 4]);
    assert_eq!(world.body(Contact, old).await["title"], "mine");
    assert_eq!(world.body(Contact, new).await["full_name"], "3");
}

/// A key that came back matches again, beside a record that took it meanwhile.
pub async fn keys_come_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    world.make_keyed(Contact, "phone").await;
    let one = world.create(Contact, &json!({ "email": "1@x.io", "phone": "1" })).await.id;
    let two = world.create(Contact, &json!({ "email": "2@x.io", "phone": "2" })).await.id;
    // The rows swap the phones, and with them the keys.
    let rows = [row(json!({ "email": "1@x.io", "phone": "2" })), row(json!({ "email": "2@x.io", "phone": "1" }))];
    let spec = world.job(Contact, &updating("email"), &rows).await;
    let other = world.create(Contact, &json!({ "phone": "2" })).await.id;
    world.undo(spec.id, 1).await;
    let phone = |phone: &str| [row(json!({ "phone": phone }))];
    assert_eq!(world.inline(Contact, &by("phone"), &phone("1")).await.ids(), [Some(one)]);
    let both = world.inline(Contact, &by("phone"), &phone("2")).await;
    assert_eq!(both.code(0), RowCode::MultipleMatches);
    assert!([two, other].iter().all(|id| both.error(0).first.message.contains(&id.to_string())), "{both:?}");
}

/// Ids that came with rows are unknown again, so that the same rows can be imported once more.
pub async fn given_ids_can_be_given_again(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let ids = [RecordId(world.ids.next()), RecordId::parse("01990000-0000-7000-8000-000000000001").unwrap()];
    let rows = ids.map(|id| json!({ "id": id.to_string(), "default": { "email": format!("{id}@x.io") } }));
    for _ in 0..2 {
        let spec = world.job(Contact, &by("email"), &rows).await;
        let import = world.import_of(spec.id).await;
        assert_eq!((import.words(), import.ids()), (vec!["created"; 2], ids.map(Some).to_vec()));
        let undo = world.undo(spec.id, 100).await;
        assert_eq!((undo.words(), undo.ids()), (vec!["created"; 2], ids.map(Some).to_vec()));
        assert_eq!(world.count(Contact).await, 0);
    }
}

/// What was rejected wrote nothing; what was met and left alone is not looked at.
pub async fn rows_that_wrote_nothing_have_nothing_to_take_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let rows = [json!("no row"), contact("a@x.io"), row(json!({ "no_such": 1 }))];
    let spec = world.job(Contact, &by("email"), &rows).await;
    world.patch(Contact, old.id, &json!({ "full_name": "mine" })).await;
    let undo = world.undo(spec.id, 100).await;
    assert_eq!(undo.words(), ["existing"; 3]);
    assert_eq!(undo.ids(), [Some(NO_RECORD), Some(old.id), Some(NO_RECORD)]);
    assert_eq!(world.get(Contact, old.id).await.unwrap().version, 2);
}

/// Options that the job made go when nobody uses them; those that others use or have changed stay.
pub async fn options_that_nobody_uses_are_removed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..by("email") };
    let tagged = |email: &str, tags: Value| row(json!({ "email": email, "tags": tags }));
    let rows = [tagged("a@x.io", json!(["one", "two"])), tagged("b@x.io", json!("three"))];
    let spec = world.job(Contact, &options, &rows).await;
    world.inline(Contact, &options, &[tagged("c@x.io", json!(["two", "four"]))]).await;
    let hidden = world.create(Contact, &json!({ "tags": ["three"] })).await.id;
    world.delete(Contact, hidden).await;
    let version = world.schema().await.version;
    assert_eq!(world.undo(spec.id, 1).await.words(), ["created"; 2]);
    let schema = world.schema().await;
    assert!(schema.version > version, "rows judged with the option are judged again");
    let tags = &schema.of(Contact).property("tags").unwrap().options;
    assert_eq!(tags.iter().map(|option| option.slug.as_str()).collect::<Vec<_>>(), ["two", "three", "four"]);
    let again = world.inline(Contact, &options, &[tagged("a@x.io", json!(["one"]))]).await;
    assert_eq!(again.words(), ["created"]);
    assert_eq!(world.body(Contact, again.id(0)).await["tags"], json!(["one"]));
}

/// What the team may only read now is refused, and can be undone once it may write it again.
pub async fn what_may_only_be_read_is_refused(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Deal, &json!({ "name": "old" })).await;
    let rows = [
        row(json!({ "name": "old", "description": "x" })),
        row(json!({ "name": "new" })),
        row(json!({ "name": "free" })),
    ];
    let spec = world.job(Deal, &updating("name"), &rows).await;
    let import = world.import_of(spec.id).await;
    let put = async |id: RecordId, level: Level| {
        let teams = BTreeMap::from([(world.caller.team_id, level)]);
        let grants = Grants { teams, ..Grants::default() };
        let command =
            PutGrants { caller: world.caller, object_type: Deal, id, grants, now: world.now(), idempotent: None };
        assert!(matches!(world.store.put_grants(command).await.unwrap(), Answered::Fresh(Some(_))));
    };
    for row in [0, 1] {
        put(import.id(row), Level::Read).await;
    }
    assert_eq!(world.undo(spec.id, 100).await.words(), ["forbidden", "forbidden", "created"]);
    assert_eq!(world.body(Deal, old.id).await["description"], "x");
    for row in [0, 1] {
        put(import.id(row), Level::Write).await;
    }
    assert_eq!(world.undo(spec.id, 100).await.words(), ["updated", "created", "existing"]);
    assert_eq!(world.get(Deal, old.id).await.unwrap().body, old.body);
    assert_eq!(world.count(Deal).await, 1);
}

/// Undone in turn, the last first, imports over imports go back all the way; in another order the later one stands in the
/// way of the earlier.
pub async fn imports_over_imports_go_back_in_turn(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for in_turn in [true, false] {
        let world = base.another_team().await;
        let old = world.create(Contact, &json!({ "email": "old@x.io", "full_name": "0" })).await;
        let mut jobs = Vec::new();
        for name in ["1", "2", "3"] {
            let rows = [named("old@x.io", name), named("new@x.io", name)];
            jobs.push(world.job(Contact, &updating("email"), &rows).await.id);
        }
        if !in_turn {
            assert_eq!(world.undo(jobs[0], 100).await.words(), ["edited_since"; 2]);
            assert_eq!(world.undo(jobs[1], 100).await.words(), ["edited_since"; 2]);
        }
        assert_eq!(world.undo(jobs[2], 100).await.words(), ["updated"; 2]);
        assert_eq!(world.undo(jobs[1], 100).await.words(), ["updated"; 2]);
        let again = world.job(Contact, &updating("email"), &[named("old@x.io", "4")]).await.id;
        assert_eq!(world.undo(again, 100).await.words(), ["updated"]);
        assert_eq!(world.undo(jobs[0], 100).await.words(), ["updated", "created"]);
        assert_eq!(world.get(Contact, old.id).await.unwrap().body, old.body);
        assert_eq!(world.count(Contact).await, 1);
    }
}

/// Values of a property that was deleted since do not come back.
pub async fn what_the_schema_knows_no_longer_stays_away(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let new = NewProperty { name: "Shoe".to_owned(), property_type: "text".to_owned(), ..NewProperty::default() };
    let SchemaEffect::Changed(made) = world.change_schema(&ModelRequest::CreateProperty(Contact, new)).await else {
        panic!("nothing stands in the way");
    };
    let old = world.create(Contact, &json!({ "email": "a@x.io", "full_name": "A", "shoe": "42" })).await.id;
    let rows = [row(json!({ "email": "a@x.io", "full_name": "B", "shoe": null }))];
    let spec = world.job(Contact, &updating("email"), &rows).await;
    let by = PropertyName::Id(made.property.id);
    let named = NamedProperty { object_type: Contact, by, list_id: None, property_type: None };
    let deleted = world.change_schema(&ModelRequest::DeleteProperty(named)).await;
    assert!(matches!(deleted, SchemaEffect::Changed(_)), "{deleted:?}");
    assert_eq!(world.undo(spec.id, 100).await.words(), ["updated"]);
    assert_eq!(world.body(Contact, old).await, json!({ "email": "a@x.io", "full_name": "A" }));
}
