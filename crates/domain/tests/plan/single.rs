//! Writes of single records: a record meant by a value, values that must be there, records that must be there, deltas.

use refract_domain::change::WriteRule;
use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::judge::{MeantRecord, judge_row};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::row::{JudgedChunk, JudgedRow};
use refract_domain::object_type::ObjectType;
use uuid::Uuid;

use crate::world::{LIST, World};

const CREATED: Outcome = Outcome::Created { given_id: None };

fn by(slug: &str) -> ImportOptions {
    ImportOptions { dedupe_by: Some(slug.into()), ..ImportOptions::default() }
}

fn updating(slug: &str) -> ImportOptions {
    ImportOptions { update_existing: true, ..by(slug) }
}

fn body(world: &World, outcome: &Outcome) -> String {
    let id = outcome.record_id(&World::ids(), 0).expect("a record");
    world.records[&id].body.clone()
}

/// Upserts by a value, insisting on what must be there.
fn upsert(world: &mut World, options: &ImportOptions, value: &str, raw_body: &str) -> Outcome {
    let context = world.context(options).insisting();
    let mut chunk = JudgedChunk { schema_version: world.schema.version, ..JudgedChunk::default() };
    judge_row(&context, raw_body.as_bytes(), &mut chunk);
    let meant = MeantRecord::of(&context, value).expect("a value");
    meant.meant_by(&mut chunk, WriteRule::Fill);
    world.write(&context, &chunk).pop().expect("an outcome")
}

fn codes(outcome: &Outcome) -> Vec<(String, RowCode)> {
    match outcome {
        Outcome::Rejected(error) => error.faults().map(|fault| (fault.field.clone(), fault.code)).collect(),
        other => panic!("expected a rejection, got {other:?}"),
    }
}

#[test]
fn a_record_that_nobody_has_is_made_with_the_value_unless_the_body_has_one() {
    for (sent, made) in [
        ("{}", r#"{"email":"A@x.io"}"#),
        (r#"{"default":{"city":"Oslo"}}"#, r#"{"city":"Oslo","email":"A@x.io"}"#),
        (r#"{"default":{"email":null}}"#, r#"{"email":"A@x.io"}"#),
        (r#"{"default":{"email":""}}"#, r#"{"email":"A@x.io"}"#),
        (r#"{"default":{"email":"b@x.io"}}"#, r#"{"email":"b@x.io"}"#),
    ] {
        let mut world = World::new();
        let outcome = upsert(&mut world, &updating("email"), "A@x.io", sent);
        assert_eq!((&outcome, body(&world, &outcome).as_str()), (&CREATED, made), "{sent}");
        world.assert_keys_are_those_of_the_records(&updating("email"));
    }
}

#[test]
fn a_record_that_has_the_value_is_patched_whatever_the_body_says_of_it() {
    for (sent, after) in [
        ("{}", None),
        (r#"{"default":{"city":"Oslo"}}"#, Some(r#"{"email":"a@x.io","city":"Oslo"}"#)),
        (r#"{"default":{"email":"b@x.io"}}"#, Some(r#"{"email":"b@x.io"}"#)),
        (r#"{"default":{"email":null}}"#, Some("{}")),
    ] {
        let mut world = World::new();
        let id = world.put(1, &by("email"), r#"{"email":"a@x.io"}"#);
        let outcome = upsert(&mut world, &updating("email"), " A@X.io ", sent);
        let expected = if after.is_some() { Outcome::Updated(id) } else { Outcome::Existing(id) };
        assert_eq!((outcome, world.records[&id].body.as_str()), (expected, after.unwrap_or(r#"{"email":"a@x.io"}"#)));
        world.assert_keys_are_those_of_the_records(&updating("email"));
        assert_eq!(world.records.len(), 1);
    }
}

#[test]
fn a_value_that_several_have_names_none() {
    let mut world = World::new();
    world.put(1, &by("email"), r#"{"email":"a@x.io"}"#);
    world.put(2, &by("email"), r#"{"email":"A@x.io"}"#);
    let outcome = upsert(&mut world, &updating("email"), "a@x.io", "{}");
    assert_eq!(codes(&outcome), [("default.email".to_owned(), RowCode::MultipleMatches)]);
}

#[test]
fn a_value_must_be_one_and_of_its_type() {
    let world = World::new();
    let of =
        |slug: &str, value: &str| MeantRecord::of(&world.context(&by(slug)), value).map_err(|error| error.first.code);
    assert_eq!(of("email", "  ").err(), Some(RowCode::InvalidValue));
    assert_eq!(of("email", &"x".repeat(5_000)).err(), Some(RowCode::DedupeValueTooLong));
    assert_eq!(of("first_interaction_date", "yesterday").err(), Some(RowCode::InvalidValue));
    assert_eq!(of("seniority", "no such").err(), Some(RowCode::InvalidOption));
    assert_eq!(of("email", "ADA@x.io").map(|_| ()), Ok(()));
    assert!(MeantRecord::of(&world.context(&ImportOptions::default()), "x").is_err());
}

#[test]
fn an_upsert_puts_the_record_into_the_list() {
    let mut world = World::new();
    let options = ImportOptions { list_id: Some(LIST), ..updating("email") };
    let sent = r#"{"list":{"app_stage":"lead"}}"#;
    let outcome = upsert(&mut world, &options, "a@x.io", sent);
    let id = outcome.record_id(&World::ids(), 0).expect("made");
    assert_eq!(world.records[&id].list_values.as_deref(), Some(r#"{"app_stage":"lead"}"#));
    assert_eq!(upsert(&mut world, &options, "a@x.io", r#"{"list":{"app_stage":"won"}}"#), Outcome::Updated(id));
    assert_eq!(world.records[&id].list_values.as_deref(), Some(r#"{"app_stage":"won"}"#));
}

fn requiring(slugs: &[&str]) -> World {
    let mut world = World::new();
    for slug in slugs {
        let property = world.schema.property_mut(None, ObjectType::Contact, slug).expect("a built-in");
        property.required = true;
    }
    world
}

#[test]
fn what_must_be_there_is_missed_when_a_record_is_made_and_not_in_imports() {
    let mut world = requiring(&["title", "city", "email"]);
    let missing = |slug: &str| (format!("default.{slug}"), RowCode::MissingRequired);
    let outcome = upsert(&mut world, &updating("email"), "a@x.io", r#"{"default":{"city":" ","title":""}}"#);
    let mut faults = codes(&outcome);
    faults.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(faults, [missing("city"), missing("title")], "the value of the path is a value");
    assert!(world.records.is_empty());
    assert!(world.keys.values().all(Vec::is_empty) || world.keys.is_empty(), "{:?}", world.keys);
    let sent = r#"{"default":{"city":"Oslo","title":"CEO"}}"#;
    assert_eq!(upsert(&mut world, &updating("email"), "a@x.io", sent), CREATED);
    assert_eq!(world.import(&by("email"), 5, &[r#"{"default":{"email":"b@x.io"}}"#]), [CREATED], "an import may");
}

#[test]
fn what_must_be_there_cannot_be_cleared_but_may_go_on_missing() {
    let mut world = requiring(&["title", "tags"]);
    let id = world.put(1, &by("email"), r#"{"email":"a@x.io","title":"CEO"}"#);
    for sent in [r#"{"default":{"title":null}}"#, r#"{"default":{"title":" "}}"#] {
        let outcome = upsert(&mut world, &updating("email"), "a@x.io", sent);
        assert_eq!(codes(&outcome), [("default.title".to_owned(), RowCode::MissingRequired)], "{sent}");
    }
    let outcome = upsert(&mut world, &updating("email"), "a@x.io", r#"{"default":{"title":"CTO"}}"#);
    assert_eq!(outcome, Outcome::Updated(id), "tags were missing before");
    let rows = [r#"{"default":{"email":"a@x.io","title":null}}"#];
    assert_eq!(world.import(&updating("email"), 0, &rows), [Outcome::Updated(id)], "an import may");
}

#[test]
fn a_row_for_a_record_that_must_be_there_makes_none() {
    let mut world = World::new();
    let options = ImportOptions { update_existing: true, ..ImportOptions::default() };
    let there = world.put(1, &by("email"), r#"{"email":"a@x.io"}"#);
    let deleted = world.put(2, &ImportOptions::default(), "{}");
    world.records.get_mut(&deleted).expect("there").deleted = true;
    let other = world.put(3, &ImportOptions::default(), "{}");
    world.records.get_mut(&other).expect("there").object_type = ObjectType::Deal;
    let nobody = RecordId(Uuid::from_u128(4));
    let context = world.context(&options);
    let mut chunk = JudgedChunk { schema_version: world.schema.version, ..JudgedChunk::default() };
    for id in [nobody, deleted, other, there] {
        judge_row(&context, format!(r#"{{"id":"{id}","default":{{"city":"Oslo"}}}}"#).as_bytes(), &mut chunk);
    }
    for row in &mut chunk.rows {
        if let JudgedRow::Good(good) = row {
            good.extra.get_or_insert_default().must_exist = true;
        }
    }
    let outcomes = world.write(&context, &chunk);
    for outcome in &outcomes[..3] {
        assert_eq!(codes(outcome), [("id".to_owned(), RowCode::NotFound)]);
    }
    assert_eq!(outcomes[3], Outcome::Updated(there));
    assert_eq!(world.records.len(), 3);
}

#[test]
fn deltas_change_what_later_rows_see_and_keys_follow() {
    let mut world = World::new();
    let options = ImportOptions { create_missing_options: true, ..updating("email") };
    let rows = [
        r#"{"default":{"email":"a@x.io","tags":{"_op":"append","values":["New tag","Other"]}}}"#,
        r#"{"default":{"email":"a@x.io","tags":{"_op":"append","values":["other","Third"]}}}"#,
        r#"{"default":{"email":"a@x.io","tags":{"_op":"remove","values":["new_tag"]}}}"#,
        r#"{"default":{"email":"a@x.io","tags":{"_op":"remove","values":["new_tag","never made"]}}}"#,
        r#"{"default":{"email":"a@x.io","tags":{"_op":"append","values":[]}}}"#,
    ];
    let outcomes = world.import(&options, 0, &rows);
    let id = outcomes[0].record_id(&World::ids(), 0).expect("made");
    let (updated, existing) = (Outcome::Updated(id), Outcome::Existing(id));
    assert_eq!(outcomes, [CREATED, updated.clone(), updated, existing.clone(), existing]);
    assert_eq!(world.options_left, 997);
    assert_eq!(world.records[&id].body, r#"{"email":"a@x.io","tags":["other","third"]}"#);
    world.assert_keys_are_those_of_the_records(&options);
}
