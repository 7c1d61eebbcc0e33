//! Idempotency keys. (B-IDEM-01 to 11, 17; 20, 22)
//!
//! B-IDEM-10 needs a clock that can be moved: `old_keys_are_stale` in crates/http/tests. B-IDEM-16 needs a store that
//! fails: `a_request_that_failed_can_be_sent_again` in crates/engine/tests.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bodies::{body_of_rows, good_body, good_row, gzip};
use super::case::{CANARY, Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::client::Client;
use crate::support::http::{Answer, PATIENCE, Wire};
use crate::support::request::Request;
use crate::support::server::Launch;

#[test]
fn idempotency() {
    run_section(Launch::new(), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        script("B-IDEM-01", same_again),
        script("B-IDEM-01 job", same_job_again),
        script("B-IDEM-01 refusal", same_refusal_again),
        script("B-IDEM-02", while_the_first_runs),
        script("B-IDEM-04, 05, 07", anything_differs),
        script("B-IDEM-08", encoded_and_plain),
        Refused::with(&[400], &["invalid_request"], bad_keys).case("B-IDEM-11"),
        // No header may hold it: it is refused before anybody asks which header it is.
        Refused::with(&[400], &["bad_request"], key_with_control_character).case("B-IDEM-11 control character"),
        script("B-IDEM-11 longest", longest_key),
        script("B-IDEM-17", client_hangs_up),
        script("B-IDEM-20", preconditions),
        script("B-IDEM-22", one_of_fifty_patches),
    ]
}

fn keyed(client: &Client, key: &str, body: impl AsRef<[u8]>) -> Request {
    client.import_request("contact", body).header("Idempotency-Key", key)
}

/// Sends a request again and checks that it gets the first answer.
fn expect_replay(client: &Client, request: &Request, first: &Answer) {
    let again = client.send(request);
    assert_eq!(again.header("idempotent-replay"), Some("true"), "{}", again.text());
    assert_eq!(again.status, first.status);
    assert_eq!(again.body, first.body, "byte for byte");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

fn same_again(world: &mut World) -> Change {
    let client = world.client();
    let request = keyed(&client, "same-again", body_of_rows(3));
    let first = client.send(&request);
    assert_eq!((first.status, first.header("idempotent-replay")), (200, None), "{}", first.text());
    expect_replay(&client, &request, &first);
    expect_replay(&client, &request, &first);
    // Keys belong to the API key: another team with the same one is a stranger.
    let other = world.other_client();
    let stranger = other.send(&keyed(&other, "same-again", r#"{"objects":[]}"#));
    assert_eq!((stranger.status, stranger.header("idempotent-replay")), (200, None), "{}", stranger.text());
    Change::records("contact", 3)
}

fn same_job_again(world: &mut World) -> Change {
    let client = world.client();
    let request = keyed(&client, "same-job-again", body_of_rows(1_000));
    let first = client.send(&request);
    assert_eq!(first.status, 202, "{}", first.text());
    expect_replay(&client, &request, &first);
    assert_eq!(client.finished(&first)["succeeded"], 1_000);
    expect_replay(&client, &request, &first);
    Change::records("contact", 1_000)
}

/// An answer that is not a server's fault is kept like a success.
fn same_refusal_again(world: &mut World) -> Change {
    let client = world.client();
    let request = keyed(&client, "same-refusal-again", r#"{"objects":[],"options":{"dedupe_by":"nothing"}}"#);
    let first = client.send(&request);
    assert_eq!((first.status, first.header("idempotent-replay")), (400, None), "{}", first.text());
    let again = client.send(&request);
    assert_eq!((again.status, again.code()), (400, first.code()), "{}", again.text());
    let changed = client.send(&keyed(&client, "same-refusal-again", good_body()));
    assert_eq!(changed.code().as_deref(), Some("idempotency_key_mismatch"), "{}", changed.text());
    Change::nothing()
}

fn while_the_first_runs(world: &mut World) -> Change {
    let client = world.client();
    let request = keyed(&client, "while-the-first-runs", good_body());
    let (start, end) = request.parted(1);
    let mut first = Wire::open(world.server.address());
    first.send(&start).unwrap();
    // The server must have seen the first before the second comes.
    thread::sleep(Duration::from_millis(300));
    let second = client.send(&request);
    assert_eq!(
        (second.status, second.code().as_deref()),
        (409, Some("idempotency_key_in_progress")),
        "{}",
        second.text()
    );
    assert_eq!(second.header("retry-after"), Some("1"));
    assert_ne!(second.header("x-should-retry"), Some("false"));
    first.send(&end).unwrap();
    let answer = first.receive(PATIENCE).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    expect_replay(&client, &request, &answer);
    Change::records("contact", 1)
}

fn anything_differs(world: &mut World) -> Change {
    let client = world.client();
    let body = good_body();
    let request = keyed(&client, "anything-differs", &body);
    let first = client.send(&request);
    let id = first.json()["results"][0]["id"].as_str().unwrap().to_owned();
    let patched = client.path(&format!("contact/{id}"));
    let reordered = format!(r#"{{"options":{{}},"objects":[{}]}}"#, good_row("contact"));
    let others = [
        ("a byte of the body", keyed(&client, "anything-differs", body.replace(CANARY, "canary-value-9f27c1e5"))),
        ("a space more", keyed(&client, "anything-differs", format!("{body} "))),
        ("another order", keyed(&client, "anything-differs", reordered)),
        ("another type", request.clone().target(client.path("identity/import"))),
        ("another path", request.clone().target(client.path("contact"))),
        ("another method", request.clone().method("PATCH").target(patched)),
    ];
    for (label, other) in others {
        let answer = client.send(&other);
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (409, Some("idempotency_key_mismatch".to_owned())), "{label}: {}", answer.text());
        assert_eq!(answer.header("x-should-retry"), Some("false"), "{label}");
    }
    expect_replay(&client, &request, &first);
    Change::records("contact", 1)
}

/// The body is its bytes after decompression.
fn encoded_and_plain(world: &mut World) -> Change {
    let client = world.client();
    let body = body_of_rows(2);
    let encoded = keyed(&client, "encoded-and-plain", gzip(body.as_bytes())).header("Content-Encoding", "gzip");
    let first = client.send(&encoded);
    assert_eq!(first.status, 200, "{}", first.text());
    expect_replay(&client, &keyed(&client, "encoded-and-plain", &body), &first);
    expect_replay(&client, &encoded, &first);
    Change::records("contact", 2)
}

fn key_with_control_character(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).header("Idempotency-Key", b"a\x01b");
    vec![Input::new("a control character", request.bytes())]
}

fn bad_keys(world: &World) -> Vec<Input> {
    let client = world.client();
    let long = "k".repeat(256);
    let keys: [(&str, &[u8]); 6] = [
        ("256 characters", long.as_bytes()),
        ("empty", b""),
        ("blank", b"   "),
        ("a tab", b"a\tb"),
        ("not ASCII", "schlüssel".as_bytes()),
        ("not UTF-8", b"\xff\xfe"),
    ];
    let request = |key: &[u8]| client.import_request("contact", good_body()).header("Idempotency-Key", key);
    let mut inputs: Vec<Input> = keys.iter().map(|(label, key)| Input::new(*label, request(key).bytes())).collect();
    inputs.push(Input::new("two", request(b"one").header("Idempotency-Key", "two").bytes()));
    inputs.push(Input::new("the same twice", request(b"one").header("Idempotency-Key", "one").bytes()));
    inputs
}

fn longest_key(world: &mut World) -> Change {
    let client = world.client();
    for key in ["k".repeat(255), "k".to_owned(), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ x".to_owned()] {
        let request = keyed(&client, &key, good_body());
        let first = client.send(&request);
        assert_eq!(first.status, 200, "{key}: {}", first.text());
        expect_replay(&client, &request, &first);
    }
    Change::records("contact", 3)
}

/// A client that is gone before the answer: its import is there and replayed, or it never was; repeating it makes it once.
fn client_hangs_up(world: &mut World) -> Change {
    const TIMES: usize = 30;
    let client = world.client();
    let before = client.count("contact");
    for number in 0..TIMES {
        let request = keyed(&client, &format!("hangs-up-{number}"), body_of_rows(20));
        let mut wire = Wire::open(world.server.address());
        wire.send(&request.bytes()).unwrap();
        thread::sleep(Duration::from_micros(200 * number as u64));
        drop(wire);
        let answer = repeat_until_done(&client, &request);
        assert_eq!(answer.status, 200, "{}", answer.text());
        expect_replay(&client, &request, &answer);
        assert_eq!(client.count("contact"), before + 20 * (number as u64 + 1), "after import {number}");
    }
    Change::records("contact", 20 * TIMES)
}

/// Sends a request until its key is not in progress any more.
fn repeat_until_done(client: &Client, request: &Request) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.send(request);
        if answer.code().as_deref() != Some("idempotency_key_in_progress") {
            return answer;
        }
        assert!(Instant::now() < deadline, "the key stays in progress");
        thread::sleep(Duration::from_millis(20));
    }
}

fn created(client: &Client) -> (String, String) {
    let answer =
        client.send(&Request::post(client.path("contact")).key(&client.key).json(r#"{"default":{"title":"0"}}"#));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let tag = client.record("contact", &id).header("etag").expect("a tag").to_owned();
    (id, tag)
}

fn patch(client: &Client, id: &str, tag: &str, title: &str) -> Answer {
    let body = format!(r#"{{"default":{{"title":"{title}"}}}}"#);
    let request = Request::new("PATCH", client.path(&format!("contact/{id}"))).key(&client.key).json(body);
    client.send(&request.header("If-Match", tag))
}

fn preconditions(world: &mut World) -> Change {
    let client = world.client();
    let (id, old) = created(&client);
    assert_eq!(patch(&client, &id, &old, "1").status, 200);
    let before = client.record("contact", &id);
    let current = before.header("etag").expect("a tag").to_owned();
    let weak = format!("W/{current}");
    for tag in [old.as_str(), &weak, "\"nonsense\"", "nonsense", "\"\"", current.trim_matches('"')] {
        let answer = patch(&client, &id, tag, "2");
        assert_eq!(
            (answer.status, answer.code().as_deref()),
            (412, Some("precondition_failed")),
            "{tag}: {}",
            answer.text()
        );
    }
    let after = client.record("contact", &id);
    assert_eq!((&after.body, after.header("etag")), (&before.body, Some(current.as_str())));
    let missing = patch(&client, "5d1c7e0a-0000-7000-8000-00000000feed", "*", "2");
    assert!(matches!(missing.status, 404 | 412), "{}", missing.text());
    Change::records("contact", 1)
}

fn one_of_fifty_patches(world: &mut World) -> Change {
    let client = world.client();
    let (id, tag) = created(&client);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let run = |number: usize| {
            let (client, id, tag) = (client.clone(), id.clone(), tag.clone());
            scope.spawn(move || patch(&client, &id, &tag, &format!("patch {number}")).status)
        };
        let running: Vec<_> = (1..=50).map(run).collect();
        running.into_iter().map(|patch| patch.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 49, "{statuses:?}");
    let record: Value = client.record("contact", &id).json();
    assert!(record["default"]["title"].as_str().is_some_and(|title| title.starts_with("patch ")), "{record}");
    Change::records("contact", 1)
}
