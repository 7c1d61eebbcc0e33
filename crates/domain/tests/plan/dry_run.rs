//! A dry run says what the import would do, whatever chunks either is cut into; what applies it does that and nothing else.

use proptest::prelude::*;
use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::forecast::{Expected, FieldChange};
use refract_domain::import::judge::judge_chunk;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::Purpose;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{Property, PropertyPlace, PropertyType, SchemaChange};

use crate::law::{any_options, any_row, chunks, in_order_of_slugs, seeded};
use crate::world::{Draft, World};

/// What a dry run says of rows, as it is expected of the job that applies it; and the changes it tells.
fn foreseen(
    world: &World,
    options: &ImportOptions,
    rows: &[String],
    cuts: &[usize],
) -> (Vec<Expected>, Vec<Vec<FieldChange>>) {
    let (mut draft, mut expected, mut changes) = (Draft::default(), Vec::new(), Vec::new());
    let total = u32::try_from(rows.len()).expect("few rows");
    for (first_row, chunk) in chunks(rows, cuts) {
        let (outcomes, forecasts) = world.dry_run(options, &mut draft, first_row, &chunk);
        assert_eq!(outcomes.len(), forecasts.len());
        for (outcome, forecast) in outcomes.into_iter().zip(forecasts) {
            expected.push(Expected::of(outcome, forecast.print, (&World::dry_run_ids(), total), &World::ids()));
            changes.push(forecast.changes);
        }
    }
    (expected, changes)
}

fn applied(
    world: &mut World,
    options: &ImportOptions,
    rows: &[String],
    cuts: &[usize],
    expected: &[Expected],
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (first_row, chunk) in chunks(rows, cuts) {
        let mut raw = RawChunk::starting_at(first_row);
        chunk.iter().for_each(|row| raw.push(row.as_bytes()));
        let context = world.context(options);
        let of_chunk = &expected[first_row as usize..][..chunk.len()];
        outcomes.extend(world.write_for(Purpose::Apply(of_chunk), &context, &judge_chunk(&context, &raw)));
    }
    outcomes
}

/// Equal but for the words of an error, which may name records.
fn is_as_foreseen(outcome: &Outcome, expected: &Expected) -> bool {
    match (outcome, &expected.outcome) {
        (Outcome::Rejected(now), Outcome::Rejected(then)) => {
            (now.first.code, &now.first.field) == (then.first.code, &then.first.field)
        }
        (now, then) => now == then,
    }
}

/// What others do to the store between a dry run and its application.
#[derive(Debug, Clone)]
enum Edit {
    /// Gives the record at this place another city.
    Change(usize, &'static str),
    /// Removes the record at this place.
    Remove(usize),
    /// Makes a record of this address.
    Make(&'static str),
    /// Deletes the record at this place, or brings it back.
    Turn(usize),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0usize..6).prop_map(Edit::Turn),
        (0usize..6, prop::sample::select(vec!["Oslo", "Bern"])).prop_map(|(place, city)| Edit::Change(place, city)),
        (0usize..6).prop_map(Edit::Remove),
        prop::sample::select(vec!["a@x.io", "b@x.io", "B@x.io"]).prop_map(Edit::Make),
    ]
}

fn edit(world: &mut World, options: &ImportOptions, number: u128, edit: &Edit) {
    let id_at = |world: &World, place: usize| world.records.keys().nth(place).copied();
    let remove = |world: &mut World, id: RecordId| {
        world.records.remove(&id);
        world.keys.values_mut().for_each(|holders| holders.retain(|holder| *holder != id));
        world.keys.retain(|_, holders| !holders.is_empty());
    };
    match edit {
        Edit::Change(place, city) => {
            let Some(id) = id_at(world, *place) else { return };
            remove(world, id);
            world.put(id.0.as_u128(), options, &format!(r#"{{"city":"{city}"}}"#));
        }
        Edit::Remove(place) => {
            if let Some(id) = id_at(world, *place) {
                remove(world, id);
            }
        }
        Edit::Turn(place) => {
            let Some(id) = id_at(world, *place) else { return };
            let record = world.records[&id].clone();
            remove(world, id);
            match record.deleted {
                true => world.put(id.0.as_u128(), options, &record.body),
                false => world.put_deleted(id.0.as_u128(), &record.body),
            };
        }
        Edit::Make(email) => {
            world.put(100 + number, options, &format!(r#"{{"email":"{email}"}}"#));
        }
    }
}

fn any_cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..14, 0..6).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn in_a_quiet_store_every_row_comes_to_what_was_said_of_it(
        options in any_options(),
        rows in prop::collection::vec(any_row(), 1..14),
        (cuts, other_cuts) in (any_cuts(), any_cuts()),
    ) {
        let world = seeded(&options);
        let (expected, changes) = foreseen(&world, &options, &rows, &cuts);
        let (mut plain, mut bound) = (world.clone(), world.clone());
        let imported: Vec<Outcome> = chunks(&rows, &other_cuts)
            .into_iter()
            .flat_map(|(first_row, chunk)| plain.import(&options, first_row, &chunk))
            .collect();
        let applied = applied(&mut bound, &options, &rows, &other_cuts, &expected);
        for (row, expected) in expected.iter().enumerate() {
            prop_assert!(is_as_foreseen(&imported[row], expected), "row {}: {:?}, {:?}", row, imported[row], expected);
        }
        prop_assert_eq!(applied, imported);
        prop_assert_eq!(in_order_of_slugs(&plain.records), in_order_of_slugs(&bound.records));
        prop_assert_eq!(&plain.keys, &bound.keys);
        // Rows that change values tell which; no others do.
        for (expected, changes) in expected.iter().zip(&changes) {
            let updates = matches!(expected.outcome, Outcome::Updated(_));
            prop_assert!(!updates || !changes.is_empty(), "{:?}", expected);
            prop_assert!(changes.is_empty() || updates || options.list_id.is_some(), "{:?} {:?}", expected, changes);
        }
    }

    #[test]
    fn in_a_moving_store_every_difference_is_stale_and_writes_nothing(
        options in any_options(),
        rows in prop::collection::vec(any_row(), 1..14),
        (cuts, other_cuts) in (any_cuts(), any_cuts()),
        edits in prop::collection::vec(any_edit(), 1..4),
    ) {
        let mut world = seeded(&options);
        let (expected, _) = foreseen(&world, &options, &rows, &cuts);
        (0..).zip(&edits).for_each(|(number, one)| edit(&mut world, &options, number, one));
        let before = world.records.len();
        let outcomes = applied(&mut world, &options, &rows, &other_cuts, &expected);
        let is_stale = |outcome: &Outcome| {
            matches!(outcome, Outcome::Rejected(error) if error.first.code == RowCode::Stale)
        };
        for (row, (outcome, expected)) in outcomes.iter().zip(&expected).enumerate() {
            let holds = is_stale(outcome) || is_as_foreseen(outcome, expected);
            prop_assert!(holds, "row {}: {:?}, {:?}", row, outcome, expected);
        }
        let created = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Created { .. })).count();
        prop_assert_eq!(world.records.len(), before + created);
        world.assert_keys_are_those_of_the_records(&options);
    }
}

#[test]
fn a_record_that_somebody_changed_is_left_alone_and_the_row_says_so() {
    let options = ImportOptions { dedupe_by: Some("email".into()), update_existing: true, ..ImportOptions::default() };
    let mut world = World::new();
    let id = world.put(1, &options, r#"{"email":"a@x.io","city":"Oslo"}"#);
    let row = |city: &str| format!(r#"{{"default":{{"email":"a@x.io","city":"{city}"}}}}"#);
    let rows = [row("Rome"), row("Rome")];
    let (expected, changes) = foreseen(&world, &options, &rows, &[]);
    let text = |text: &str| Some(text.into());
    let change = FieldChange { field: "default.city".into(), before: text("\"Oslo\""), after: text("\"Rome\"") };
    assert_eq!(changes, [vec![change], vec![]]);
    assert_eq!(expected[1].outcome, Outcome::Existing(id), "the second row finds what the first one leaves");
    edit(&mut world, &options, 0, &Edit::Remove(0));
    world.put(1, &options, r#"{"email":"a@x.io","city":"Oslo","title":"CEO"}"#);
    let outcomes = applied(&mut world, &options, &rows, &[], &expected);
    for outcome in &outcomes {
        let Outcome::Rejected(error) = outcome else { panic!("stale: {outcome:?}") };
        assert_eq!(error.first.code, RowCode::Stale);
        assert!(error.first.message.contains(&id.to_string()), "{}", error.first.message);
    }
    assert!(world.records[&id].body.contains("Oslo"), "{}", world.records[&id].body);
}

#[test]
fn a_row_that_the_schema_reads_otherwise_by_now_is_stale() {
    let options = ImportOptions { dedupe_by: Some("email".into()), ..ImportOptions::default() };
    let rows = [
        r#"{"default":{"email":"a@x.io","city":"Oslo"}}"#.to_owned(),
        r#"{"default":{"email":"b@x.io","shoe_size":43}}"#.to_owned(),
        r#"{"default":{"email":"c@x.io"}}"#.to_owned(),
        r#"{"default":{"email":"d@x.io","no_such":1}}"#.to_owned(),
    ];
    let mut world = World::new();
    let (expected, _) = foreseen(&world, &options, &rows, &[]);
    // One property goes, another comes.
    let city = world.schema.of(ObjectType::Contact).property("city").expect("a built-in property").clone();
    let place = PropertyPlace { object_type: ObjectType::Contact, list_id: None, slug: "city".into() };
    world.schema.apply(SchemaChange::RemoveProperty(place));
    let shoe_size = Property { slug: "shoe_size".into(), property_type: PropertyType::Num, native: false, ..city };
    world.schema.apply(SchemaChange::PutProperty(ObjectType::Contact, shoe_size));
    let outcomes = applied(&mut world, &options, &rows, &[], &expected);
    let code = |outcome: &Outcome| match outcome {
        Outcome::Rejected(error) => Some(error.first.code),
        _ => None,
    };
    let codes: Vec<_> = outcomes.iter().map(code).collect();
    assert_eq!(codes, [Some(RowCode::Stale), Some(RowCode::Stale), None, Some(RowCode::UnknownProperty)]);
    let Outcome::Rejected(error) = &outcomes[0] else { panic!("stale") };
    assert!(error.first.message.contains("refused now: "), "{}", error.first.message);
    assert_eq!(world.records.len(), 1);
}
