//! Upserts and find-or-create from many connections, while an import wants the same keys: one record a value, no lost
//! write. And records that are hidden, brought back and changed all at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::together::at_once;

/// Contacts from before: making their property keyed takes several steps.
const BEFORE: usize = 12_000;
const WRITERS: usize = 24;
const KEYS: usize = 12;

fn put(client: &Client, path: &str, body: &Value) -> Answer {
    client.send(&Request::new("PUT", client.path(path)).key(&client.key).json(body.to_string()))
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.send(&Request::post(client.path(path)).key(&client.key).json(body.to_string()))
}

fn email(key: usize) -> String {
    // Half of them are there, the others are new.
    format!("key{}@example.org", BEFORE - KEYS / 2 + key)
}

#[test]
fn upserts_make_one_record_a_value_also_while_it_becomes_keyed() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let rows: Vec<Value> =
        (0..BEFORE).map(|key| json!({"default": {"email": format!("Key{key}@example.org")}})).collect();
    client.import_and_wait("contact", json!({ "objects": rows }).to_string());

    let answers = at_once(WRITERS, |writer| {
        let own = format!("slug of {writer}");
        let write = |key: usize| {
            let (address, slug) = (email(key), ["city", "title", "phone", "country"][writer % 4]);
            let address = if writer % 2 == 0 { address.to_uppercase() } else { address };
            put(&client, &format!("contact/by/email/{address}"), &json!({"default": {slug: own}}))
        };
        // Everybody in an order of their own.
        (0..KEYS).map(|step| (step + writer) % KEYS).map(|key| (key, write(key))).collect::<Vec<_>>()
    });

    let mut ids: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut made: BTreeMap<usize, usize> = BTreeMap::new();
    for (key, answer) in answers.iter().flatten() {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        ids.entry(*key).or_default().insert(answer.json()["id"].as_str().expect("an id").to_owned());
        *made.entry(*key).or_default() += usize::from(answer.status == 201);
    }
    for key in 0..KEYS {
        assert_eq!(ids[&key].len(), 1, "{} is one record", email(key));
        assert_eq!(made[&key], usize::from(key >= KEYS / 2), "{} is made once if it is not there", email(key));
        let record = client.record("contact", ids[&key].first().expect("one")).json();
        for slug in ["city", "title", "phone", "country"] {
            assert!(record["default"][slug].is_string(), "no write is lost: {record}");
        }
    }
    assert_eq!(client.count("contact"), (BEFORE + KEYS / 2) as u64);
}

#[test]
fn upserts_and_a_job_over_the_same_keys_agree() {
    const JOB_KEYS: usize = 600;
    let server = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "50").start();
    let client = server.client(&server.tenant());
    let address = |key: usize| format!("key{key}@example.org");
    at_once(6, |index| {
        if index == 0 {
            let row = |key: usize| json!({"default": {"email": address(key), "city": "job"}});
            let objects: Vec<Value> = (0..JOB_KEYS).map(row).collect();
            let body = json!({"objects": objects, "options": {"dedupe_by": "email", "update_existing": true}});
            let job = client.import_and_wait("contact", body.to_string());
            assert_eq!((&job["failed"], &job["status"]), (&json!(0), &json!("complete")), "no row fails");
            return;
        }
        for key in (0..JOB_KEYS).filter(|key| key % 5 == index - 1) {
            let body = json!({"default": {"title": "upsert"}});
            let answer = put(&client, &format!("contact/by/email/{}", address(key)), &body);
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        }
    });
    assert_eq!(client.count("contact"), JOB_KEYS as u64, "one record a key");
    for key in (0..JOB_KEYS).step_by(40) {
        let record = put(&client, &format!("contact/by/email/{}", address(key)), &json!({})).json();
        assert_eq!(
            (&record["default"]["city"], &record["default"]["title"]),
            (&json!("job"), &json!("upsert")),
            "{record}"
        );
    }
}

#[test]
fn whoever_is_looked_for_by_many_is_made_once() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let answers = at_once(WRITERS, |writer| {
        let body =
            json!({"match": {"email_address": "Ada+tag@Example.org"}, "defaults": {"full_name": format!("{writer}")}});
        post(&client, "identity/find-or-create", &body)
    });
    let created = answers.iter().filter(|answer| answer.status == 201 && answer.json()["created"] == true).count();
    let found = answers.iter().filter(|answer| answer.status == 200 && answer.json()["created"] == false).count();
    assert_eq!((created, found), (1, WRITERS - 1), "{answers:?}");
    let records: BTreeSet<String> = answers.iter().map(|answer| answer.json()["record"].to_string()).collect();
    assert_eq!((records.len(), client.count("identity")), (1, 1), "all get the same record");
}

#[test]
fn hiding_bringing_back_and_changing_at_once_leave_counts_and_keys_right() {
    const RECORDS: usize = 8;
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let list = post(&client, "lists", &json!({"template_id": "partnerships"})).json();
    let list_id = list["id"].as_str().expect("a list").to_owned();
    let made = |number: usize| {
        let path = format!("organization/by/name/N{number}?list_id={list_id}");
        put(&client, &path, &json!({"list": {"app_stage": "talking"}})).json()["id"].as_str().expect("an id").to_owned()
    };
    let ids: Vec<String> = (0..RECORDS).map(made).collect();
    at_once(WRITERS, |writer| {
        for round in 0..RECORDS {
            let id = &ids[(writer + round) % RECORDS];
            let answer = match writer % 4 {
                0 => client.send(&Request::new("DELETE", client.path(&format!("organization/{id}"))).key(&client.key)),
                1 => post(&client, &format!("organization/{id}/restore"), &json!({})),
                2 => post(&client, "organization/batch/delete", &json!({ "ids": ids })),
                _ => {
                    let items: Vec<Value> =
                        ids.iter().map(|id| json!({"id": id, "default": {"location": format!("{writer}")}})).collect();
                    post(&client, &format!("organization/batch/update?list_id={list_id}"), &json!({ "items": items }))
                }
            };
            assert!(matches!(answer.status, 200 | 204 | 404), "{}", answer.text());
        }
    });

    let counts = || {
        let in_list = client.get(&client.path(&format!("organization/count?list_id={list_id}"))).json();
        (client.count("organization"), in_list["total"].as_u64().expect("a count"))
    };
    let live: Vec<bool> = ids.iter().map(|id| client.record("organization", id).status == 200).collect();
    let live_count = live.iter().filter(|is_live| **is_live).count() as u64;
    assert_eq!(counts(), (live_count, live_count), "what is live is counted");
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(post(&client, &format!("organization/{id}/restore"), &json!({})).status, 200);
        let met = put(&client, &format!("organization/by/name/n{number}?list_id={list_id}"), &json!({}));
        assert_eq!(
            (met.status, met.json()["id"].as_str()),
            (200, Some(id.as_str())),
            "its key means it: {}",
            met.text()
        );
        assert_eq!(met.json()["list"], json!({"app_stage": "talking"}), "its place in the list is as it was");
    }
    assert_eq!(counts(), (RECORDS as u64, RECORDS as u64));
}
