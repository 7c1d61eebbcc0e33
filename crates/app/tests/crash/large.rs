//! Large records are changed and taken back: in little memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::inspect::{peak_resident_bytes, usage};
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::support::watching::{assert_law, number};

const ROWS: usize = 250;
/// With what they were before, 200 MB in all.
const TEXT_BYTES: usize = 400_000;
/// A chunk of 16 MiB in a few copies, a cache, and what else a server needs that is not optimised.
const MEMORY_MOST: u64 = 160 << 20;

#[test]
fn large_records_are_taken_back_in_little_memory() {
    let mut server = launch().start_in(Home::empty());
    let tenant = server.tenant();
    for mark in ["before", "after"] {
        let job = server.client(&tenant).import_and_wait("contact", large_contacts(mark));
        assert_eq!(number(&job, "succeeded"), ROWS as u64, "{}", job["error"]);
    }
    let import = server.client(&tenant).get(&server.client(&tenant).path("imports?limit=1")).json();
    let import = server.client(&tenant).path(&format!("imports/{}", import["data"][0]["job_id"].as_str().unwrap()));

    // A fresh process, whose memory is that of the undo alone.
    server.restart();
    let before = usage(&server);
    let undone = server.client(&tenant).wait_for_job(&undo(&server, &import));
    assert_law(&undone);
    assert_eq!((&undone["status"], number(&undone, "updated")), (&"complete".into(), ROWS as u64));
    if let (Some(before), Some(peak)) = (before, peak_resident_bytes(&server)) {
        let grown = peak.saturating_sub(before.resident_bytes);
        println!("large: {} MiB more at the peak", grown >> 20);
        assert!(grown < MEMORY_MOST, "the undo took {} MiB", grown >> 20);
    }
    assert_all_marked(&server, "before");
}

/// Each of the rows is small, and changes a large record.
#[test]
fn large_records_are_changed_in_little_memory() {
    let mut server = launch().start_in(Home::empty());
    let tenant = server.tenant();
    server.client(&tenant).import_and_wait("contact", large_contacts("before"));
    server.restart();
    let before = usage(&server);
    let changed = server.client(&tenant).import_and_wait("contact", small_rows());
    assert_eq!(number(&changed, "updated"), ROWS as u64, "{}", changed["error"]);
    if let (Some(before), Some(peak)) = (before, peak_resident_bytes(&server)) {
        let grown = peak.saturating_sub(before.resident_bytes);
        assert!(grown < MEMORY_MOST, "an import of {} bytes took {} MiB", small_rows().len(), grown >> 20);
    }
}

/// Each of the later rows is small, and changes a large record that the dry run would have made: it is drafted.
#[test]
fn large_records_are_drafted_in_little_memory() {
    let server = launch().start_in(Home::empty());
    let tenant = server.tenant();
    let client = server.client(&tenant);
    let objects: Vec<Value> =
        (0..ROWS).map(|row| large_contact(row, "before")).chain((0..ROWS).map(small_row)).collect();
    let options = json!({"dedupe_by": "email", "update_existing": true, "dry_run": true});
    let body = json!({"objects": objects, "options": options}).to_string();
    let before = usage(&server);
    let said = client.import_and_wait("contact", body);
    assert_eq!((number(&said, "created"), number(&said, "updated")), (ROWS as u64, ROWS as u64), "{}", said["error"]);
    if let (Some(before), Some(peak)) = (before, peak_resident_bytes(&server)) {
        let grown = peak.saturating_sub(before.resident_bytes);
        println!("large: {} MiB more at the peak", grown >> 20);
        assert!(grown < MEMORY_MOST, "the dry run took {} MiB", grown >> 20);
    }
}

fn small_row(row: usize) -> Value {
    json!({"default": {"email": format!("large{row}@example.org"), "title": "Changed"}})
}

fn small_rows() -> String {
    let objects: Vec<Value> = (0..ROWS).map(small_row).collect();
    json!({"objects": objects, "options": {"dedupe_by": "email", "update_existing": true}}).to_string()
}

fn large_contact(row: usize, mark: &str) -> Value {
    let text = format!("{mark} ").repeat(TEXT_BYTES / (mark.len() + 1));
    json!({"default": {"email": format!("large{row}@example.org"), "description": text}})
}

fn launch() -> Launch {
    Launch::new().with("REFRACT_STORE_CACHE_BYTES", "4MiB")
}

fn large_contacts(mark: &str) -> String {
    let objects: Vec<Value> = (0..ROWS).map(|row| large_contact(row, mark)).collect();
    json!({"objects": objects, "options": {"dedupe_by": "email", "update_existing": true}}).to_string()
}

fn undo(server: &Server, import: &str) -> String {
    let client = server.client(&server.tenant());
    let answer = client.send(&Request::post(format!("{import}/undo")).key(&client.key));
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.header("location").expect("where it is found").to_owned()
}

/// Every record has the text of this mark.
fn assert_all_marked(server: &Server, mark: &str) {
    let client = server.client(&server.tenant());
    let mut marks: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..ROWS {
        let found = client.get(&client.path(&format!("contact/by/email/large{row}@example.org"))).json();
        let text = found["default"]["description"].as_str().expect("a text");
        *marks.entry(text.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert_eq!(marks, BTreeMap::from([(mark.to_owned(), ROWS)]));
}
