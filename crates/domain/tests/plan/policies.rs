//! Rows without a key, keys of several records, values where there is one: as callers want them decided.

use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::judge::{ContextError, JudgeContext};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::{Outcome, Skip};
use refract_domain::import::policy::{Duplicates, OnMissingKey, OnMultiple, PropertyRule, WriteWord};
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use uuid::Uuid;

use crate::world::{LIST, World};

const CREATED: Outcome = Outcome::Created { given_id: None };

fn updating() -> ImportOptions {
    ImportOptions { dedupe_by: Some("email".into()), update_existing: true, ..ImportOptions::default() }
}

fn rule(slug: &str, write: WriteWord) -> PropertyRule {
    PropertyRule { in_list: false, slug: slug.to_owned(), write }
}

fn codes(outcomes: &[Outcome]) -> Vec<Option<RowCode>> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Rejected(error) => Some(error.first.code),
        _ => None,
    };
    outcomes.iter().map(code).collect()
}

#[test]
fn a_row_without_a_key_is_a_fault_where_keys_are_demanded() {
    let demanding = ImportOptions { on_missing_key: OnMissingKey::Fail, ..updating() };
    let mut world = World::new();
    let rows = [
        r#"{"default":{"email":"a@x.io"}}"#,
        r#"{"default":{"email":" "}}"#,
        r#"{"default":{"title":"CEO"}}"#,
        r#"{"default":{"email":null}}"#,
        r#"{"id":"00000000-0000-0000-0000-000000000009","default":{}}"#,
        r#"{"default":{"email":[1]}}"#,
        "[]",
    ];
    let missing = Some(RowCode::MissingKey);
    let expected = [None, missing, missing, missing, None, Some(RowCode::InvalidValue), Some(RowCode::InvalidRow)];
    let outcomes = world.import(&demanding, 0, &rows);
    assert_eq!(codes(&outcomes[..6]), expected[..6]);
    let Outcome::Rejected(error) = &outcomes[5] else { panic!("a faulty key") };
    assert_eq!(error.faults().count(), 1, "a key that is faulty is not missing");
    let Outcome::Rejected(error) = &outcomes[1] else { panic!("no key") };
    assert_eq!(error.first.field, "default.email");
    assert_eq!(world.import(&updating(), 10, &rows[1..4]), vec![CREATED; 3], "by default such rows make records");
}

#[test]
fn a_row_without_a_key_is_passed_over_where_that_is_asked() {
    let passing = ImportOptions { on_missing_key: OnMissingKey::Skip, ..updating() };
    let mut world = World::new();
    let rows = [
        r#"{"default":{"title":"CEO"}}"#,
        r#"{"default":{"email":"a@x.io"}}"#,
        r#"{"default":{"no_such":1}}"#,
        r#"{"id":"00000000-0000-0000-0000-000000000009","default":{}}"#,
        r#"{"default":{"email":null,"title":"CEO"}}"#,
    ];
    let outcomes = world.import(&passing, 0, &rows);
    assert_eq!(codes(&outcomes), [None, None, Some(RowCode::UnknownProperty), None, None]);
    let skipped = Outcome::Skipped(Skip::MissingKey);
    let with_id = Outcome::Created { given_id: Some(RecordId(Uuid::from_u128(9))) };
    assert_eq!([&outcomes[0], &outcomes[1], &outcomes[3], &outcomes[4]], [&skipped, &CREATED, &with_id, &skipped]);
    assert_eq!(world.records.len(), 2);
    world.assert_keys_are_those_of_the_records(&passing);
}

#[test]
fn all_or_nothing_writes_nothing_where_a_row_cannot_be_taken() {
    let atomic =
        ImportOptions { atomic: true, create_missing_options: true, on_missing_key: OnMissingKey::Skip, ..updating() };
    let seeded = || {
        let mut world = World::new();
        world.put(1, &updating(), r#"{"email":"old@x.io"}"#);
        world
    };
    let good = [
        r#"{"default":{"email":"a@x.io","seniority":"Astronaut"}}"#,
        r#"{"default":{"email":"old@x.io","title":"CEO"}}"#,
        r#"{"default":{}}"#,
    ];
    let mut world = seeded();
    let outcomes = world.import(&atomic, 0, &good);
    let skipped = Outcome::Skipped(Skip::MissingKey);
    assert_eq!(outcomes, [CREATED, Outcome::Updated(RecordId(Uuid::from_u128(1))), skipped]);

    let mut world = seeded();
    let (records, keys, left) = (world.records.clone(), world.keys.clone(), world.options_left);
    let mut rows = good.to_vec();
    rows.push(r#"{"default":{"no_such":1}}"#);
    let outcomes = world.import(&atomic, 0, &rows);
    let other = Some(RowCode::AnotherRowFailed);
    assert_eq!(codes(&outcomes), [other, other, None, Some(RowCode::UnknownProperty)]);
    let Outcome::Rejected(error) = &outcomes[0] else { panic!("turned down") };
    assert!(error.first.message.contains("input_index 3"), "{}", error.first.message);
    assert_eq!((world.records, world.keys, world.options_left), (records, keys, left));
}

#[test]
fn duplicates_need_a_key_that_is_known_beforehand() {
    let refused = |options: ImportOptions| {
        let schema = std::sync::Arc::new(World::new().schema);
        let team_id = refract_domain::ids::TeamId(Uuid::from_u128(1));
        JudgeContext::new(team_id, schema, ObjectType::Contact, options, &KeyHasher::new([3; 16])).err()
    };
    let first = ImportOptions { duplicates: Duplicates::First, ..ImportOptions::default() };
    assert_eq!(refused(first.clone()), Some(ContextError::RuleWithoutKey { option: "duplicates" }));
    let by_option =
        ImportOptions { dedupe_by: Some("seniority".into()), create_missing_options: true, ..first.clone() };
    let unknown = ContextError::DuplicatesByNewOptions { slug: "seniority".into() };
    assert_eq!(refused(by_option.clone()), Some(unknown));
    assert_eq!(refused(ImportOptions { create_missing_options: false, ..by_option }), None);
    assert_eq!(refused(ImportOptions { dedupe_by: Some("email".into()), ..first }), None);
}

#[test]
fn a_key_that_waits_for_its_option_is_not_missing() {
    let options = ImportOptions {
        dedupe_by: Some("seniority".into()),
        create_missing_options: true,
        on_missing_key: OnMissingKey::Fail,
        ..ImportOptions::default()
    };
    let row = r#"{"default":{"seniority":"Astronaut"}}"#;
    assert_eq!(codes(&World::new().import(&options, 0, &[row])), [None]);
}

#[test]
fn of_several_records_the_oldest_or_the_newest_is_meant() {
    for (on_multiple, place) in [(OnMultiple::Oldest, 0), (OnMultiple::Newest, 2)] {
        let mut world = World::new();
        let ids = [5, 3, 9].map(|id| world.put(id, &updating(), r#"{"email":"a@x.io"}"#));
        let mut sorted = ids;
        sorted.sort_unstable();
        let row = r#"{"default":{"email":"A@x.io","title":"CEO"}}"#;
        assert_eq!(codes(&world.import(&updating(), 0, &[row])), [Some(RowCode::MultipleMatches)]);
        let options = ImportOptions { on_multiple, ..updating() };
        assert_eq!(world.import(&options, 0, &[row]), [Outcome::Updated(sorted[place])]);
        let changed = world.records.values().filter(|record| record.body.contains("CEO")).count();
        assert_eq!(changed, 1, "one record is meant, and no other is touched");
        world.assert_keys_are_those_of_the_records(&options);
    }
}

#[test]
fn values_are_filled_in_or_appended_where_that_was_asked() {
    let write = vec![
        rule("title", WriteWord::FillIfEmpty),
        rule("city", WriteWord::FillIfEmpty),
        rule("country", WriteWord::FillIfEmpty),
        rule("department", WriteWord::Append),
        rule("phone", WriteWord::Replace),
    ];
    let options = ImportOptions { write, ..updating() };
    let mut world = World::new();
    let body = r#"{"email":"a@x.io","title":"CEO","city":"","department":["sales"],"phone":"1"}"#;
    let id = world.put(1, &options, body);
    let row = r#"{"default":{"email":"a@x.io","title":"CTO","city":"Oslo","country":"NO","department":["legal","sales"],"phone":"2"}}"#;
    assert_eq!(world.import(&options, 0, &[row, row]), [Outcome::Updated(id), Outcome::Existing(id)]);
    let expected =
        r#"{"email":"a@x.io","title":"CEO","city":"Oslo","department":["sales","legal"],"phone":"2","country":"NO"}"#;
    assert_eq!(world.records[&id].body, expected);
    let clearing = r#"{"default":{"email":"a@x.io","title":null,"city":"","department":null,"phone":null}}"#;
    assert_eq!(world.import(&options, 10, &[clearing]), [Outcome::Updated(id)]);
    let expected = r#"{"email":"a@x.io","title":"CEO","city":"Oslo","department":["sales","legal"],"country":"NO"}"#;
    assert_eq!(world.records[&id].body, expected, "null clears only what is replaced");
    let removing = r#"{"default":{"email":"a@x.io","department":{"_op":"remove","values":["sales"]}}}"#;
    world.import(&options, 20, &[removing]);
    assert!(world.records[&id].body.contains(r#""department":["legal"]"#), "a row that says what to do has its way");
}

#[test]
fn a_new_record_takes_its_values_whatever_the_rules_and_holds_its_keys() {
    let write = vec![rule("email", WriteWord::FillIfEmpty), rule("labels", WriteWord::Append)];
    let options = ImportOptions { write, create_missing_options: true, ..updating() };
    let mut world = World::new();
    let rows = [r#"{"default":{"email":"a@x.io","labels":["x"]}}"#, r#"{"default":{"email":"A@X.io","labels":["y"]}}"#];
    let outcomes = world.import(&options, 0, &rows);
    assert_eq!(outcomes, [CREATED, Outcome::Updated(World::ids().record_id(0))]);
    let body = &world.records[&World::ids().record_id(0)].body;
    assert!(body.contains(r#""email":"a@x.io""#) && body.contains(r#""labels":["x","y"]"#), "{body}");
    world.assert_keys_are_those_of_the_records(&options);
}

#[test]
fn no_option_is_made_for_a_value_that_fills_nothing() {
    let options = ImportOptions {
        write: vec![rule("seniority", WriteWord::FillIfEmpty)],
        create_missing_options: true,
        ..updating()
    };
    let mut world = World::new();
    let full = world.put(1, &options, r#"{"email":"a@x.io","seniority":"vp"}"#);
    let empty = world.put(2, &options, r#"{"email":"b@x.io"}"#);
    let row = |email: &str| format!(r#"{{"default":{{"email":"{email}","seniority":"Astronaut"}}}}"#);
    assert_eq!(world.import(&options, 0, &[&row("a@x.io")]), [Outcome::Existing(full)]);
    assert_eq!(world.options_left, 1_000, "nothing needs the option");
    assert_eq!(world.import(&options, 1, &[&row("b@x.io")]), [Outcome::Updated(empty)]);
    assert_eq!(world.options_left, 999);
    assert!(world.records[&empty].body.contains(r#""seniority":"astronaut""#));
}

#[test]
fn policies_that_cannot_be_meant_are_refused() {
    let refused = |options: ImportOptions| {
        let world = World::new();
        let team = refract_domain::ids::TeamId(uuid::Uuid::from_u128(1));
        let schema = std::sync::Arc::new(world.schema);
        let hasher = KeyHasher::new([3; 16]);
        JudgeContext::new(team, schema, ObjectType::Contact, options, &hasher).map(drop)
    };
    let ruled = |rule: PropertyRule| refused(ImportOptions { write: vec![rule], ..updating() });
    let keyless = ImportOptions { on_missing_key: OnMissingKey::Fail, ..ImportOptions::default() };
    assert_eq!(refused(keyless), Err(ContextError::RuleWithoutKey { option: "on_missing_key" }));
    let keyless = ImportOptions { on_multiple: OnMultiple::Newest, ..ImportOptions::default() };
    assert_eq!(refused(keyless), Err(ContextError::RuleWithoutKey { option: "on_multiple" }));
    let error = ruled(rule("titel", WriteWord::FillIfEmpty)).expect_err("no such property");
    assert!(error.to_string().contains("did you mean \"title\"?"), "{error}");
    let error = ruled(rule("title", WriteWord::Append)).expect_err("one value");
    assert!(error.to_string().contains("\"title\" is of type str"), "{error}");
    let of_list = PropertyRule { in_list: true, ..rule("app_stage", WriteWord::FillIfEmpty) };
    assert!(matches!(ruled(of_list.clone()), Err(ContextError::UnknownWriteProperty { .. })), "no list is named");
    assert_eq!(refused(ImportOptions { list_id: Some(LIST), write: vec![of_list], ..updating() }), Ok(()));
}
