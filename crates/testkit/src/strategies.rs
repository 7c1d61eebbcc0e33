//! Random imports that are worth it: few distinct keys, so that rows collide; blanks, bad rows, ids that rows carry,
//! updates, options to be made, list values.
//!
//! Whatever is drawn here is valid as an import: options fit the schema of a team with one list of
//! [`LIST_TEMPLATE`]. Single rows may be as bad as they like.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::policy::DeletedMatches;
use refract_domain::object_type::ObjectType;
use refract_store::conformance::fixture::Way;
use serde_json::{Map, Value, json};

/// How often a property test runs: `cases` times, or as often as the variable `PROPTEST_CASES` says.
///
/// Failures show their seed and the shrunk case; nothing is written beside the sources.
#[must_use]
pub fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: wanted.unwrap_or(cases),
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The template of the list that drawn organizations may join.
pub const LIST_TEMPLATE: &str = "partnerships";

/// An import as it is drawn; ids of lists are only known to a store.
#[derive(Debug, Clone)]
pub struct DrawnImport {
    /// Contact or organization.
    pub object_type: ObjectType,
    /// What is asked, without the list.
    pub options: ImportOptions,
    /// Whether the records join the team's list.
    pub joins_list: bool,
    /// The rows.
    pub rows: Vec<Value>,
}

/// Ids that rows carry: few, so that they meet.
const GIVEN_IDS: [&str; 3] = [
    "0b8f2d6e-0000-4000-8000-000000000001",
    "01990000-0000-7000-8000-000000000002",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

fn text_of(candidates: &'static [&'static str]) -> impl Strategy<Value = Value> {
    select(candidates).prop_map(|text| json!(text))
}

fn email() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => text_of(&["a@x.io", "A@x.io", " a@X.io", "b@x.io", "B@x.io ", "c@x.io", "straße@x.io", "STRASSE@x.io"]),
        1 => text_of(&["", "  "]),
        1 => Just(Value::Null),
    ]
}

fn city() -> impl Strategy<Value = Value> {
    prop_oneof![4 => text_of(&["Oslo", "oslo", "Bergen"]), 1 => text_of(&[""]), 1 => Just(Value::Null)]
}

fn tags() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => vec(select(vec!["vip", "VIP", "New one", "other", "new-one"]), 0..3).prop_map(|tags| json!(tags)),
        1 => Just(Value::Null),
    ]
}

fn domains() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => vec(select(vec!["a.io", "A.io", "b.io", "c.io", " c.io"]), 0..3).prop_map(|domains| json!(domains)),
        1 => Just(Value::Null),
    ]
}

/// An object of those members that are there.
fn object(members: Vec<(&str, Option<Value>)>) -> Value {
    let present = members.into_iter().filter_map(|(slug, value)| Some((slug.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// Values of a contact.
pub fn contact_values() -> impl Strategy<Value = Value> {
    (weighted(0.9, email()), weighted(0.5, city()), weighted(0.3, tags()), weighted(0.2, select(vec!["1", "2"])))
        .prop_map(|(email, city, tags, phone)| {
            object(vec![("email", email), ("city", city), ("tags", tags), ("phone", phone.map(Value::from))])
        })
}

/// Values of an organization.
pub fn organization_values() -> impl Strategy<Value = Value> {
    let name = text_of(&["Acme", "ACME", "acme ", "Other", ""]);
    let employees = prop_oneof![Just(json!(5)), Just(json!("5.0")), Just(json!(6)), Just(Value::Null)];
    (weighted(0.9, name), weighted(0.6, domains()), weighted(0.3, employees), weighted(0.3, tags())).prop_map(
        |(name, domains, employees, tags)| {
            object(vec![("name", name), ("domains", domains), ("employee_count", employees), ("tags", tags)])
        },
    )
}

fn bad_row() -> impl Strategy<Value = Value> {
    select(vec![
        json!(1),
        json!("text"),
        json!({ "email": "flat@x.io" }),
        json!({ "default": { "emial": "a@x.io" } }),
        json!({ "default": { "email": ["a@x.io", "b@x.io"] } }),
        json!({ "default": { "tags": ["vip"], "first_interaction_date": "someday" } }),
        json!({ "id": "nonsense", "default": {} }),
        json!({ "default": {}, "list": { "no_such": 1 } }),
        json!({ "default": { "company": "0b8f2d6e-0000-4000-8000-00000000dead" } }),
    ])
}

fn stage() -> impl Strategy<Value = Value> {
    prop_oneof![3 => text_of(&["Talking", "agreed", "ended"]), 1 => Just(Value::Null), 1 => text_of(&["Own stage"])]
}

fn row_of(object_type: ObjectType, joins_list: bool) -> BoxedStrategy<Value> {
    let values = match object_type {
        ObjectType::Contact => contact_values().boxed(),
        _ => organization_values().boxed(),
    };
    let list = if joins_list { weighted(0.5, stage()).boxed() } else { Just(None).boxed() };
    let good = (values, weighted(0.12, select(&GIVEN_IDS)), list).prop_map(|(values, id, stage)| {
        let list = stage.map(|stage| json!({ "app_stage": stage }));
        object(vec![("id", id.map(Value::from)), ("default", Some(values)), ("list", list)])
    });
    prop_oneof![12 => good, 1 => bad_row()].boxed()
}

/// What is asked of an import of this type.
pub fn options(object_type: ObjectType) -> impl Strategy<Value = ImportOptions> {
    let slugs = match object_type {
        ObjectType::Contact => vec!["email", "email", "city"],
        _ => vec!["domains", "name", "employee_count"],
    };
    let deleted_matches = select(DeletedMatches::ALL.to_vec());
    (weighted(0.85, select(slugs)), any::<bool>(), any::<bool>(), any::<bool>(), deleted_matches).prop_map(
        |(slug, case_insensitive, update_existing, create_missing_options, deleted_matches)| ImportOptions {
            deleted_matches: if slug.is_some() { deleted_matches } else { DeletedMatches::Ignore },
            dedupe_by: slug.map(str::to_owned),
            case_insensitive,
            update_existing,
            create_missing_options,
            ..ImportOptions::default()
        },
    )
}

/// An import of up to `rows_max` rows.
pub fn import(rows_max: usize) -> impl Strategy<Value = DrawnImport> {
    let object_type = select(vec![ObjectType::Contact, ObjectType::Organization]);
    (object_type, any::<bool>()).prop_flat_map(move |(object_type, wants_list)| {
        let joins_list = wants_list && object_type == ObjectType::Organization;
        let rows = vec(row_of(object_type, joins_list), 0..=rows_max);
        (options(object_type), rows).prop_map(move |(options, rows)| DrawnImport {
            object_type,
            options,
            joins_list,
            rows,
        })
    })
}

/// A way to carry an import out.
pub fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Inline), (1..6_usize).prop_map(Way::Queued), Just(Way::Queued(1_000))]
}
