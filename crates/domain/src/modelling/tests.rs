//! What a schema allows and what it comes to.

use super::*;
use crate::ids::ListId;
use crate::property::{ListSchema, app_stage};
use crate::query::{Facts, Filter, holds};

const DEAL: ObjectType = ObjectType::Deal;
const LIST: ListId = ListId(uuid::Uuid::from_u128(7));
const FRESH: PropertyId = PropertyId(uuid::Uuid::from_u128(99));

fn schema() -> Schema {
    let mut schema = Schema::builtin(1);
    let properties = vec![app_stage(LIST, &["Lead", "Won"])];
    schema.lists.insert(LIST, ListSchema { id: LIST, object_type: DEAL, properties });
    schema
}

fn new(name: &str, property_type: &str) -> NewProperty {
    NewProperty { name: name.to_owned(), property_type: property_type.to_owned(), ..NewProperty::default() }
}

fn named(property: &Property) -> NamedProperty {
    NamedProperty { object_type: DEAL, by: PropertyName::Id(property.id), list_id: None, property_type: None }
}

/// Carries a request out, which nothing stands in the way of.
fn done(schema: &mut Schema, request: &ModelRequest) -> Edited {
    let edit = request.edit(schema, FRESH).expect("it is allowed");
    edit.changes.into_iter().for_each(|change| schema.apply(change));
    edit.edited
}

fn refused(schema: &Schema, request: &ModelRequest) -> (ModelCode, String) {
    let fault = request.edit(schema, FRESH).expect_err("it is refused");
    (fault.code, fault.field)
}

fn option(value: &str) -> NewOption {
    NewOption { value: value.to_owned(), ..NewOption::default() }
}

#[test]
fn a_property_is_made_as_it_is_wanted() {
    let mut schema = schema();
    let options = vec![option("Gold"), NewOption { sort_index: Some(0), ..option("Silver") }];
    let wanted = NewProperty { required: true, icon: Some(" 🏅 ".into()), options, ..new(" Tier ", "select_str") };
    let made = done(&mut schema, &ModelRequest::CreateProperty(DEAL, wanted)).property;
    assert_eq!(schema.of(DEAL).property("tier"), Some(&made));
    assert_eq!((made.id, made.name.as_str(), made.icon.as_deref()), (FRESH, "Tier", Some("🏅")));
    assert!(made.required && !made.native && made.role_id.is_some());
    let slugs: Vec<_> = made.options.iter().map(|option| option.slug.as_str()).collect();
    assert_eq!(slugs, ["gold", "silver"]);
}

#[test]
fn what_cannot_be_made_is_said_to_be_at_fault() {
    let mut schema = schema();
    let tier = done(&mut schema, &ModelRequest::CreateProperty(DEAL, new("Tier", "str"))).property;
    assert_eq!(tier.slug, "tier");
    let of = |wanted: NewProperty| refused(&schema, &ModelRequest::CreateProperty(DEAL, wanted));
    let (invalid, conflict) = (ModelCode::Invalid, ModelCode::Conflict);
    assert_eq!(of(new(" ", "str")), (invalid, ".body.name".into()));
    assert_eq!(of(new(&"n".repeat(201), "str")), (invalid, ".body.name".into()));
    assert_eq!(of(new("tIER", "str")), (conflict, ".body.name".into()));
    assert_eq!(of(new("Other", "string")), (invalid, ".body.type".into()));
    assert_eq!(of(new("Other", "ref_user")), (invalid, ".body.type".into()));
    let slug = |slug: &str| NewProperty { slug: Some(slug.into()), ..new("Other", "str") };
    assert_eq!(of(slug("tier")), (conflict, ".body.slug".into()));
    assert_eq!(of(slug("app_stage")), (invalid, ".body.slug".into()));
    assert_eq!(of(NewProperty { list_id: Some(LIST), ..slug("status") }), (conflict, ".body.slug".into()));
    let elsewhere = ListId(uuid::Uuid::from_u128(8));
    assert_eq!(of(NewProperty { list_id: Some(elsewhere), ..slug("a") }), (invalid, ".body.list_id".into()));
    assert_eq!(of(NewProperty { options: vec![option("a")], ..slug("a") }), (invalid, ".body.options".into()));
    let twice = NewProperty { options: vec![option("a"), option(" A ")], ..new("Other", "select_str") };
    assert_eq!(of(twice), (conflict, ".body.options[1].value".into()));
    let of_contacts =
        ModelRequest::CreateProperty(ObjectType::Contact, NewProperty { list_id: Some(LIST), ..slug("a") });
    assert_eq!(refused(&schema, &of_contacts), (invalid, ".body.list_id".into()));
}

#[test]
fn a_list_has_properties_of_its_own() {
    let mut schema = schema();
    let wanted = NewProperty { list_id: Some(LIST), ..new("Stage", "select_str") };
    assert_eq!(
        refused(&schema, &ModelRequest::CreateProperty(DEAL, wanted)),
        (ModelCode::Conflict, ".body.name".into())
    );
    let wanted = NewProperty { list_id: Some(LIST), ..new("Score", "num") };
    let made = done(&mut schema, &ModelRequest::CreateProperty(DEAL, wanted)).property;
    assert!(schema.of(DEAL).property("score").is_none());
    assert_eq!(schema.lists[&LIST].property("score"), Some(&made));
    // In a query the two would mean one thing.
    let slug = NewProperty { slug: Some("score".into()), ..new("Score", "num") };
    assert_eq!(refused(&schema, &ModelRequest::CreateProperty(DEAL, slug)), (ModelCode::Conflict, ".body.slug".into()));
    assert_eq!(done(&mut schema, &ModelRequest::CreateProperty(DEAL, new("Score", "num"))).property.slug, "score_2");
}

#[test]
fn a_patch_changes_what_it_names() {
    let mut schema = schema();
    let tier = done(&mut schema, &ModelRequest::CreateProperty(DEAL, new("Tier", "str"))).property;
    let patch = PropertyPatch { name: Some("Level".into()), icon: Some(None), ..PropertyPatch::default() };
    let after = done(&mut schema, &ModelRequest::PatchProperty(named(&tier), patch)).property;
    assert_eq!(after, Property { name: "Level".into(), ..tier.clone() });
    let archive = PropertyPatch { enabled: Some(false), ..PropertyPatch::default() };
    done(&mut schema, &ModelRequest::PatchProperty(named(&tier), archive));
    assert!(schema.of(DEAL).property("tier").is_none());
    let restore = PropertyPatch { enabled: Some(true), ..PropertyPatch::default() };
    done(&mut schema, &ModelRequest::PatchProperty(named(&tier), restore));
    assert_eq!(schema.of(DEAL).property("tier").map(|property| property.name.as_str()), Some("Level"));
    let mut wrong_type = named(&tier);
    wrong_type.property_type = Some("num".into());
    let request = ModelRequest::PatchProperty(wrong_type, PropertyPatch::default());
    assert_eq!(refused(&schema, &request), (ModelCode::Invalid, ".body.type".into()));
    let mut elsewhere = named(&tier);
    elsewhere.list_id = Some(LIST);
    let request = ModelRequest::PatchProperty(elsewhere, PropertyPatch::default());
    assert_eq!(refused(&schema, &request).0, ModelCode::NotFound);
}

/// Of which bodies the query of an edit has an answer.
fn stands_in_the_way(edit: &SchemaEdit, body: &str) -> bool {
    let Some(query) = &edit.unless else { return false };
    let record = crate::record::Record {
        id: crate::ids::RecordId::from_bytes([1; 16]),
        object_type: DEAL,
        version: 1,
        created_at: crate::clock::Timestamp(0),
        updated_at: crate::clock::Timestamp(0),
        body: body.to_owned(),
    };
    let facts = Facts { record: &record, list_values: None };
    holds(&query.filter, &facts, &|_| None)
}

#[test]
fn records_stand_in_the_way_of_what_they_contradict() {
    let mut schema = schema();
    let wanted = NewProperty { options: vec![option("Gold")], ..new("Tier", "select_str") };
    let tier = done(&mut schema, &ModelRequest::CreateProperty(DEAL, wanted)).property;
    let require = PropertyPatch { required: Some(true), ..PropertyPatch::default() };
    let text = schema.of(DEAL).property("name").cloned().expect("built in");
    let edit = |request: ModelRequest| request.edit(&schema, FRESH).expect("it is allowed");
    let cases = [
        (edit(ModelRequest::DeleteProperty(named(&tier))), r#"{"tier":"gold"}"#, "{}"),
        (
            edit(ModelRequest::DeleteOption(named(&tier), tier.options[0].id)),
            r#"{"tier":"gold"}"#,
            r#"{"tier":"other"}"#,
        ),
        (edit(ModelRequest::PatchProperty(named(&tier), require.clone())), "{}", r#"{"tier":"gold"}"#),
        (edit(ModelRequest::PatchProperty(named(&text), require)), r#"{"name":" \t"}"#, r#"{"name":"x"}"#),
    ];
    for (edit, bad, good) in cases {
        assert!(stands_in_the_way(&edit, bad), "{bad} of {:?}", edit.edited.property.slug);
        assert!(!stands_in_the_way(&edit, good), "{good} of {:?}", edit.edited.property.slug);
        assert!(!matches!(edit.unless.map(|query| query.filter), None | Some(Filter::All(_))));
    }
}

#[test]
fn options_are_made_changed_and_removed() {
    let mut schema = schema();
    let stage = NamedProperty { object_type: DEAL, by: PropertyName::Stage, list_id: Some(LIST), property_type: None };
    let made = done(&mut schema, &ModelRequest::CreateOption(stage.clone(), option("Lost"))).option.expect("an option");
    assert_eq!((made.slug.as_str(), made.sort_index), ("lost", 2));
    let patch = OptionPatch {
        value: Some("Gone".into()),
        color_scheme: Some(Some("red".into())),
        sort_index: Some(0),
        ..OptionPatch::default()
    };
    let after = done(&mut schema, &ModelRequest::PatchOption(stage.clone(), made.id, patch)).option.expect("an option");
    assert_eq!((after.value.as_str(), after.look.color_scheme.as_deref()), ("Gone", Some("red")));
    let slugs = |schema: &Schema| -> Vec<String> {
        schema.lists[&LIST].properties[0].options.iter().map(|option| option.slug.clone()).collect()
    };
    assert_eq!(slugs(&schema), ["lead", "lost", "won"]);
    done(&mut schema, &ModelRequest::DeleteOption(stage.clone(), made.id));
    assert_eq!(slugs(&schema), ["lead", "won"]);
    // One that comes with the template goes, too, and another may have its value.
    let lead = schema.lists[&LIST].properties[0].options[0].clone();
    let archive = OptionPatch { enabled: Some(false), ..OptionPatch::default() };
    done(&mut schema, &ModelRequest::PatchOption(stage.clone(), lead.id, archive));
    assert!(schema.lists[&LIST].properties[0].find_option("lead").is_none());
    let again =
        done(&mut schema, &ModelRequest::CreateOption(stage.clone(), option("Lead"))).option.expect("an option");
    assert_eq!(again.slug, "lead_2");
    let bring_back = OptionPatch { enabled: Some(true), ..OptionPatch::default() };
    let request = ModelRequest::PatchOption(stage.clone(), lead.id, bring_back);
    assert_eq!(refused(&schema, &request), (ModelCode::Conflict, ".body.value".into()));
    let slug = OptionPatch { slug: Some("other".into()), ..OptionPatch::default() };
    let request = ModelRequest::PatchOption(stage.clone(), lead.id, slug);
    assert_eq!(refused(&schema, &request), (ModelCode::Invalid, ".body.slug".into()));
    let taken = NewOption { slug: Some("won".into()), ..option("x") };
    assert_eq!(refused(&schema, &ModelRequest::CreateOption(stage, taken)), (ModelCode::Conflict, ".body.slug".into()));
}

#[test]
fn what_refract_brings_along_is_archived_and_not_deleted() {
    let schema = schema();
    let name = schema.of(DEAL).property("name").expect("built in");
    assert_eq!(refused(&schema, &ModelRequest::DeleteProperty(named(name))).0, ModelCode::Conflict);
    let archive = PropertyPatch { enabled: Some(false), ..PropertyPatch::default() };
    let stage = NamedProperty { object_type: DEAL, by: PropertyName::Stage, list_id: Some(LIST), property_type: None };
    assert_eq!(refused(&schema, &ModelRequest::PatchProperty(stage, archive.clone())).0, ModelCode::Conflict);
    assert!(ModelRequest::PatchProperty(named(name), archive).edit(&schema, FRESH).is_ok());
    let options = ModelRequest::CreateOption(named(name), option("x"));
    assert_eq!(refused(&schema, &options), (ModelCode::Invalid, ".path.propertyId".into()));
}
