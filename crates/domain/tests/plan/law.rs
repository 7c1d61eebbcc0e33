//! However an import is cut into chunks, outcomes, records and keys are the same; a redo is the same; the tally sums up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::FoundRecord;
use refract_domain::import::policy::{DeletedMatches, OnMissingKey, OnMultiple, PropertyRule, WriteWord};
use refract_domain::import::tally::Tally;
use refract_domain::json::members;

use crate::world::{LIST, World};

/// Rows over so few values that most of them meet.
pub(crate) fn any_row() -> impl Strategy<Value = String> {
    let email = prop_oneof![
        5 => prop::sample::select(vec!["a@x.io", "A@x.io", " a@x.io", "b@x.io", "B@X.io", "c@x.io", "d@x.io", "D@x.io"]).prop_map(Some),
        1 => Just(Some("  ")),
        1 => Just(None),
    ];
    let city = prop::option::of(prop::sample::select(vec![r#""Oslo""#, r#""Rome""#, "null", r#""""#]));
    let rank = prop::option::weighted(0.2, prop::sample::select(vec!["vp", "New one", "new ONE", "other-one"]));
    let id = prop::option::weighted(0.2, 1u128..6);
    let bad = prop::bool::weighted(0.1);
    let stage = prop::option::weighted(0.3, prop::sample::select(vec!["lead", "won"]));
    let labels = prop::option::weighted(
        0.3,
        (prop::sample::select(vec!["append", "remove"]), prop::sample::subsequence(vec!["x", "Y", "y", "z"], 0..3)),
    );
    (email, city, rank, id, bad, stage, labels).prop_map(|(email, city, rank, id, bad, stage, labels)| {
        let mut values = Vec::new();
        values.extend(email.map(|email| format!(r#""email":"{email}""#)));
        values.extend(city.map(|city| format!(r#""city":{city}"#)));
        values.extend(rank.map(|rank| format!(r#""seniority":"{rank}""#)));
        values.extend(labels.map(|(op, labels)| format!(r#""labels":{{"_op":"{op}","values":{labels:?}}}"#)));
        values.extend(bad.then(|| r#""no_such":1"#.to_owned()));
        let id = id.map(|id| format!(r#""id":"{}","#, uuid::Uuid::from_u128(id))).unwrap_or_default();
        let list = stage.map(|stage| format!(r#","list":{{"app_stage":"{stage}"}}"#)).unwrap_or_default();
        format!(r#"{{{id}"default":{{{}}}{list}}}"#, values.join(","))
    })
}

/// Rules for some of the properties that rows have; none, half of the time.
fn any_write() -> impl Strategy<Value = Vec<PropertyRule>> {
    let rule = |slug: &str, write| PropertyRule { in_list: slug == "app_stage", slug: slug.to_owned(), write };
    let rules = ["email", "city", "seniority", "labels", "app_stage"].map(|slug| rule(slug, WriteWord::FillIfEmpty));
    let rules = rules.into_iter().chain([rule("labels", WriteWord::Append), rule("city", WriteWord::Replace)]);
    prop_oneof![Just(Vec::new()), prop::sample::subsequence(rules.collect::<Vec<_>>(), 0..5)]
}

pub(crate) fn any_options() -> impl Strategy<Value = ImportOptions> {
    let dedupe_by = prop::option::weighted(0.9, prop::sample::select(vec!["email", "city", "seniority"]));
    let on_multiple = prop::sample::select(OnMultiple::ALL.to_vec());
    let on_missing_key = prop::sample::select(OnMissingKey::ALL.to_vec());
    let deleted_matches = prop::sample::select(DeletedMatches::ALL.to_vec());
    let policies = (on_missing_key, on_multiple, deleted_matches, any_write());
    (dedupe_by, any::<[bool; 4]>(), policies)
        .prop_map(|(dedupe_by, flags, policies)| any_of(dedupe_by, flags, policies))
}

fn any_of(
    dedupe_by: Option<&str>,
    flags: [bool; 4],
    (missing, multiple, deleted, write): (OnMissingKey, OnMultiple, DeletedMatches, Vec<PropertyRule>),
) -> ImportOptions {
    ImportOptions {
        on_missing_key: if dedupe_by.is_some() { missing } else { OnMissingKey::Create },
        on_multiple: if dedupe_by.is_some() { multiple } else { OnMultiple::Fail },
        deleted_matches: if dedupe_by.is_some() { deleted } else { DeletedMatches::Ignore },
        write: write.into_iter().filter(|rule| !rule.in_list || flags[3]).collect(),
        dedupe_by: dedupe_by.map(str::to_owned),
        case_insensitive: flags[0],
        update_existing: flags[1],
        create_missing_options: flags[2],
        require_list_stage: false,
        list_id: flags[3].then_some(LIST),
        ..ImportOptions::default()
    }
}

pub(crate) fn seeded(options: &ImportOptions) -> World {
    let mut world = World::new();
    world.put(1, options, r#"{"email":"a@x.io","city":"Oslo"}"#);
    world.put(2, options, r#"{"email":"c@x.io","seniority":"vp"}"#);
    if options.dedupe_by.as_deref() == Some("email") {
        world.put(4, options, r#"{"email":"C@x.io"}"#);
    }
    world.put_deleted(5, r#"{"email":"d@x.io","city":"Rome"}"#);
    world.put_deleted(6, r#"{"email":"A@x.io","city":"Bern"}"#);
    let twice = world.put_deleted(7, r#"{"email":"D@x.io","seniority":"vp"}"#);
    let in_list = world.records.get_mut(&twice).expect("it was put in");
    in_list.list_values = options.list_id.map(|_| r#"{"app_stage":"lead"}"#.to_owned());
    world
}

fn run(options: &ImportOptions, rows: &[String], cuts: &[usize]) -> (World, Vec<Outcome>) {
    let mut world = seeded(options);
    let mut outcomes = Vec::new();
    for (first_row, chunk) in chunks(rows, cuts) {
        outcomes.extend(world.import(options, first_row, &chunk));
    }
    (world, outcomes)
}

/// Rows in chunks, each with the index of its first.
pub(crate) fn chunks<'r>(rows: &'r [String], cuts: &[usize]) -> Vec<(u32, Vec<&'r str>)> {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (mut from, mut chunks) = (0, Vec::new());
    for cut in cuts.iter().map(|cut| cut % (rows.len() + 1)).chain([rows.len()]) {
        if cut > from {
            chunks.push((u32::try_from(from).expect("few rows"), rows[from..cut].to_vec()));
            from = cut;
        }
    }
    chunks
}

/// The records, with the values of each in the order of their slugs.
pub(crate) fn in_order_of_slugs(records: &BTreeMap<RecordId, FoundRecord>) -> Vec<(RecordId, Vec<(String, String)>)> {
    let values = |body: &str| {
        let mut values: Vec<_> = members(body).map(|(slug, raw)| (slug.into_owned(), raw.to_owned())).collect();
        values.sort();
        values
    };
    let both = |record: &FoundRecord| {
        let mut all = values(&record.body);
        all.extend(values(record.list_values.as_deref().unwrap_or("{}")));
        all.extend(record.deleted.then(|| ("deleted".to_owned(), "true".to_owned())));
        all
    };
    records.iter().map(|(id, record)| (*id, both(record))).collect()
}

/// The records and outcomes of an import, to be compared.
fn whole(options: &ImportOptions, rows: &[String]) -> (Vec<Outcome>, BTreeMap<RecordId, FoundRecord>) {
    let (world, outcomes) = run(options, rows, &[]);
    (outcomes, world.records)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Policies decide the cases that they are about, and nothing else.
    #[test]
    fn policies_change_nothing_where_they_have_nothing_to_say(
        options in any_options(),
        rows in prop::collection::vec(any_row(), 1..14),
    ) {
        let plain = ImportOptions {
            on_missing_key: OnMissingKey::Create,
            on_multiple: OnMultiple::Fail,
            write: Vec::new(),
            ..options.clone()
        };
        let all_replace = ["email", "city", "labels"]
            .map(|slug| PropertyRule { in_list: false, slug: slug.to_owned(), write: WriteWord::Replace });
        let replacing = ImportOptions { write: all_replace.into(), ..plain.clone() };
        prop_assert_eq!(whole(&plain, &rows), whole(&replacing, &rows));

        // A rule speaks of values that are there: rows that only make records, or skip them, do not feel it.
        let makes_only = ImportOptions { update_existing: false, list_id: None, ..options.clone() };
        let unruled = ImportOptions { write: Vec::new(), ..makes_only.clone() };
        let makes_only = ImportOptions {
            write: makes_only.write.into_iter().filter(|rule| !rule.in_list).collect(),
            ..unruled.clone()
        };
        let values = |(outcomes, records): (Vec<Outcome>, BTreeMap<RecordId, FoundRecord>)| {
            let mut records = in_order_of_slugs(&records);
            // An empty text fills nothing, but it is a value where it replaces.
            records.iter_mut().for_each(|(_, values)| values.retain(|(_, raw)| raw != r#""""#));
            (outcomes, records)
        };
        if options.dedupe_by.as_deref() != Some("city") {
            prop_assert_eq!(values(whole(&unruled, &rows)), values(whole(&makes_only, &rows)));
        }

        // Where no key is shared and none is missing, the policies on keys have nothing to say.
        let outcomes = whole(&plain, &rows).0;
        let strict = ImportOptions { on_missing_key: options.on_missing_key, on_multiple: options.on_multiple, ..plain.clone() };
        let policed = whole(&strict, &rows).0;
        let is_about_keys = |outcome: &Outcome| match outcome {
            Outcome::Rejected(error) => {
                error.faults().any(|fault| matches!(fault.code, RowCode::MultipleMatches | RowCode::MissingKey))
            }
            Outcome::Skipped(_) => true,
            _ => false,
        };
        if !outcomes.iter().chain(&policed).any(is_about_keys) {
            prop_assert_eq!(&outcomes, &policed);
        }

        // Where no deleted record is met, it does not matter what becomes of those that are.
        let strict = ImportOptions { deleted_matches: DeletedMatches::Fail, ..plain };
        if options.dedupe_by.is_some() {
            let of_deleted = whole(&strict, &rows).0;
            let is_refused = |outcome: &Outcome| match outcome {
                Outcome::Rejected(error) => error.first.code == RowCode::DeletedMatch,
                _ => false,
            };
            let first = of_deleted.iter().position(is_refused).unwrap_or(rows.len());
            let ignored = ImportOptions { deleted_matches: DeletedMatches::Ignore, ..strict };
            prop_assert_eq!(&whole(&ignored, &rows[..first]).0[..], &of_deleted[..first]);
        }
    }

    #[test]
    fn cutting_an_import_changes_nothing(
        options in any_options(),
        rows in prop::collection::vec(any_row(), 1..14),
        mut cuts in prop::collection::vec(0usize..14, 0..6),
    ) {
        cuts.sort_unstable();
        let (whole, outcomes) = run(&options, &rows, &[]);
        let (cut, outcomes_of_cut) = run(&options, &rows, &cuts);
        prop_assert_eq!(&outcomes, &outcomes_of_cut);
        if options.write.is_empty() {
            prop_assert_eq!(&whole.records, &cut.records);
        } else {
            // A value that waited for its option is written after those that did not; which wait depends on the cuts.
            prop_assert_eq!(in_order_of_slugs(&whole.records), in_order_of_slugs(&cut.records));
        }
        let sorted = |world: &World| {
            let mut keys = world.keys.clone();
            keys.values_mut().for_each(|holders| holders.sort_unstable());
            keys
        };
        prop_assert_eq!(sorted(&whole), sorted(&cut));
        whole.assert_keys_are_those_of_the_records(&options);
        prop_assert_eq!(run(&options, &rows, &[]).1, outcomes.clone());
        let tally = Tally::of(&outcomes);
        prop_assert_eq!(tally.processed(), rows.len() as u64);
        prop_assert_eq!(whole.records.len() as u64, seeded(&options).records.len() as u64 + tally.created);
    }
}
