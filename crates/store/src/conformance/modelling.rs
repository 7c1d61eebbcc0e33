//! `change_schema`: properties and options that a team defines, changes, archives and removes.

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::modelling::{
    Edited, ModelRequest, NamedProperty, NewOption, NewProperty, OptionPatch, PropertyName, PropertyPatch,
};
use refract_domain::object_type::ObjectType::{self, Contact, Deal, Organization};
use refract_domain::property::{Property, Schema, SelectOption};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, rendering, row};
use crate::{Answered, ChangeSchema, KeyProperty, Keying, SchemaEffect, StoreError};

fn wanted(name: &str, property_type: &str) -> NewProperty {
    NewProperty { name: name.to_owned(), property_type: property_type.to_owned(), ..NewProperty::default() }
}

fn option(value: &str) -> NewOption {
    NewOption { value: value.to_owned(), ..NewOption::default() }
}

fn named(object_type: ObjectType, property: &Property) -> NamedProperty {
    let by = PropertyName::Id(property.id);
    NamedProperty { object_type, by, list_id: property.list_id, property_type: None }
}

fn stage_of(list_id: ListId) -> NamedProperty {
    NamedProperty { object_type: Deal, by: PropertyName::Stage, list_id: Some(list_id), property_type: None }
}

fn archiving(archived: bool) -> PropertyPatch {
    PropertyPatch { enabled: Some(!archived), ..PropertyPatch::default() }
}

/// Carries a request out that nothing stands in the way of.
async fn done(world: &World, request: ModelRequest) -> Edited {
    match world.change_schema(&request).await {
        SchemaEffect::Changed(edited) => edited,
        SchemaEffect::Blocked(_, record) => panic!("record {record} stands in the way of {request:?}"),
    }
}

/// Makes a property.
async fn made(world: &World, object_type: ObjectType, new: NewProperty) -> Property {
    done(world, ModelRequest::CreateProperty(object_type, new)).await.property
}

/// The record that stands in the way.
async fn blocked_by(world: &World, request: &ModelRequest) -> Option<RecordId> {
    let version = world.schema().await.version;
    match world.change_schema(request).await {
        SchemaEffect::Blocked(_, record) => {
            assert_eq!(world.schema().await.version, version, "nothing is changed");
            Some(record)
        }
        SchemaEffect::Changed(_) => None,
    }
}

fn in_scope<'s>(
    schema: &'s Schema,
    object_type: ObjectType,
    list_id: Option<ListId>,
    slug: &str,
) -> Option<&'s Property> {
    match list_id {
        None => schema.of(object_type).property(slug),
        Some(list_id) => schema.lists[&list_id].property(slug),
    }
}

/// What is made and changed is there at once and for the next process, in both scopes, as it was said.
pub async fn properties_are_made_changed_and_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("sales_deals").await;
    let version = world.schema().await.version;
    let mut expected = Vec::new();
    for scope in [None, Some(list_id)] {
        let icon = Some("🏅".to_owned());
        let look = refract_domain::property::OptionLook { color_scheme: Some("gold".into()), ..Default::default() };
        let options = vec![NewOption { look, ..option("Gold") }, NewOption { sort_index: Some(0), ..option("Silver") }];
        let name = if scope.is_some() { "Rank" } else { "Tier" };
        let new = NewProperty { list_id: scope, required: true, icon, options, ..wanted(name, "multiselect_str") };
        let property = made(&world, Deal, new).await;
        let patch = PropertyPatch {
            name: Some(format!("{name} of deal")),
            icon: Some(None),
            required: Some(false),
            ..PropertyPatch::default()
        };
        let after = done(&world, ModelRequest::PatchProperty(named(Deal, &property), patch)).await.property;
        assert_eq!(after.options.iter().map(|option| option.slug.as_str()).collect::<Vec<_>>(), ["gold", "silver"]);
        expected.push(after);
    }
    let archived = made(&world, Deal, wanted("Old", "str")).await;
    done(&world, ModelRequest::PatchProperty(named(Deal, &archived), archiving(true))).await;
    let name = world.schema().await.of(Contact).property("email").cloned().expect("built in");
    let rename = PropertyPatch { name: Some("Address".into()), ..archiving(false) };
    done(&world, ModelRequest::PatchProperty(named(Contact, &name), rename)).await;
    let removed = made(&world, Deal, NewProperty { options: vec![option("x")], ..wanted("Gone", "select_str") }).await;
    done(&world, ModelRequest::DeleteProperty(named(Deal, &removed))).await;

    let check = |schema: &Schema| {
        for property in &expected {
            assert_eq!(in_scope(schema, Deal, property.list_id, &property.slug), Some(property));
        }
        assert!(schema.of(Deal).property("old").is_none() && schema.of(Deal).property("gone").is_none());
        assert!(schema.of(Deal).properties.contains(&Property { archived: true, ..archived.clone() }));
        assert!(!schema.of(Deal).properties.iter().any(|property| property.slug == "gone"));
        let email = schema.of(Contact).property("email").expect("built in");
        assert_eq!(*email, Property { name: "Address".into(), ..name.clone() });
    };
    let schema = world.schema().await;
    assert!(schema.version > version);
    check(&schema);
    let world = world.reopened(harness).await;
    check(&*world.schema().await);
}

/// Those that a team makes as well as those that come with a template.
pub async fn options_are_made_archived_deleted_and_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("sales_deals").await;
    let stage = stage_of(list_id);
    let before = world.schema().await.lists[&list_id].property("app_stage").cloned().expect("a stage");
    let of_slug = |slug: &str| before.options.iter().find(|option| option.slug == slug).expect("a stage").id;
    let made = done(&world, ModelRequest::CreateOption(stage.clone(), option("Paused"))).await.option.expect("made");
    let patch = OptionPatch {
        value: Some("On hold".into()),
        description: Some(Some("waits".into())),
        sort_index: Some(0),
        ..OptionPatch::default()
    };
    let held = done(&world, ModelRequest::PatchOption(stage.clone(), made.id, patch)).await.option.expect("changed");
    let archive = OptionPatch { enabled: Some(false), ..OptionPatch::default() };
    done(&world, ModelRequest::PatchOption(stage.clone(), of_slug("proposal"), archive)).await;
    done(&world, ModelRequest::DeleteOption(stage.clone(), of_slug("negotiation"))).await;
    let short = done(&world, ModelRequest::CreateOption(stage.clone(), option("Short"))).await.option.expect("made");
    done(&world, ModelRequest::DeleteOption(stage, short.id)).await;
    let check = |schema: &Schema| {
        let stage = schema.lists[&list_id].property("app_stage").expect("a stage");
        let slugs: Vec<&str> = stage.options.iter().map(|option| option.slug.as_str()).collect();
        assert_eq!(slugs, ["lead", "paused", "qualified", "proposal", "won", "lost"]);
        assert_eq!(stage.find_option("On hold"), Some(&held));
        assert!(stage.find_option("proposal").is_none());
        assert!(stage.find_any_option("proposal").is_some_and(|option| option.archived));
    };
    check(&*world.schema().await);
    let world = world.reopened(harness).await;
    check(&*world.schema().await);
}

/// What was judged under another version is judged again, so that no two edits contradict each other.
pub async fn an_edit_under_another_schema_changes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let request = ModelRequest::CreateProperty(Deal, wanted("Tier", "str"));
    let (first, second) = (world.schema_change(&request).await, world.schema_change(&request).await);
    assert!(matches!(world.store.change_schema(first).await, Ok(Answered::Fresh(SchemaEffect::Changed(_)))));
    let version = world.schema().await.version;
    let refused = world.store.change_schema(second).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(world.schema().await.version, version);
    assert!(request.edit(&*world.schema().await, refract_domain::ids::PropertyId(world.ids.next())).is_err());
}

/// Values of live and of hidden records do; once all are cleared the property goes, and its slug means nothing.
pub async fn a_value_stands_in_the_way_of_deleting_its_property(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let tier = made(&world, Deal, wanted("Tier", "str")).await;
    let delete = ModelRequest::DeleteProperty(named(Deal, &tier));
    let (empty, full) = (json!({ "name": "a" }), json!({ "name": "b", "tier": "gold" }));
    world.create(Deal, &empty).await;
    let record = world.create(Deal, &full).await.id;
    // A record of another type, or of another team, is none of it.
    let south = world.another_team().await;
    made(&south, Deal, wanted("Tier", "str")).await;
    south.create(Deal, &full).await;
    assert_eq!(blocked_by(&world, &delete).await, Some(record));
    world.delete(Deal, record).await;
    assert_eq!(blocked_by(&world, &delete).await, Some(record), "it may come back");
    world.restore(Deal, record).await;
    world.patch(Deal, record, &json!({ "tier": null })).await;
    assert_eq!(blocked_by(&world, &delete).await, None);
    assert!(world.schema().await.of(Deal).property("tier").is_none());
    assert!(south.schema().await.of(Deal).property("tier").is_some());
    let import = world.inline(Deal, &ImportOptions::default(), &[row(full)]).await;
    assert_eq!(import.words(), ["unknown_property"]);
}

/// The same for properties in the scope of a list.
pub async fn a_value_in_a_list_stands_in_the_way(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("sales_deals").await;
    let score = made(&world, Deal, NewProperty { list_id: Some(list_id), ..wanted("Score", "num") }).await;
    let delete = ModelRequest::DeleteProperty(named(Deal, &score));
    let options = ImportOptions { list_id: Some(list_id), ..by("name") };
    let import = async |score: Value| {
        let rows = [json!({ "default": { "name": "a" }, "list": { "score": score } })];
        world.inline(Deal, &ImportOptions { update_existing: true, ..options.clone() }, &rows).await
    };
    let record = import(json!(3)).await.id(0);
    assert_eq!(world.list_values(list_id, record).await, Some(json!({ "score": 3 })));
    assert_eq!(blocked_by(&world, &delete).await, Some(record));
    import(Value::Null).await;
    assert_eq!(blocked_by(&world, &delete).await, None);
    assert!(world.schema().await.lists[&list_id].property("score").is_none());
}

/// Of single and multiple selects, in records and in lists.
pub async fn a_value_stands_in_the_way_of_deleting_its_option(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = || vec![option("Gold"), option("Silver")];
    for (name, property_type, value) in
        [("Tier", "select_str", json!("gold")), ("Tiers", "multiselect_str", json!(["silver", "gold"]))]
    {
        let property = made(&world, Deal, NewProperty { options: options(), ..wanted(name, property_type) }).await;
        // A key must not keep the hidden holder out of sight.
        if property.property_type.can_be_key() {
            world.make_keyed(Deal, &property.slug).await;
        }
        let record = world.create(Deal, &json!({ property.slug.as_str(): value })).await.id;
        let delete = ModelRequest::DeleteOption(named(Deal, &property), property.options[0].id);
        assert_eq!(blocked_by(&world, &delete).await, Some(record), "{name}");
        world.delete(Deal, record).await;
        assert_eq!(blocked_by(&world, &delete).await, Some(record), "{name}, hidden");
        world.restore(Deal, record).await;
        world.patch(Deal, record, &json!({ property.slug.as_str(): null })).await;
        assert_eq!(blocked_by(&world, &delete).await, None, "{name}");
        let left = in_scope(&*world.schema().await, Deal, None, &property.slug).expect("there").options.clone();
        assert_eq!(left.iter().map(|option| option.slug.as_str()).collect::<Vec<_>>(), ["silver"]);
    }
    let list_id = world.make_list("sales_deals").await;
    let in_list = ImportOptions { list_id: Some(list_id), ..ImportOptions::default() };
    let rows = [json!({ "default": {}, "list": { "app_stage": "lead" } })];
    let record = world.inline(Deal, &in_list, &rows).await.id(0);
    let lead = world.schema().await.lists[&list_id].properties[0].options[0].id;
    assert_eq!(blocked_by(&world, &ModelRequest::DeleteOption(stage_of(list_id), lead)).await, Some(record));
}

/// A live record without the value, or with a blank one, does; a hidden one does not.
pub async fn a_missing_value_stands_in_the_way_of_requiring_it(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let tier = made(&world, Deal, wanted("Tier", "str")).await;
    let require = PropertyPatch { required: Some(true), ..PropertyPatch::default() };
    let require = ModelRequest::PatchProperty(named(Deal, &tier), require);
    world.create(Deal, &json!({ "tier": "gold" })).await;
    let record = world.create(Deal, &json!({ "name": "a" })).await.id;
    assert_eq!(blocked_by(&world, &require).await, Some(record));
    world.patch(Deal, record, &json!({ "tier": " \n" })).await;
    assert_eq!(blocked_by(&world, &require).await, Some(record));
    let hidden = world.create(Deal, &json!({})).await.id;
    world.delete(Deal, hidden).await;
    world.patch(Deal, record, &json!({ "tier": "silver" })).await;
    assert_eq!(blocked_by(&world, &require).await, None);
    assert!(world.schema().await.of(Deal).property("tier").is_some_and(|property| property.required));
}

/// A repeat is replayed, also of what something stood in the way of.
pub async fn an_edit_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let create = ModelRequest::CreateProperty(Deal, wanted("Tier", "str"));
    let command = ChangeSchema { idempotent: rendering("key", 1), ..world.schema_change(&create).await };
    let Ok(Answered::Fresh(SchemaEffect::Changed(made))) = world.store.change_schema(command).await else {
        panic!("a property")
    };
    let version = world.schema().await.version;
    world.create(Deal, &json!({ "tier": "gold" })).await;
    let delete = ModelRequest::DeleteProperty(named(Deal, &made.property));
    for (key, is_fresh) in [("other", true), ("other", false), ("key", false)] {
        let request = if key == "key" { 1 } else { 2 };
        let command = ChangeSchema { idempotent: rendering(key, request), ..world.schema_change(&delete).await };
        let answered = world.store.change_schema(command).await.unwrap();
        match answered {
            Answered::Fresh(SchemaEffect::Blocked(..)) => assert!(is_fresh),
            Answered::Replay(_) => assert!(!is_fresh),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.schema().await.version, version);
}

/// No other team sees anything of it.
pub async fn edits_are_of_their_team(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let before = south.schema().await;
    made(&north, Organization, wanted("Tier", "str")).await;
    let after = south.schema().await;
    assert_eq!(after.version, before.version);
    assert_eq!(after.of(Organization).properties, before.of(Organization).properties);
}

/// An import that makes missing options makes one of a slug that was deleted, with the same id.
pub async fn an_import_brings_a_deleted_option_back(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let status = world.schema().await.of(Deal).property("status").cloned().expect("built in");
    let won = status.find_option("won").cloned().expect("built in");
    done(&world, ModelRequest::DeleteOption(named(Deal, &status), won.id)).await;
    let rows = [row(json!({ "status": "Won" }))];
    assert_eq!(world.inline(Deal, &ImportOptions::default(), &rows).await.words(), ["invalid_option"]);
    let making = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    assert_eq!(world.inline(Deal, &making, &rows).await.words(), ["created"]);
    let back = world.schema().await.of(Deal).property("status").and_then(|status| status.find_option("won")).cloned();
    let back = back.expect("made again");
    assert_eq!((back.id, back.value.as_str()), (won.id, "Won"));
    assert_eq!(back.sort_index, status.options.len() as u32);
}

/// Deleting takes the keying along: one made anew is keyed from the start again, and matches what it should.
pub async fn a_property_made_anew_is_not_keyed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = made(&world, Deal, wanted("Code", "str")).await;
    world.make_keyed(Deal, "code").await;
    let record = world.create(Deal, &json!({ "code": "x" })).await.id;
    world.patch(Deal, record, &json!({ "code": null })).await;
    done(&world, ModelRequest::DeleteProperty(named(Deal, &first))).await;
    let again = made(&world, Deal, wanted("Code", "num")).await;
    assert_ne!(again.id, first.id);
    assert_eq!(world.schema().await.of(Deal).keyed_properties().count(), 0);
    world.patch(Deal, record, &json!({ "code": 7 })).await;
    let import = world.inline(Deal, &by("code"), &[row(json!({ "code": 7 })), row(json!({ "code": "x" }))]).await;
    assert_eq!(import.words(), ["existing", "invalid_value"]);
    assert_eq!(import.id(0), record);
}

/// Out of use it is neither written nor matched by; back in use all is as if it had never been away.
pub async fn an_archived_property_keeps_its_values_and_keys(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let code = made(&world, Deal, wanted("Code", "str")).await;
    world.make_keyed(Deal, "code").await;
    let kept = world.create(Deal, &json!({ "code": "kept" })).await.id;
    let hidden = world.create(Deal, &json!({ "code": "hidden" })).await.id;
    done(&world, ModelRequest::PatchProperty(named(Deal, &code), archiving(true))).await;
    let rows = [row(json!({ "code": "kept" }))];
    assert_eq!(world.inline(Deal, &ImportOptions::default(), &rows).await.words(), ["unknown_property"]);
    world.patch(Deal, kept, &json!({ "name": "changed" })).await;
    assert_eq!(world.body(Deal, kept).await, json!({ "code": "kept", "name": "changed" }));
    world.delete(Deal, hidden).await;
    done(&world, ModelRequest::PatchProperty(named(Deal, &code), archiving(false))).await;
    let rows = [row(json!({ "code": "KEPT" })), row(json!({ "code": "hidden" }))];
    let import = world.inline(Deal, &by("code"), &rows).await;
    assert_eq!(import.words(), ["existing", "created"]);
    assert_eq!(import.id(0), kept);
}

/// Nor is one begun to be keyed that is out of use or gone.
pub async fn what_is_out_of_use_is_not_keyed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let code = made(&world, Deal, wanted("Code", "str")).await;
    done(&world, ModelRequest::PatchProperty(named(Deal, &code), archiving(true))).await;
    for slug in ["code", "no_such_slug", "tags"] {
        let step = KeyProperty { caller: world.caller, object_type: Deal, slug: slug.to_owned(), batch_max: 1 };
        let refused = world.store.key_property(step).await;
        assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{slug}: {refused:?}");
    }
}

/// Keys are collected to the end, also while the property is out of use.
pub async fn an_archived_property_is_keyed_on(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let code = made(&world, Deal, wanted("Code", "str")).await;
    let mut ids = Vec::new();
    for value in ["a", "b", "c"] {
        ids.push(world.create(Deal, &json!({ "code": value })).await.id);
    }
    let slug = || "code".to_owned();
    let step = || KeyProperty { caller: world.caller, object_type: Deal, slug: slug(), batch_max: 1 };
    assert_eq!(world.store.key_property(step()).await.unwrap(), Keying::Building);
    done(&world, ModelRequest::PatchProperty(named(Deal, &code), archiving(true))).await;
    for _ in 0..10 {
        if world.store.key_property(step()).await.unwrap() == Keying::Ready {
            break;
        }
    }
    done(&world, ModelRequest::PatchProperty(named(Deal, &code), archiving(false))).await;
    let rows: Vec<Value> = ["A", "B", "C"].map(|value| row(json!({ "code": value }))).to_vec();
    let import = world.inline(Deal, &by("code"), &rows).await;
    assert_eq!(import.ids(), ids.into_iter().map(Some).collect::<Vec<_>>());
}

/// Of edits that run at once each is either made on top of the others or told that the schema changed.
pub async fn parallel_edits_do_not_undo_each_other(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let status = world.schema().await.of(Deal).property("status").cloned().expect("built in");
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let (world, status) = (world.clone(), named(Deal, &status));
            tokio::spawn(async move {
                let request = ModelRequest::CreateOption(status, option(&format!("Option {number}")));
                loop {
                    let command = world.schema_change(&request).await;
                    match world.store.change_schema(command).await {
                        Ok(_) => return,
                        Err(StoreError::SchemaChanged) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no edit fails");
    }
    let after = world.schema().await.of(Deal).property("status").expect("built in").options.clone();
    let made: Vec<&SelectOption> = after.iter().filter(|option| option.slug.starts_with("option_")).collect();
    assert_eq!(made.len(), 8);
    let mut indexes: Vec<u32> = after.iter().map(|option| option.sort_index).collect();
    indexes.dedup();
    assert_eq!(indexes.len(), after.len(), "each was judged knowing the ones before");
}
