//! What a fuzzer and the tests of `judge` call: any bytes as a row, and promises that hold for every verdict.
//!
//! Not for use by other crates; public because fuzz targets live outside the workspace.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{JudgeContext, judge_row};
use crate::ids::{ListId, OptionId, PropertyId, TeamId};
use crate::import::options::ImportOptions;
use crate::import::policy::OnMissingKey;
use crate::import::row::{GoodRow, JudgedChunk, JudgedRow};
use crate::import::table::{
    CellRules, Column, DateFormat, DecimalMark, EmptyCells, TableFormat, TableInput, Target, TextForm,
};
use crate::key::KeyHasher;
use crate::limits::FAULTS_PER_ROW_MAX;
use crate::object_type::ObjectType;
use crate::property::{ListSchema, Property, PropertyType, Schema, SelectOption, TypeSchema, app_stage};
use crate::record::made_of;

/// The one list of [`schema_of_every_type`]; its stages are Lead and Won.
pub const LIST: ListId = ListId(uuid::Uuid::from_u128(0x11));

/// One slug per property type, in the order in which [`schema_of_every_type`] has them.
pub const EVERY_TYPE: [(&str, PropertyType); 13] = [
    ("str", PropertyType::Str),
    ("text", PropertyType::Text),
    ("num", PropertyType::Num),
    ("bool", PropertyType::Bool),
    ("date", PropertyType::Date),
    ("byte", PropertyType::Byte),
    ("select", PropertyType::SelectStr),
    ("multiselect", PropertyType::MultiselectStr),
    ("multi_str", PropertyType::MultiStr),
    ("jsonb", PropertyType::Jsonb),
    ("ref", PropertyType::Ref(ObjectType::Organization)),
    ("multi_ref", PropertyType::MultiRef(ObjectType::Organization)),
    ("emails", PropertyType::EmailAddresses),
];

/// A schema whose contacts have one property of every type, all that can be being keyed, and one list of contacts.
///
/// The select properties have the options `red` ("Bright Red", id 2) and `blue` ("Blue", id 3).
#[must_use]
pub fn schema_of_every_type() -> Schema {
    let mut properties = Vec::new();
    for (number, (slug, property_type)) in (0x20_u128..).zip(EVERY_TYPE) {
        let id = PropertyId(uuid::Uuid::from_u128(number));
        let options = if property_type.has_options() { colours() } else { Vec::new() };
        properties.push(Property { options, ..Property::new(id, slug, slug, property_type, None) });
    }
    let mut schema = Schema::builtin(9);
    let contact = schema.of_mut(ObjectType::Contact);
    *contact = TypeSchema::new(ObjectType::Contact, properties);
    for (slug, _) in EVERY_TYPE.iter().filter(|(_, property_type)| property_type.can_be_key()) {
        contact.set_keyed(slug);
    }
    let properties = vec![app_stage(LIST, &["Lead", "Won"])];
    schema.lists.insert(LIST, ListSchema { id: LIST, object_type: ObjectType::Contact, properties });
    schema
}

fn colours() -> Vec<SelectOption> {
    let option = |id, slug, value| SelectOption::new(OptionId(uuid::Uuid::from_u128(id)), slug, value, 0);
    vec![option(2, "red", "Bright Red"), option(3, "blue", "Blue")]
}

/// Judges any bytes as a row under options that their length picks, and as what was staged of a row of a table, and panics
/// when a promise is broken.
pub fn fuzz_judge(data: &[u8]) {
    let (slug, property_type) = EVERY_TYPE[data.len() % EVERY_TYPE.len()];
    let options = ImportOptions {
        dedupe_by: property_type.can_be_key().then(|| slug.to_owned()),
        case_insensitive: data.len().is_multiple_of(2),
        create_missing_options: data.len().is_multiple_of(3),
        require_list_stage: data.len().is_multiple_of(17),
        list_id: (!data.len().is_multiple_of(2) || data.len().is_multiple_of(17)).then_some(LIST),
        update_existing: false,
        ..ImportOptions::default()
    };
    let (team_id, schema) = (TeamId::from_bytes([1; 16]), Arc::new(schema_of_every_type()));
    let hasher = KeyHasher::new([7; 16]);
    let context_of =
        |options| match JudgeContext::new(team_id, Arc::clone(&schema), ObjectType::Contact, options, &hasher) {
            Ok(context) => context,
            Err(error) => unreachable!("the options fit the schema: {error}"),
        };
    let table = Some(Arc::new(table_of_every_type(data.len() / EVERY_TYPE.len())));
    let staged = context_of(ImportOptions { table, ..options.clone() });
    let plain = context_of(options);
    check_promises(&plain, data);
    check_promises_of(&staged, &plain, data);
}

/// A table with a column for each property of [`schema_of_every_type`], the list's stage, the id, and for nothing; its
/// format and rules go by `number`.
#[must_use]
pub fn table_of_every_type(number: usize) -> TableInput {
    let own = EVERY_TYPE.map(|(slug, _)| (format!("The {slug}"), Target::Property(slug.to_owned())));
    let others = [
        ("Stage".to_owned(), Target::ListProperty("app_stage".to_owned())),
        ("Gone".to_owned(), Target::Property("gone".to_owned())),
        ("Id".to_owned(), Target::Id),
        ("Notes".to_owned(), Target::Ignored),
    ];
    let columns = own.into_iter().chain(others).map(|(name, target)| Column { name, target });
    let rules = CellRules {
        empty_cells: if number.is_multiple_of(2) { EmptyCells::Keep } else { EmptyCells::Clear },
        decimal_mark: [None, Some(DecimalMark::Comma), Some(DecimalMark::Point)][number % 3],
        date_format: DateFormat::parse("D.M.YY H:mm A").filter(|_| number.is_multiple_of(5)),
        ..CellRules::default()
    };
    let format = TableFormat::ALL[number % TableFormat::ALL.len()];
    TableInput { format, columns: columns.collect(), rules, text: TextForm::default() }
}

/// Judges `raw` under `context` and panics when the verdict breaks a promise that its readers rely on.
pub fn check_promises(context: &JudgeContext, raw: &[u8]) {
    check_promises_of(context, context, raw);
}

/// The same of what was staged of a table; `plain` is the context of the same options without it, for bodies.
pub fn check_promises_of(context: &JudgeContext, plain: &JudgeContext, raw: &[u8]) {
    let mut judged = JudgedChunk::default();
    judge_row(context, raw, &mut judged);
    assert_eq!(judged.rows.len(), 1, "one row, one verdict");
    let Some(JudgedRow::Good(good)) = judged.rows.first() else {
        check_faults(&judged);
        return;
    };
    let mut keys_of_row: BTreeSet<_> = judged.match_keys(good).iter().collect();
    assert_eq!(keys_of_row.len(), judged.match_keys(good).len(), "match keys are distinct");
    keys_of_row.extend(judged.other_keys(good));
    let keys_of_body = context.keys_of_body(&made(&judged, good));
    assert_eq!(keys_of_row, keys_of_body.iter().map(|(_, key)| key).collect(), "row and body have the same keys");
    check_second_reading(plain, &judged, good);
}

/// The body of the record that the row would make.
fn made(judged: &JudgedChunk, good: &GoodRow) -> String {
    made_of(judged.body(good), good.extra.as_ref().map_or(&[], |extra| &extra.changes))
}

fn check_faults(judged: &JudgedChunk) {
    assert!(judged.text.is_empty() && judged.keys.is_empty(), "a faulty row leaves nothing behind");
    let Some(JudgedRow::Faulty(error)) = judged.rows.first() else { return };
    assert!(error.faults().count() <= FAULTS_PER_ROW_MAX, "faults are bounded");
    for fault in error.faults() {
        assert!(!fault.message.is_empty() && fault.message.len() < 1_000, "messages are bounded: {}", fault.message);
        assert!(!fault.message.contains('\0') && fault.field.len() < 300, "messages can be kept: {fault:?}");
    }
}

/// A canonical body, judged again, is itself.
fn check_second_reading(context: &JudgeContext, judged: &JudgedChunk, good: &GoodRow) {
    let body = made(judged, good);
    let list = good.extra.as_ref().and_then(|extra| extra.list.as_ref());
    let list_body = list.map_or("null", |list| list.body.as_str());
    // A stage that waits for its option is not in the body, so the requirement would not be met again.
    if context.options().require_list_stage && list.is_none_or(|list| !list.late.is_empty()) {
        return;
    }
    // An id is not in the body either, and without it a key may be missing.
    if context.options().on_missing_key != OnMissingKey::Create && judged.match_keys(good).is_empty() {
        return;
    }
    let mut second = JudgedChunk::default();
    judge_row(context, format!("{{\"default\":{body},\"list\":{list_body}}}").as_bytes(), &mut second);
    match second.rows.first() {
        Some(JudgedRow::Good(again)) => {
            assert_eq!(made(&second, again), body, "canonical values are final");
            assert_eq!(second.match_keys(again), judged.match_keys(good), "and so are their keys");
        }
        other => unreachable!("a canonical body was refused: {body} {other:?}"),
    }
}
