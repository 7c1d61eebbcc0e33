//! Every property type against every kind of JSON, and dates that are none. (B-JSON-28, 29)
//!
//! The type `byte` has no property that every team has; the unit tests of the domain read it.

use serde_json::{Value, json};

use super::bodies::import_of;
use super::case::{Case, Change, Row, World, bad_rows, script};
use super::runner::run_section;
use crate::support::server::Launch;

#[test]
fn values() {
    run_section(
        Launch::new(),
        &[
            script("B-JSON-28", every_type_against_every_kind),
            bad_rows("B-JSON-29", "contact", "invalid_value", no_dates),
            script("B-JSON-29 dates as sent", dates_are_kept_as_sent),
        ] as &[Case],
    );
}

/// What becomes of a value.
enum Becomes {
    /// The record holds this.
    Held(Value),
    /// The record holds nothing.
    Cleared,
    /// The row has this fault.
    Refused(&'static str),
}

use Becomes::{Cleared, Held, Refused};

const INVALID: Becomes = Refused("invalid_value");

/// A type with a property of it, and what becomes of a string, a number, a bool, null, an array and an object.
type Line = (&'static str, &'static str, &'static str, [(Value, Becomes); 6]);

fn scalars() -> Vec<Line> {
    vec![
        (
            "str",
            "contact",
            "title",
            [
                (json!("yes"), Held(json!("yes"))),
                (json!(15), Held(json!("15"))),
                (json!(true), Held(json!("true"))),
                (json!(null), Cleared),
                (json!(["yes"]), INVALID),
                (json!({"a": 1}), INVALID),
            ],
        ),
        (
            "text",
            "contact",
            "description",
            [
                (json!(""), Held(json!(""))),
                (json!(-2.5), Held(json!("-2.5"))),
                (json!(false), Held(json!("false"))),
                (json!(null), Cleared),
                (json!([]), INVALID),
                (json!({}), INVALID),
            ],
        ),
        (
            "num",
            "organization",
            "employee_count",
            [
                (json!("yes"), INVALID),
                (json!(5.0), Held(json!(5))),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!([1]), INVALID),
                (json!({"a": 1}), INVALID),
            ],
        ),
        (
            "bool",
            "organization",
            "is_customer",
            [
                (json!("yes"), INVALID),
                (json!(1), INVALID),
                (json!(true), Held(json!(true))),
                (json!(null), Cleared),
                (json!([true]), INVALID),
                (json!({"a": true}), INVALID),
            ],
        ),
    ]
}

fn dates_options_and_references() -> Vec<Line> {
    vec![
        (
            "date",
            "contact",
            "first_interaction_date",
            [
                (json!("yes"), INVALID),
                (json!(20_260_731), INVALID),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!(["2026-07-31"]), INVALID),
                (json!({"date": "2026-07-31"}), INVALID),
            ],
        ),
        (
            "select_str",
            "organization",
            "relationship_strength",
            [
                (json!("nonsense"), Refused("invalid_option")),
                (json!(1), INVALID),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!(["weak", "strong"]), INVALID),
                (json!({"slug": "weak"}), INVALID),
            ],
        ),
        (
            "ref_organization",
            "contact",
            "company",
            [
                (json!("not-a-uuid"), INVALID),
                (json!(1), INVALID),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!(["5d1c7e0a-0000-4000-8000-000000000001"]), INVALID),
                (json!({"id": "5d1c7e0a-0000-4000-8000-000000000001"}), Refused("reference_not_found")),
            ],
        ),
    ]
}

fn arrays_and_documents() -> Vec<Line> {
    vec![
        (
            "multi_str",
            "organization",
            "domains",
            [
                (json!("a.example"), Held(json!(["a.example"]))),
                (json!(5), Held(json!(["5"]))),
                (json!(true), Held(json!(["true"]))),
                (json!(null), Cleared),
                (json!(["a.example", ["b.example"]]), INVALID),
                (json!({"a": "a.example"}), INVALID),
            ],
        ),
        (
            "multiselect_str",
            "contact",
            "department",
            [
                (json!("Engineering"), Held(json!(["engineering"]))),
                (json!(1), INVALID),
                (json!(false), INVALID),
                (json!(null), Cleared),
                (json!(["engineering", "nonsense"]), Refused("invalid_option")),
                (json!({"slug": "engineering"}), INVALID),
            ],
        ),
        (
            "jsonb",
            "organization",
            "attributes",
            [
                (json!("yes"), Held(json!("yes"))),
                (json!(1.5), Held(json!(1.5))),
                (json!(true), Held(json!(true))),
                (json!(null), Cleared),
                (json!([1, null, {}]), Held(json!([1, null, {}]))),
                (json!({"b": 1, "a": [true]}), Held(json!({"a": [true], "b": 1}))),
            ],
        ),
        (
            "multiref_action",
            "contact",
            "actions",
            [
                (json!("not-a-uuid"), INVALID),
                (json!(1), INVALID),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!([1]), INVALID),
                (json!({"a": 1}), INVALID),
            ],
        ),
        (
            "multiref_contact",
            "identity",
            "email_addresses",
            [
                (json!("no-address"), INVALID),
                (json!(1), INVALID),
                (json!(true), INVALID),
                (json!(null), Cleared),
                (json!(["ada@example.org", 1]), INVALID),
                (json!({"email": "ada@example.org"}), INVALID),
            ],
        ),
    ]
}

/// Values that stand for others of their type, or look as if they did.
fn coercions() -> Vec<Line> {
    vec![
        (
            "num",
            "organization",
            "founded_year",
            [
                (json!(" 1984 "), Held(json!(1984))),
                (json!("1e3"), Held(json!(1000))),
                (json!(""), Cleared),
                (json!("1984 AD"), INVALID),
                (json!("١٩٨٤"), INVALID),
                (json!(" "), INVALID),
            ],
        ),
        (
            "bool",
            "organization",
            "is_customer",
            [
                (json!("TRUE"), Held(json!(true))),
                (json!("False"), Held(json!(false))),
                (json!(""), Cleared),
                (json!("1"), INVALID),
                (json!(0), INVALID),
                (json!("on"), INVALID),
            ],
        ),
        (
            "select_str",
            "organization",
            "relationship_strength",
            [
                (json!("very_strong"), Held(json!("very_strong"))),
                (json!(" vErY sTrOnG "), Held(json!("very_strong"))),
                (json!(""), Cleared),
                (json!("very-strong"), Refused("invalid_option")),
                (json!([]), INVALID),
                (json!(3), INVALID),
            ],
        ),
        (
            "multi_str",
            "organization",
            "domains",
            [
                (json!(["b", "a", "b"]), Held(json!(["b", "a"]))),
                (json!([]), Cleared),
                (json!(""), Cleared),
                (json!(["a", null]), INVALID),
                (json!([{}]), INVALID),
                (json!([1, true]), Held(json!(["1", "true"]))),
            ],
        ),
    ]
}

fn every_type_against_every_kind(world: &mut World) -> Change {
    let lines: Vec<Line> = [scalars(), dates_options_and_references(), arrays_and_documents(), coercions()]
        .into_iter()
        .flatten()
        .collect();
    let mut change = Change::no_records();
    let mut faults = Vec::new();
    for object_type in ["contact", "organization", "identity"] {
        let of_type: Vec<_> = lines.iter().filter(|line| line.1 == object_type).collect();
        let cells: Vec<(&Line, &(Value, Becomes))> =
            of_type.iter().flat_map(|line| line.3.iter().map(move |cell| (*line, cell))).collect();
        let rows: Vec<String> =
            cells.iter().map(|(line, (value, _))| json!({ "default": { line.2: value } }).to_string()).collect();
        let job = world.client().import_and_wait(object_type, import_of(&rows));
        let results = job["results"].as_array().unwrap();
        assert_eq!(results.len(), cells.len(), "{job}");
        for ((line, (value, becomes)), result) in cells.into_iter().zip(results) {
            if let Err(fault) = check_cell(world, line, becomes, result) {
                faults.push(format!("{} ({}) {value}: {fault}", line.2, line.0));
            }
        }
        let created = results.iter().filter(|result| result["created"] == true).count();
        change.own_records.insert(object_type, created as u64);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    change
}

fn check_cell(world: &World, line: &Line, becomes: &Becomes, result: &Value) -> Result<(), String> {
    let (_, object_type, slug, _) = line;
    let held = match becomes {
        Refused(code) => {
            let is_named = result["error"]["message"].as_str().is_some_and(|message| message.contains(slug));
            let field = &result["error"]["errors"][0]["field"];
            let is_right = result["error"]["code"] == *code && is_named && *field == format!("default.{slug}");
            return if is_right { Ok(()) } else { Err(format!("expected {code} naming {slug}, seen {result}")) };
        }
        Held(value) => value,
        Cleared => &Value::Null,
    };
    let Some(id) = result["id"].as_str() else { return Err(format!("expected {held}, seen {result}")) };
    let record = world.client().record(object_type, id).json();
    let found = &record["default"][*slug];
    if found == held { Ok(()) } else { Err(format!("expected {held}, held {found}")) }
}

fn no_dates() -> Vec<Row> {
    let row = |text: &str| Row::new(text, format!(r#"{{"default":{{"last_interaction_date":{text}}}}}"#));
    [
        r#""2026-02-30""#,
        r#""2025-02-29""#,
        r#""1900-02-29""#,
        r#""2026-04-31""#,
        r#""2026-13-01""#,
        r#""2026-00-10""#,
        r#""2026-01-00""#,
        r#""2026-01-01T24:00:00Z""#,
        r#""2026-01-01T23:60:00Z""#,
        r#""2016-12-31T23:59:60Z""#,
        r#""0000-01-01""#,
        r#""9999999""#,
        "9999999",
        r#""9999999-01-01""#,
        r#""2026-01-01T00:00:00""#,
        r#""2026-01-01 00:00:00Z""#,
        r#""2026-01-01T00:00:00+24:00""#,
        r#""2026-1-1""#,
        r#""31.12.2026""#,
        r#""tomorrow""#,
        r#"" ""#,
    ]
    .map(row)
    .into()
}

fn dates_are_kept_as_sent(world: &mut World) -> Change {
    let dates = [
        "2024-02-29",
        "0001-01-01",
        "9999-12-31T23:59:59Z",
        "2026-07-31T09:30:00+02:00",
        "2026-07-31t07:30:00.123456789z",
        "2026-07-31T07:30:00-00:00",
    ];
    let rows = dates.map(|date| json!({"default": {"last_interaction_date": date}}).to_string());
    let client = world.client();
    let job = client.import_and_wait("contact", import_of(&rows));
    for (date, result) in dates.iter().zip(job["results"].as_array().unwrap()) {
        let id = result["id"].as_str().unwrap_or_else(|| panic!("{date}: {result}"));
        assert_eq!(client.record("contact", id).json()["default"]["last_interaction_date"], *date);
    }
    Change::records("contact", dates.len())
}
