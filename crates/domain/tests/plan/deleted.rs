//! Rows whose key deleted records alone have.

use refract_domain::error::{RowCode, RowError};
use refract_domain::ids::RecordId;
use refract_domain::import::forecast::FieldChange;
use refract_domain::import::judge::{ContextError, JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::import::policy::{DeletedMatches, OnMultiple};
use refract_domain::import::row::RawChunk;
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use uuid::Uuid;

use crate::world::{Draft, LIST, World};

const CREATED: Outcome = Outcome::Created { given_id: None };

fn id(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn by_email(deleted_matches: DeletedMatches) -> ImportOptions {
    ImportOptions { dedupe_by: Some("email".into()), deleted_matches, ..ImportOptions::default() }
}

fn restoring() -> ImportOptions {
    by_email(DeletedMatches::Restore)
}

fn updating() -> ImportOptions {
    ImportOptions { update_existing: true, ..restoring() }
}

fn refused(outcome: &Outcome) -> &RowError {
    match outcome {
        Outcome::Rejected(error) => error,
        other => panic!("refused: {other:?}"),
    }
}

const ROW: &str = r#"{"default":{"email":"a@x.io","title":"CEO"}}"#;
const DELETED: &str = r#"{"email":"A@x.io","city":"Oslo"}"#;

#[test]
fn by_default_a_deleted_record_matches_nothing() {
    let mut world = World::new();
    let old = world.put_deleted(1, DELETED);
    assert_eq!(world.import(&by_email(DeletedMatches::Ignore), 0, &[ROW]), [CREATED]);
    assert!(world.records[&old].deleted);
}

#[test]
fn a_deleted_match_is_a_fault_where_that_was_asked_and_names_the_records() {
    let failing = by_email(DeletedMatches::Fail);
    let mut world = World::new();
    world.put_deleted(1, DELETED);
    let outcomes = world.import(&failing, 0, &[ROW, r#"{"default":{"email":"b@x.io"}}"#, ROW]);
    assert_eq!((&outcomes[0], &outcomes[1]), (&outcomes[2], &CREATED));
    let RowError { first, .. } = refused(&outcomes[0]);
    assert_eq!((first.code, first.field.as_str()), (RowCode::DeletedMatch, "default.email"));
    for part in [&id(1).to_string(), "1 deleted record:", "restore", "ignore"] {
        assert!(first.message.contains(part), "{part}: {}", first.message);
    }
    for number in 2..9 {
        world.put_deleted(number, DELETED);
    }
    let outcomes = world.import(&failing, 10, &[ROW]);
    let error = refused(&outcomes[0]);
    let named = |number: &u128| error.first.message.contains(&id(*number).to_string());
    assert_eq!((1..9).filter(named).count(), 5, "{}", error.first.message);
    assert!(error.first.message.contains("and 3 more"), "{}", error.first.message);
    assert_eq!(error.candidates(), [id(1), id(2), id(3), id(4), id(5)]);
}

#[test]
fn a_restored_record_keeps_its_values_or_is_patched() {
    for (options, body) in [
        (restoring(), r#"{"email":"A@x.io","city":"Oslo"}"#),
        (updating(), r#"{"email":"a@x.io","city":"Oslo","title":"CEO"}"#),
    ] {
        let mut world = World::new();
        let old = world.put_deleted(1, DELETED);
        let outcomes = world.import(&options, 0, &[ROW, ROW]);
        assert_eq!(outcomes, [Outcome::Updated(old), Outcome::Existing(old)], "the second row meets it live");
        assert_eq!(world.import(&options, 2, &[ROW]), [Outcome::Existing(old)]);
        let record = &world.records[&old];
        assert_eq!((record.deleted, record.body.as_str()), (false, body));
        world.assert_keys_are_those_of_the_records(&options);
    }
}

#[test]
fn a_restored_record_joins_the_list_or_is_still_in_it() {
    let listed = ImportOptions { list_id: Some(LIST), ..restoring() };
    let row = r#"{"default":{"email":"a@x.io"},"list":{"app_stage":"won"}}"#;
    for (before, after) in [(None, "won"), (Some(r#"{"app_stage":"lead"}"#), "lead")] {
        let mut world = World::new();
        let old = world.put_deleted(1, DELETED);
        world.records.get_mut(&old).expect("it is there").list_values = before.map(str::to_owned);
        assert_eq!(world.import(&listed, 0, &[row]), [Outcome::Updated(old)]);
        let values = world.records[&old].list_values.as_deref();
        assert!(values.is_some_and(|values| values.contains(after)), "{values:?}");
    }
}

#[test]
fn a_live_match_always_wins() {
    let mut world = World::new();
    let live = world.put(2, &restoring(), r#"{"email":"a@x.io"}"#);
    let old = world.put_deleted(1, DELETED);
    for deleted_matches in DeletedMatches::ALL {
        assert_eq!(world.import(&by_email(deleted_matches), 0, &[ROW]), [Outcome::Existing(live)]);
    }
    assert!(world.records[&old].deleted);
}

#[test]
fn several_deleted_ones_are_decided_as_live_ones() {
    for (on_multiple, meant) in [(OnMultiple::Oldest, Some(1)), (OnMultiple::Newest, Some(9)), (OnMultiple::Fail, None)]
    {
        let options = ImportOptions { on_multiple, ..restoring() };
        let mut world = World::new();
        for number in [4, 1, 9] {
            world.put_deleted(number, DELETED);
        }
        let outcomes = world.import(&options, 0, &[ROW]);
        match meant {
            Some(number) => assert_eq!(outcomes, [Outcome::Updated(id(number))]),
            None => {
                let error = refused(&outcomes[0]);
                assert_eq!(error.first.code, RowCode::MultipleMatches);
                assert!(error.first.message.contains("3 deleted records"), "{}", error.first.message);
            }
        }
        let back = world.records.values().filter(|record| !record.deleted).count();
        assert_eq!(back, usize::from(meant.is_some()), "the others stay deleted");
        world.assert_keys_are_those_of_the_records(&options);
    }
}

#[test]
fn where_case_counts_it_counts_for_deleted_ones_too() {
    let exact = ImportOptions { case_insensitive: false, ..restoring() };
    let mut world = World::new();
    let old = world.put_deleted(1, r#"{"email":"A@x.io"}"#);
    let live = world.put(2, &exact, r#"{"email":"aA@x.io"}"#);
    let other_case = world.put_deleted(3, r#"{"email":"AA@x.io"}"#);
    let row = |email: &str| format!(r#"{{"default":{{"email":"{email}"}}}}"#);
    let rows = [row("a@x.io"), row("A@x.io"), row("aA@x.io"), row("AA@x.io")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected = [CREATED, Outcome::Updated(old), Outcome::Existing(live), Outcome::Updated(other_case)];
    assert_eq!(world.import(&exact, 0, &rows), expected);
}

#[test]
fn rows_with_an_id_of_their_own_are_not_concerned() {
    let mut world = World::new();
    let old = world.put_deleted(1, DELETED);
    let with_id = |number: u128| format!(r#"{{"id":"{}","default":{{"email":"a@x.io"}}}}"#, id(number));
    let outcomes = world.import(&restoring(), 0, &[&with_id(1), &with_id(7)]);
    assert_eq!(refused(&outcomes[0]).first.code, RowCode::ConflictingIdentity);
    assert_eq!(outcomes[1], Outcome::Created { given_id: Some(id(7)) });
    assert!(world.records[&old].deleted);
    // Once a row before it has brought the record back, its id is as good as any.
    let mut world = World::new();
    world.put_deleted(1, DELETED);
    let outcomes = world.import(&updating(), 0, &[ROW, &with_id(1)]);
    assert_eq!(outcomes, [Outcome::Updated(old), Outcome::Existing(old)]);
}

#[test]
fn a_key_that_rows_before_took_from_its_holder_leads_to_the_deleted_record() {
    let away = format!(r#"{{"id":"{}","default":{{"email":"b@x.io"}}}}"#, id(2));
    for cut in [true, false] {
        let mut world = World::new();
        world.put(2, &updating(), r#"{"email":"a@x.io"}"#);
        let old = world.put_deleted(1, DELETED);
        let mut draft = Draft::default();
        let first = world.dry_run(&updating(), &mut draft, 0, &[&away]).0;
        let then = world.dry_run(&updating(), &mut draft, 1, &[ROW]).0;
        assert_eq!([first, then].concat(), [Outcome::Updated(id(2)), Outcome::Updated(old)], "only the draft knows");
        let outcomes = match cut {
            true => [world.import(&updating(), 0, &[&away]), world.import(&updating(), 1, &[ROW])].concat(),
            false => world.import(&updating(), 0, &[&away, ROW]),
        };
        assert_eq!(outcomes, [Outcome::Updated(id(2)), Outcome::Updated(old)], "{cut}");
        world.assert_keys_are_those_of_the_records(&updating());
    }
}

#[test]
fn what_the_team_may_only_read_stays_deleted() {
    let mut world = World::new();
    let old = world.put_deleted(1, DELETED);
    world.records.get_mut(&old).expect("it is there").read_only = true;
    let outcomes = world.import(&restoring(), 0, &[ROW]);
    assert_eq!(refused(&outcomes[0]).first.code, RowCode::Forbidden);
    assert!(world.records[&old].deleted);
}

#[test]
fn all_or_nothing_brings_nobody_back_where_a_row_cannot_be_taken() {
    let atomic = ImportOptions { atomic: true, ..restoring() };
    let mut world = World::new();
    let old = world.put_deleted(1, DELETED);
    let outcomes = world.import(&atomic, 0, &[ROW, r#"{"default":{"no_such":1}}"#]);
    assert_eq!(refused(&outcomes[0]).first.code, RowCode::AnotherRowFailed);
    assert!(world.records[&old].deleted);
    world.assert_keys_are_those_of_the_records(&atomic);
    assert_eq!(world.import(&atomic, 2, &[ROW]), [Outcome::Updated(old)]);
}

#[test]
fn a_dry_run_tells_a_restore_from_a_change_and_later_rows_meet_the_record() {
    let back = FieldChange { field: "deleted".into(), before: Some("true".into()), after: Some("false".into()) };
    let mut world = World::new();
    let old = world.put_deleted(1, DELETED);
    let mut draft = Draft::default();
    let (outcomes, of_deleted) = world.dry_run(&restoring(), &mut draft, 0, &[ROW]);
    assert_eq!((outcomes, &of_deleted[0].changes), (vec![Outcome::Updated(old)], &vec![back.clone()]));
    let other = format!(r#"{{"id":"{}","default":{{}}}}"#, id(1));
    for later in [ROW, &other] {
        assert_eq!(world.dry_run(&restoring(), &mut draft, 1, &[later]).0, [Outcome::Existing(old)], "{later}");
    }
    assert!(world.records[&old].deleted, "nothing was done");

    let (_, patched) = world.dry_run(&updating(), &mut Draft::default(), 0, &[ROW]);
    assert_eq!(patched[0].changes[0], back);
    world.records.remove(&old);
    world.put(1, &updating(), DELETED);
    let (outcomes, of_live) = world.dry_run(&updating(), &mut Draft::default(), 0, &[ROW]);
    assert_eq!(outcomes, [Outcome::Updated(old)]);
    assert_ne!(patched[0].print, of_live[0].print, "the same values, but the record was there");
}

#[test]
fn deleted_records_are_looked_for_where_they_can_matter() {
    let seeks = |options: &ImportOptions, row: &str, some_are_free: bool| {
        let world = World::new();
        let context = world.context(options);
        let mut raw = RawChunk::starting_at(0);
        raw.push(row.as_bytes());
        Lookup::of(&context, &judge_chunk(&context, &raw)).seeks_deleted(Purpose::Write, some_are_free)
    };
    let with_id = format!(r#"{{"id":"{}","default":{{"email":"a@x.io"}}}}"#, id(1));
    assert!(!seeks(&by_email(DeletedMatches::Ignore), ROW, true));
    assert!(!seeks(&restoring(), r#"{"default":{"title":"CEO"}}"#, true), "no row has a key");
    for (options, row, where_all_are_held) in [
        (by_email(DeletedMatches::Fail), ROW, false),
        (restoring(), ROW, false),
        (updating(), ROW, false),
        (updating(), with_id.as_str(), true),
        (ImportOptions { case_insensitive: false, ..restoring() }, ROW, true),
    ] {
        assert!(seeks(&options, row, true));
        assert_eq!(seeks(&options, row, false), where_all_are_held, "{options:?} {row}");
    }
}

#[test]
fn what_becomes_of_deleted_matches_is_kept_and_needs_a_key() {
    for deleted_matches in DeletedMatches::ALL {
        assert_eq!(DeletedMatches::parse(deleted_matches.name()), Some(deleted_matches));
        let options = by_email(deleted_matches);
        let plain = by_email(DeletedMatches::Ignore);
        assert_eq!(plain.decode_more(options.encode_more().as_deref()), Some(options));
    }
    let keyless = ImportOptions { deleted_matches: DeletedMatches::Fail, ..ImportOptions::default() };
    let schema = std::sync::Arc::new(World::new().schema);
    let team_id = refract_domain::ids::TeamId(Uuid::from_u128(1));
    let refused = JudgeContext::new(team_id, schema, ObjectType::Contact, keyless, &KeyHasher::new([3; 16])).err();
    assert_eq!(refused, Some(ContextError::RuleWithoutKey { option: "deleted_matches" }));
}
