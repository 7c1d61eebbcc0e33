//! One test a decision.

use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use uuid::Uuid;

use crate::world::{LIST, World};

const CREATED: Outcome = Outcome::Created { given_id: None };

fn by_email() -> ImportOptions {
    ImportOptions { dedupe_by: Some("email".into()), ..ImportOptions::default() }
}

fn updating() -> ImportOptions {
    ImportOptions { update_existing: true, ..by_email() }
}

fn made(row: u32) -> RecordId {
    World::ids().record_id(row)
}

fn rejected(outcome: &Outcome) -> (RowCode, String) {
    match outcome {
        Outcome::Rejected(error) => (error.first.code, error.first.message.clone()),
        other => panic!("expected a rejection, got {other:?}"),
    }
}

#[test]
fn without_a_dedupe_property_every_row_makes_a_record() {
    let mut world = World::new();
    let row = r#"{"default":{"email":"a@x.io"}}"#;
    assert_eq!(world.import(&ImportOptions::default(), 0, &[row, row, "{}"]), [CREATED, CREATED, CREATED]);
    assert_eq!(world.records.len(), 3);
}

#[test]
fn a_match_is_skipped_and_later_rows_match_the_record_of_an_earlier_one() {
    let mut world = World::new();
    let old = world.put(1, &by_email(), r#"{"email":"Old@x.io"}"#);
    let rows = [
        r#"{"default":{"email":" old@X.io ","title":"new"}}"#,
        r#"{"default":{"email":"new@x.io"}}"#,
        r#"{"default":{"email":"NEW@x.io"}}"#,
    ];
    let outcomes = world.import(&by_email(), 0, &rows);
    assert_eq!(outcomes, [Outcome::Existing(old), CREATED, Outcome::Existing(made(1))]);
    assert_eq!(world.records[&old].body, r#"{"email":"Old@x.io"}"#);
    world.assert_keys_are_those_of_the_records(&by_email());
}

#[test]
fn blanks_never_match() {
    let mut world = World::new();
    let rows = [r#"{"default":{"email":""}}"#, r#"{"default":{"email":"  "}}"#, r#"{"default":{"email":null}}"#, "{}"];
    assert_eq!(world.import(&by_email(), 0, &rows), vec![CREATED; 4]);
}

#[test]
fn an_update_counts_only_when_a_value_changes_and_moves_keys() {
    let mut world = World::new();
    let old = world.put(1, &updating(), r#"{"email":"a@x.io","city":"Oslo"}"#);
    let rows = [
        r#"{"default":{"email":"a@x.io","city":"Oslo"}}"#,
        r#"{"default":{"email":"A@x.io","city":null}}"#,
        r#"{"default":{"email":"b@x.io"}}"#,
        r#"{"default":{"email":"B@x.io","title":"CEO"}}"#,
    ];
    let outcomes = world.import(&updating(), 0, &rows);
    assert_eq!(outcomes, [Outcome::Existing(old), Outcome::Updated(old), CREATED, Outcome::Updated(made(2))]);
    assert_eq!(world.records[&old].body, r#"{"email":"A@x.io"}"#);
    assert_eq!(world.records[&made(2)].body, r#"{"email":"B@x.io","title":"CEO"}"#);
    world.assert_keys_are_those_of_the_records(&updating());
}

#[test]
fn case_counts_when_it_was_asked_to() {
    let exact = ImportOptions { case_insensitive: false, ..by_email() };
    let mut world = World::new();
    let upper = world.put(1, &exact, r#"{"email":"A@x.io"}"#);
    let rows = [
        r#"{"default":{"email":" A@x.io "}}"#,
        r#"{"default":{"email":"a@x.io"}}"#,
        r#"{"default":{"email":"a@x.io"}}"#,
    ];
    let outcomes = world.import(&exact, 0, &rows);
    assert_eq!(outcomes, [Outcome::Existing(upper), CREATED, Outcome::Existing(made(1))]);
    world.assert_keys_are_those_of_the_records(&exact);
    let either = world.import(&by_email(), 10, &[r#"{"default":{"email":"a@X.io"}}"#]);
    let (code, message) = rejected(&either[0]);
    assert_eq!(code, RowCode::MultipleMatches);
    assert!(message.contains(&upper.to_string()) && message.contains(&made(1).to_string()), "{message}");
}

#[test]
fn an_id_and_a_key_that_disagree_are_a_conflict() {
    let mut world = World::new();
    let one = world.put(1, &updating(), r#"{"email":"one@x.io"}"#);
    let two = world.put(2, &updating(), r#"{"email":"two@x.io"}"#);
    let gone = world.put(3, &ImportOptions::default(), "{}");
    world.records.get_mut(&gone).expect("put").deleted = true;
    let new = RecordId(Uuid::from_u128(9));
    let row = |id: RecordId, email: &str| format!(r#"{{"id":"{id}","default":{{"email":"{email}"}}}}"#);
    let rows = [
        row(one, "one@x.io"),
        row(one, "two@x.io"),
        row(new, "two@x.io"),
        row(gone, "free@x.io"),
        row(new, "new@x.io"),
        row(new, "newer@x.io"),
        row(two, "three@x.io"),
    ];
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    let outcomes = world.import(&updating(), 0, &rows);
    assert_eq!(outcomes[0], Outcome::Existing(one));
    for conflict in [1, 2, 3] {
        assert_eq!(rejected(&outcomes[conflict]).0, RowCode::ConflictingIdentity, "row {conflict}");
    }
    assert_eq!(outcomes[4], Outcome::Created { given_id: Some(new) });
    assert_eq!(outcomes[5], Outcome::Updated(new));
    assert_eq!(outcomes[6], Outcome::Updated(two));
    world.records.remove(&gone);
    world.assert_keys_are_those_of_the_records(&updating());
}

#[test]
fn a_bad_row_fails_even_where_it_would_have_been_skipped() {
    let mut world = World::new();
    world.put(1, &by_email(), r#"{"email":"a@x.io"}"#);
    let row = r#"{"default":{"email":"a@x.io","no_such":1}}"#;
    assert_eq!(rejected(&world.import(&by_email(), 0, &[row])[0]).0, RowCode::UnknownProperty);
}

#[test]
fn the_key_of_a_bad_first_row_goes_to_the_next() {
    let mut world = World::new();
    let missing = RecordId(Uuid::from_u128(99));
    let bad = format!(r#"{{"default":{{"email":"a@x.io","company":"{missing}"}}}}"#);
    let rows = [
        bad.as_str(),
        r#"{"default":{"email":"A@x.io"}}"#,
        r#"{"default":{"email":"a@x.io"}}"#,
        &bad.replace("a@", "b@"),
    ];
    let outcomes = world.import(&by_email(), 0, &rows);
    assert_eq!(rejected(&outcomes[0]).0, RowCode::ReferenceNotFound);
    assert_eq!(outcomes[1], CREATED);
    assert_eq!(outcomes[2], Outcome::Existing(made(1)));
    world.assert_keys_are_those_of_the_records(&by_email());
}

#[test]
fn options_are_made_once_by_the_first_row_that_is_written() {
    let options = ImportOptions { create_missing_options: true, ..by_email() };
    let mut world = World::new();
    world.put(1, &options, r#"{"email":"old@x.io"}"#);
    let rows = [
        r#"{"default":{"email":"old@x.io","seniority":"Skipped rank"}}"#,
        r#"{"default":{"email":"a@x.io","seniority":"Grand  Poobah!"}}"#,
        r#"{"default":{"email":"b@x.io","seniority":"grand  poobah!","tags":["x","X","y"]}}"#,
    ];
    let outcomes = world.import(&options, 0, &rows);
    assert_eq!(outcomes[1..], [CREATED, CREATED]);
    assert_eq!(world.options_left, 1_000 - 3);
    assert_eq!(world.records[&made(1)].body, r#"{"email":"a@x.io","seniority":"grand_poobah"}"#);
    assert_eq!(world.records[&made(2)].body, r#"{"email":"b@x.io","seniority":"grand_poobah","tags":["x","y"]}"#);
}

#[test]
fn rows_match_by_an_option_that_an_earlier_row_makes() {
    let options =
        ImportOptions { dedupe_by: Some("seniority".into()), create_missing_options: true, ..ImportOptions::default() };
    let mut world = World::new();
    let row = r#"{"default":{"seniority":"Brand new"}}"#;
    assert_eq!(world.import(&options, 0, &[row, row]), [CREATED, Outcome::Existing(made(0))]);
    assert_eq!(world.import(&options, 2, &[row]), [Outcome::Existing(made(0))]);
    world.assert_keys_are_those_of_the_records(&options);
}

#[test]
fn one_option_over_the_limit_is_a_row_error_and_makes_none_of_the_row() {
    let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    let mut world = World::new();
    world.options_left = 2;
    let rows =
        [r#"{"default":{"tags":["a"]}}"#, r#"{"default":{"tags":["b","c"]}}"#, r#"{"default":{"tags":["a","d"]}}"#];
    let outcomes = world.import(&options, 0, &rows);
    assert_eq!(rejected(&outcomes[1]).0, RowCode::InvalidOption);
    assert_eq!((&outcomes[0], &outcomes[2]), (&CREATED, &CREATED));
    assert_eq!(world.options_left, 0);
}

#[test]
fn created_matched_and_skipped_records_join_the_list() {
    let options = ImportOptions { list_id: Some(LIST), ..by_email() };
    let mut world = World::new();
    let skipped = world.put(1, &options, r#"{"email":"old@x.io"}"#);
    let rows = [
        r#"{"default":{"email":"old@x.io"},"list":{"app_stage":"lead"}}"#,
        r#"{"default":{"email":"new@x.io"},"list":{"app_stage":"Won"}}"#,
        r#"{"default":{"email":"new@x.io"},"list":{"app_stage":"lead"}}"#,
    ];
    let outcomes = world.import(&options, 0, &rows);
    assert_eq!(outcomes, [Outcome::Existing(skipped), CREATED, Outcome::Existing(made(1))]);
    let stage_of = |world: &World, id: RecordId| world.records[&id].list_values.clone();
    assert_eq!(stage_of(&world, skipped).as_deref(), Some(r#"{"app_stage":"lead"}"#));
    assert_eq!(stage_of(&world, made(1)).as_deref(), Some(r#"{"app_stage":"won"}"#));
    let patching = ImportOptions { update_existing: true, ..options };
    let outcomes = world.import(&patching, 3, &[rows[2], rows[2]]);
    assert_eq!(outcomes, [Outcome::Updated(made(1)), Outcome::Existing(made(1))]);
    assert_eq!(stage_of(&world, made(1)).as_deref(), Some(r#"{"app_stage":"lead"}"#));
}
