//! Eight jobs over one set of keys, with small imports and single creates beside them: one record a key, no failed row.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::together::{at_once, send_in_turn};

const KEYS: usize = 2_000;
const JOBS: usize = 8;
/// Rows of a job that name a key again, in other letters.
const REPEATS: usize = 200;
const INLINE: usize = 12;
const INLINE_ROWS: usize = 60;
const SINGLES: usize = 40;

/// What one import was sent and what came of it.
struct Done {
    emails: Vec<String>,
    job: Value,
}

#[test]
fn jobs_small_imports_and_single_creates_make_one_record_a_key() {
    let server = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "300").start();
    let client = server.client(&server.tenant());
    let done = at_once(JOBS + INLINE + 1, |index| {
        if index < JOBS {
            return Some(import(&client, &rows(index as u64, KEYS, REPEATS), index % 2 == 0));
        }
        if index < JOBS + INLINE {
            return Some(import(&client, &rows(index as u64, INLINE_ROWS, 0), index % 2 == 0));
        }
        (0..SINGLES).for_each(|number| create(&client, number));
        None
    });

    assert_eq!(client.count("contact"), (KEYS + SINGLES) as u64, "one record a key, and the single ones");
    let mut ids_by_key: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut creations = BTreeMap::new();
    for Done { emails, job } in done.iter().flatten() {
        assert_eq!((&job["status"], &job["failed"]), (&json!("complete"), &json!(0)), "no row fails: {job}");
        let results = job["results"].as_array().expect("results");
        assert_eq!(results.len(), emails.len(), "every row has a result");
        for (email, result) in emails.iter().zip(results) {
            let id = result["id"].as_str().expect("every row has a record").to_owned();
            ids_by_key.entry(email.to_lowercase()).or_default().insert(id);
            *creations.entry(email.to_lowercase()).or_insert(0) += i32::from(result["created"] == true);
        }
    }
    assert_eq!(ids_by_key.len(), KEYS, "all keys were sent");
    for (email, ids) in &ids_by_key {
        assert_eq!(ids.len(), 1, "{email} is one record, whoever asks: {ids:?}");
        assert_eq!(creations[email], 1, "{email} was made once");
    }
    for (email, ids) in ids_by_key.iter().step_by(50) {
        let record = client.record("contact", ids.first().expect("one id")).json();
        let kept = record["default"]["email"].as_str().expect("the record has its key");
        assert_eq!(&kept.to_lowercase(), email, "the id leads to the record of the key");
    }
}

/// So many of the keys in an order of their own, the first of them once more in capitals.
fn rows(seed: u64, count: usize, repeats: usize) -> Vec<String> {
    let mut emails: Vec<String> = (0..KEYS).map(|key| format!("key{key}@example.org")).collect();
    emails.shuffle(&mut StdRng::seed_from_u64(seed));
    emails.truncate(count);
    let again: Vec<String> = emails.iter().take(repeats).map(|email| email.to_uppercase()).collect();
    emails.extend(again);
    emails
}

fn import(client: &Client, emails: &[String], update_existing: bool) -> Done {
    let objects: Vec<Value> = emails
        .iter()
        .enumerate()
        .map(|(row, email)| json!({"default": {"email": email, "title": format!("Row {row}")}}))
        .collect();
    let body = json!({"objects": objects, "options": {"dedupe_by": "email", "update_existing": update_existing}});
    let answer = send_in_turn(client, &client.import_request("contact", body.to_string()));
    Done { emails: emails.to_vec(), job: client.finished(&answer) }
}

/// A record of a key that no import names.
fn create(client: &Client, number: usize) {
    let body = json!({"default": {"email": format!("single{number}@example.org")}}).to_string();
    let answer = client.send(&Request::post(client.path("contact")).key(&client.key).json(body));
    assert_eq!(answer.status, 201, "{}", answer.text());
}
