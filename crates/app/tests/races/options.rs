//! Imports at the same time that bring the same new options along: each option is made once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Launch;
use crate::together::{at_once, send_in_turn};

const JOBS: usize = 4;
const INLINE: usize = 8;
const OPTIONS: usize = 25;

#[test]
fn imports_at_once_make_each_option_once() {
    let server = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "100").start();
    let client = server.client(&server.tenant());
    let jobs = at_once(JOBS + INLINE, |index| {
        let rows = if index < JOBS { 500 } else { OPTIONS };
        let body = body(index, rows);
        let answer = send_in_turn(&client, &client.import_request("contact", body));
        client.finished(&answer)
    });
    for job in &jobs {
        assert_eq!((&job["status"], &job["failed"]), (&json!("complete"), &json!(0)), "no row fails");
    }

    let options = options(&client, "tags");
    let values: BTreeSet<String> = options.iter().map(|option| text(option, "value").to_lowercase()).collect();
    let slugs: BTreeSet<&str> = options.iter().map(|option| text(option, "slug")).collect();
    assert_eq!(options.len(), OPTIONS, "each option once: {options:?}");
    assert_eq!((values.len(), slugs.len()), (OPTIONS, OPTIONS), "no two alike");
    for job in &jobs {
        let first = job["results"][0]["id"].as_str().expect("a record");
        let record = client.record("contact", first).json();
        let tag = record["default"]["tags"][0].as_str().expect("a tag").to_owned();
        assert!(slugs.contains(tag.as_str()), "records hold options that exist: {record}");
    }
}

/// Rows that name every option over and over, each import beginning with another and writing them in its own case.
fn body(index: usize, rows: usize) -> String {
    let name = |row: usize| format!("Option {}", (row + index) % OPTIONS);
    let written = |row: usize| if index.is_multiple_of(2) { name(row) } else { name(row).to_uppercase() };
    let objects: Vec<Value> = (0..rows).map(|row| json!({"default": {"tags": [written(row)]}})).collect();
    json!({"objects": objects, "options": {"create_missing_options": true}}).to_string()
}

/// The options of a contact's property.
fn options(client: &Client, slug: &str) -> Vec<Value> {
    let answer = client.get(&client.path("contact/properties"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let map = answer.json();
    let definitions = map["contact"].as_object().expect("definitions of contacts");
    let tags = definitions.values().find(|definition| definition["slug"] == slug).expect("the property");
    tags["options"].as_array().expect("its options").clone()
}

fn text<'a>(option: &'a Value, name: &str) -> &'a str {
    option[name].as_str().expect("a text")
}
