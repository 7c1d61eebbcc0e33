//! What is shown: selections as trees, and answers with what they reach nested in them.

use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::ids::PropertyId;
use crate::import::judge::fuzz::{LIST, schema_of_every_type};
use crate::property::SchemaChange;
use crate::query::QueryCode;

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn record(number: u8, object_type: ObjectType, values: &Value) -> Record {
    Record {
        id: id(number),
        object_type,
        version: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        body: values.to_string(),
    }
}

fn select(object_type: ObjectType, names: &str) -> Selection {
    Selection::of_parameter(&Schema::builtin(1), object_type, None, Some(names)).expect("known slugs")
}

/// The row that is shown of `root` when everything is read that is missing, and in how many rounds it was.
fn shown(root: &Record, selection: &Selection, there: &[Record]) -> (Value, usize) {
    let mut known = Known::default();
    let mut rounds = 0;
    loop {
        let facts = Facts { record: root, list_values: None };
        let unknown = known.unknown(selection, std::iter::once(facts)).expect("few references");
        if unknown.is_empty() {
            break;
        }
        rounds += 1;
        let found = there.iter().filter(|record| unknown.ids.contains(&record.id)).cloned().collect();
        known.add_records(&unknown.ids, found);
        for address in unknown.addresses {
            let contact = (address == "a@x.io").then_some(id(77));
            known.add_contact(address, contact);
        }
    }
    let schema = Schema::builtin(1);
    let derived = |_: &str| id(99);
    let nesting = Nesting::new(&schema, selection, None, &known, &derived);
    let row = nesting.row(&Facts { record: root, list_values: None }).expect("few references");
    (serde_json::from_str(&row).expect("JSON"), rounds)
}

fn at(number: u8, properties: Value) -> Value {
    json!({"id": id(number).to_string(), "properties": properties})
}

#[test]
fn references_are_nested_as_deep_as_is_asked() {
    let (acme, call) = (id(1).to_string(), id(2).to_string());
    let there = [
        record(1, ObjectType::Organization, &json!({"name": "Acme", "city": "Oslo", "domains": ["a.io"]})),
        record(2, ObjectType::Action, &json!({"name": "Call", "companies": [acme, id(3).to_string()]})),
    ];
    let ada =
        record(9, ObjectType::Contact, &json!({"title": "CEO", "company": acme, "actions": [call, id(3).to_string()]}));
    let bare = json!({"title": "CEO", "company": at(1, json!({})), "actions": [at(2, json!({})), at(3, json!({}))]});
    assert_eq!(shown(&ada, &Selection::All, &there), (bare.clone(), 0), "nothing is read for it");
    assert_eq!(shown(&ada, &select(ObjectType::Contact, "title,company,actions.id"), &there), (bare, 0));
    let select_deep =
        select(ObjectType::Contact, "actions.companies.name,company.name,company.city,id,company.id,company");
    let deep = json!({"company": at(1, json!({"name": "Acme", "city": "Oslo"})), "actions": [
        at(2, json!({"companies": [at(1, json!({"name": "Acme"})), at(3, json!({}))]})), at(3, json!({}))]});
    assert_eq!(shown(&ada, &select_deep, &there), (deep, 1), "what is known is not read again");
    assert_eq!(shown(&ada, &select(ObjectType::Contact, ""), &there).0, json!({}));
    assert_eq!(
        shown(&ada, &select(ObjectType::Contact, "email,tags,company.location"), &there).0,
        json!({"email": null, "tags": [], "company": at(1, json!({"location": null}))}),
        "what is asked for and has no value is shown to have none"
    );
    let nobody = record(8, ObjectType::Identity, &json!({}));
    assert_eq!(
        shown(&nobody, &select(ObjectType::Identity, "full_name,email_addresses.email,companies"), &[]).0,
        json!({"full_name": null, "email_addresses": [], "companies": []}),
    );
}

#[test]
fn what_is_asked_comes_in_the_order_in_which_it_is() {
    let selection = select(ObjectType::Contact, "title,company.name,email,company.city,title");
    let Selection::Only(chosen) = &selection else { panic!("{selection:?}") };
    assert_eq!(chosen.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["title", "company", "email"]);
    let Behind::References { multiple: false, target: ObjectType::Organization, chosen: inner } = &chosen[1].behind
    else {
        panic!("{chosen:?}")
    };
    assert_eq!(inner.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["name", "city"]);
}

#[test]
fn addresses_are_texts_or_records() {
    let ada = record(9, ObjectType::Identity, &json!({"email_addresses": ["a@x.io", "b@x.io"]}));
    let texts = json!({"email_addresses": ["a@x.io", "b@x.io"]});
    assert_eq!(shown(&ada, &Selection::All, &[]).0, texts);
    assert_eq!(shown(&ada, &select(ObjectType::Identity, "email_addresses"), &[]).0, texts);
    let records = json!({"email_addresses": [at(77, json!({"email": "a@x.io"})), at(99, json!({"email": "b@x.io"}))]});
    assert_eq!(shown(&ada, &select(ObjectType::Identity, "email_addresses,email_addresses.email"), &[]).0, records);
    let deal = record(8, ObjectType::Deal, &json!({"people": [id(9).to_string()]}));
    let nested = shown(&deal, &select(ObjectType::Deal, "people.email_addresses.email"), &[ada]);
    assert_eq!(nested, (json!({"people": [at(9, records)]}), 2));
}

#[test]
fn a_record_of_another_type_is_not_looked_into() {
    let there = [record(1, ObjectType::Contact, &json!({"name": "no organization"}))];
    let ada = record(9, ObjectType::Contact, &json!({"company": id(1).to_string()}));
    let selected = select(ObjectType::Contact, "company.name");
    assert_eq!(shown(&ada, &selected, &there).0, json!({"company": at(1, json!({}))}));
}

#[test]
fn list_values_win_in_rows_and_stand_apart_in_records() {
    let mut schema = schema_of_every_type();
    let of_list = Property::new(PropertyId::from_bytes([8; 16]), "str", "Text", PropertyType::Str, Some(LIST));
    schema.apply(SchemaChange::PutProperty(ObjectType::Contact, of_list));
    let known = Known::default();
    let contact = record(1, ObjectType::Contact, &json!({"gone": 1, "str": "own", "ref": id(2).to_string()}));
    let facts = Facts { record: &contact, list_values: Some(r#"{"app_stage":"lead","str":"of the list"}"#) };
    let derived = |_: &str| id(99);
    let show = |names: Option<&str>| {
        let selection = Selection::of_parameter(&schema, ObjectType::Contact, Some(LIST), names).expect("known slugs");
        let nesting = Nesting::new(&schema, &selection, Some(LIST), &known, &derived);
        let (default, list) = nesting.groups(&facts).expect("few");
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        (read(&nesting.row(&facts).expect("few")), read(&default), read(&list.expect("a list")))
    };
    let bare = at(2, json!({}));
    let (row, default, list) = show(None);
    assert_eq!(row, json!({"ref": bare, "app_stage": "lead", "str": "of the list"}));
    assert_eq!(default, json!({"str": "own", "ref": bare}));
    assert_eq!(list, json!({"app_stage": "lead", "str": "of the list"}));
    let (row, default, list) = show(Some("app_stage,ref"));
    assert_eq!(
        (row, default, list),
        (json!({"app_stage": "lead", "ref": bare}), json!({"ref": bare}), json!({"app_stage": "lead"}))
    );
}

#[test]
fn selections_that_are_none_are_refused() {
    let refused = |object_type: ObjectType, names: &str| {
        let fault = Selection::of_parameter(&Schema::builtin(1), object_type, None, Some(names)).expect_err("refused");
        assert_eq!(fault.field, ".query.select");
        (fault.code, fault.message)
    };
    for (names, code, part) in [
        ("emial", QueryCode::UnknownProperty, r#"did you mean "email"?"#),
        ("company.nam", QueryCode::UnknownProperty, r#"organization has no property "nam"; did you mean "name"?"#),
        ("email.name", QueryCode::UnknownProperty, "points at no record"),
        ("company.", QueryCode::UnknownProperty, "no property \"\""),
        (".", QueryCode::UnknownProperty, "no property \"\""),
        ("actions.people.companies.labels.x.y", QueryCode::QueryTooComplex, "at most 5"),
    ] {
        let (found, message) = refused(ObjectType::Contact, names);
        assert!(found == code && message.contains(part), "{names}: {message}");
    }
    assert_eq!(refused(ObjectType::Identity, "email_addresses.name").0, QueryCode::UnknownProperty);
    assert_eq!(refused(ObjectType::Contact, &vec!["email"; 501].join(",")).0, QueryCode::QueryTooComplex);
    let no_list = Selection::of_parameter(&Schema::builtin(1), ObjectType::Contact, Some(LIST), None);
    assert_eq!(no_list.expect_err("no such list").field, ".query.list_id");
}

/// Twelve people who all have the same twelve actions: four dots are 20,736 ways through 24 records.
#[test]
fn paths_that_multiply_have_an_end() {
    let ids = |from: u8| (from..from + 12).map(|number| id(number).to_string()).collect::<Vec<_>>();
    let of = |object_type, values: Value| move |number| record(number, object_type, &values);
    let people = (1..=12).map(of(ObjectType::Identity, json!({"full_name": "x", "actions": ids(21)})));
    let actions = (21..=32).map(of(ObjectType::Action, json!({"people": ids(1)})));
    let mut known = Known::default();
    known.add_records(&[], people.chain(actions).collect());
    let schema = Schema::builtin(1);
    let derived = |_: &str| id(99);
    let root = record(50, ObjectType::Action, &json!({"people": ids(1)}));
    let facts = Facts { record: &root, list_values: None };
    let deep = select(ObjectType::Action, "people.actions.people.actions.people");
    assert!(known.unknown(&deep, std::iter::once(facts)).is_err());
    assert!(Nesting::new(&schema, &deep, None, &known, &derived).row(&facts).is_err());
    let flat = select(ObjectType::Action, "people.full_name");
    let nesting = Nesting::new(&schema, &flat, None, &known, &derived);
    let rows = (0..2_000).take_while(|_| nesting.row(&facts).is_ok()).count();
    assert_eq!(rows, NESTED_RECORDS_MAX / 12, "the rows of a page are counted together");
    assert_eq!(TooManyReferences.fault(".query.select").code, QueryCode::QueryTooComplex);
}

#[test]
fn an_order_says_what_it_depends_on() {
    let schema = Schema::builtin(1);
    let cursors =
        crate::query::CursorSigner::new(&crate::key::KeyHasher::new([1; 16]), crate::ids::TeamId::from_bytes([1; 16]));
    let context = crate::query::QueryContext { schema: &schema, object_type: ObjectType::Contact, cursors: &cursors };
    let body = r#"{"query":{"select":[],"sort":[{"company.name":"asc"},{"strongest_connection.full_name":"asc"},{"email":"asc"}]}}"#;
    let sort = context.read_body(body).expect("a query").query.sort;
    let ada = record(
        9,
        ObjectType::Contact,
        &json!({"company": id(1).to_string(), "strongest_connection": id(2).to_string()}),
    );
    let facts = Facts { record: &ada, list_values: None };
    let mut known = Known::default();
    assert_eq!(known.unknown_to_order(&sort, &facts), [id(1), id(2)]);
    known.add_records(&[id(1), id(2)], vec![record(1, ObjectType::Organization, &json!({"name": "Acme"}))]);
    assert_eq!(known.unknown_to_order(&sort, &facts), []);
    let place = crate::query::position_of(&sort, &facts, &|id| known.record(id));
    assert_eq!(place.values, [Some(crate::query::SortValue::Text("acme".to_owned())), None, None]);
}
