//! The shape of the body, of its options and of its rows. (B-JSON)

use super::bodies::{good_body, good_row, import_of, options_inputs, text_inputs};
use super::case::{Case, Change, Input, Refused, Row, World, bad_rows, good_rows, script};
use super::runner::run_section;
use crate::support::server::Launch;

#[test]
fn json_shape() {
    run_section(Launch::new(), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        Refused::with(&[400], &["invalid_json"], truncated).case("B-JSON-01"),
        Refused::with(&[400], &["invalid_json"], two_documents).case("B-JSON-02"),
        bad_rows("B-JSON-04", "organization", "invalid_value", too_deep),
        good_rows("B-JSON-04 just not too deep", "organization", deep_enough),
        Refused::with(&[400], &["invalid_request"], objects_not_an_array).case("B-JSON-05"),
        bad_rows("B-JSON-07", "contact", "invalid_row", rows_not_objects),
        bad_rows("B-JSON-08", "contact", "invalid_row", rows_without_groups),
        good_rows("B-JSON-08 empty", "contact", empty_rows),
        Refused::with(&[400], &["invalid_request"], unknown_options).case("B-JSON-10"),
        Refused::with(&[400], &["invalid_request"], options_of_wrong_types).case("B-JSON-10 types"),
        Refused::with(&[400], &["duplicate_key"], objects_twice).case("B-JSON-11"),
        Refused::with(&[400], &["duplicate_key"], options_twice).case("B-JSON-13"),
        bad_rows("B-JSON-14", "organization", "invalid_value", numbers_too_large),
        script("B-JSON-16", large_integers_are_exact),
        Refused::with(&[400], &["invalid_json"], not_numbers).case("B-JSON-17"),
        bad_rows("B-JSON-19", "contact", "invalid_value", texts_with_zero),
        bad_rows("B-JSON-20", "contact", "invalid_value", lone_surrogates),
        bad_rows("B-JSON-22", "contact", "unknown_property", odd_slugs),
        bad_rows("B-JSON-25", "contact", "too_many_properties", too_many_properties),
    ]
}

fn truncated(world: &World) -> Vec<Input> {
    let whole = good_body();
    let bodies: Vec<String> = (1..whole.len()).map(|length| whole[..length].to_owned()).collect();
    text_inputs(world, &bodies)
}

fn two_documents(world: &World) -> Vec<Input> {
    let good = good_body();
    text_inputs(
        world,
        &["{}{}".to_owned(), format!("{good}{good}"), format!("{good} x"), format!("{good}]"), format!("{good}\0")],
    )
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn too_deep() -> Vec<Row> {
    let of = |value: String| format!(r#"{{"default":{{"attributes":{value}}}}}"#);
    let objects = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
    vec![
        Row::new("33 arrays", of(nested(33))),
        Row::new("33 objects", of(objects)),
        Row::new("10,000 arrays", of(nested(10_000))),
        Row::new("33 arrays as text", format!(r#"{{"default":{{"name":{}}}}}"#, nested(33))),
    ]
}

fn deep_enough() -> Vec<Row> {
    vec![Row::new("32 arrays", format!(r#"{{"default":{{"attributes":{}}}}}"#, nested(32)))]
}

fn objects_not_an_array(world: &World) -> Vec<Input> {
    let bodies = [
        "{}",
        r#"{"options":{}}"#,
        r#"{"objects":null}"#,
        r#"{"objects":{}}"#,
        r#"{"objects":"[]"}"#,
        r#"{"objects":1}"#,
        r#"{"Objects":[]}"#,
        r#"{"rows":[{}]}"#,
        "[]",
        "null",
        "1",
        r#""{}""#,
        "true",
    ];
    text_inputs(world, &bodies.map(str::to_owned))
}

fn rows_not_objects() -> Vec<Row> {
    ["null", "1", "-0.5e3", r#""default""#, "[]", r#"[{"default":{}}]"#, "true"].into_iter().map(Row::of).collect()
}

fn rows_without_groups() -> Vec<Row> {
    [
        r#"{"email":"a@example.org"}"#,
        r#"{"properties":{"email":"a@example.org"}}"#,
        r#"{"Default":{}}"#,
        r#"{"":{}}"#,
        r#"{"default":1}"#,
        r#"{"default":[]}"#,
        r#"{"default":"x"}"#,
        r#"{"list":[]}"#,
        r#"{"default":{},"x":1}"#,
        r#"{"default":{},"default":{}}"#,
        r#"{"default":{"email":"a@example.org","email":"b@example.org"}}"#,
    ]
    .into_iter()
    .map(Row::of)
    .collect()
}

fn empty_rows() -> Vec<Row> {
    [
        "{}",
        r#"{"default":{}}"#,
        r#"{"default":null}"#,
        r#"{"list":null}"#,
        r#"{"default":{},"list":{},"extended":{"x":1}}"#,
    ]
    .into_iter()
    .map(Row::of)
    .collect()
}

fn unknown_options(world: &World) -> Vec<Input> {
    options_inputs(
        world,
        &[
            r#"{"dedupeBy":"email"}"#,
            r#"{"case_insensitive":true}"#,
            r#"{"dedupe_by":"email","updateExisting":true}"#,
            r#"{"":null}"#,
            r#"{"__proto__":{}}"#,
            r#"{"dedupe_by ":"email"}"#,
            r#"{"DEDUPE_BY":"email"}"#,
        ],
    )
}

fn options_of_wrong_types(world: &World) -> Vec<Input> {
    options_inputs(
        world,
        &[
            "[]",
            "1",
            r#""dedupe_by""#,
            "true",
            r#"{"caseInsensitive":"true"}"#,
            r#"{"caseInsensitive":1}"#,
            r#"{"update_existing":"yes"}"#,
            r#"{"create_missing_options":[]}"#,
            r#"{"require_list_stage":{}}"#,
            r#"{"require_list_stage":true}"#,
            r#"{"list_id":1}"#,
            r#"{"list_id":"not-a-uuid"}"#,
            r#"{"list_id":"5d1c7e0a-0000-4000-8000-000000000001","crm_id":"5d1c7e0a-0000-4000-8000-000000000002"}"#,
        ],
    )
}

fn objects_twice(world: &World) -> Vec<Input> {
    let row = good_row("contact");
    text_inputs(
        world,
        &[
            format!(r#"{{"objects":[{row}],"objects":[]}}"#),
            format!(r#"{{"objects":[],"options":{{}},"objects":[{row}]}}"#),
            // The same name, written with an escape.
            format!(r#"{{"objects":[{row}],"\u006fbjects":[]}}"#),
            format!(r#"{{"options":{{}},"objects":[{row}],"options":{{}}}}"#),
        ],
    )
}

fn options_twice(world: &World) -> Vec<Input> {
    options_inputs(
        world,
        &[
            r#"{"dedupe_by":"email","dedupe_by":"title"}"#,
            r#"{"dedupe_by":"email","dedupe\u005fby":"email"}"#,
            r#"{"update_existing":false,"update_existing":true}"#,
        ],
    )
}

fn numbers_too_large() -> Vec<Row> {
    let row = |number: &str| Row::new(number, format!(r#"{{"default":{{"employee_count":{number}}}}}"#));
    [
        "1e400",
        "-1e400",
        "1.8e308",
        "9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1e99999999999999999999",
        r#""1e400""#,
        r#""9223372036854775808""#,
        r#""NaN""#,
        r#""Infinity""#,
        r#""0x10""#,
        r#""1,5""#,
        r#""+1""#,
        r#""01""#,
    ]
    .map(row)
    .into()
}

/// 2^53 + 1 is not an f64: it comes back as it was sent, digit for digit.
fn large_integers_are_exact(world: &mut World) -> Change {
    let numbers = ["9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"];
    let rows = numbers.map(|number| format!(r#"{{"default":{{"employee_count":{number}}}}}"#));
    let client = world.client();
    let job = client.import_and_wait("organization", import_of(&rows));
    for (number, result) in numbers.iter().zip(job["results"].as_array().unwrap()) {
        let text = client.record("organization", result["id"].as_str().unwrap()).text();
        assert!(text.contains(&format!(r#""employee_count":{number}"#)), "{number} became {text}");
    }
    Change::records("organization", numbers.len())
}

fn not_numbers(world: &World) -> Vec<Input> {
    let numbers = [
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "01",
        ".5",
        "+1",
        "1.",
        "1e",
        "--1",
        "1_000",
        "undefined",
        "'1'",
        "True",
    ];
    let bodies = numbers.map(|number| import_of(&[format!(r#"{{"default":{{"full_name":{number}}}}}"#)]));
    text_inputs(world, &bodies)
}

fn rows_of_texts(texts: &[&str]) -> Vec<Row> {
    let row = |text: &&str| Row::new(*text, format!(r#"{{"default":{{"full_name":"{text}"}}}}"#));
    texts.iter().map(row).collect()
}

fn texts_with_zero() -> Vec<Row> {
    let mut rows = rows_of_texts(&[r"\u0000", r"before\u0000after", r"\u0000\u0000", r"ends\u0000"]);
    rows.push(Row::of(r#"{"default":{"tags":["a\u0000"]}}"#));
    rows.push(Row::of(r#"{"default":{"first_interaction_date":"2026-01-01\u0000"}}"#));
    rows
}

fn lone_surrogates() -> Vec<Row> {
    rows_of_texts(&[r"\ud800", r"\udc00", r"\ud800x", r"\udc00\ud800", r"\ud83d\ud83d\ude00", r"x\uDFFF"])
}

fn odd_slugs() -> Vec<Row> {
    let long = "s".repeat(10 << 10);
    let slugs = [
        "__proto__",
        "constructor",
        "",
        long.as_str(),
        "a.b",
        "email ",
        "Email",
        "email\\u0000",
        "toString",
        "default",
    ];
    let row = |slug: &str| {
        let label: String = slug.chars().take(20).collect();
        Row::new(label, format!(r#"{{"default":{{"{slug}":"x"}}}}"#))
    };
    slugs.map(row).into()
}

fn too_many_properties() -> Vec<Row> {
    let row = |count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!(r#""property_{number}":1"#)).collect();
        Row::new(format!("{count} properties"), format!(r#"{{"default":{{{}}}}}"#, members.join(",")))
    };
    vec![row(501), row(5_000)]
}
