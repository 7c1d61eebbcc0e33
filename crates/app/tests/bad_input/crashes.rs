//! Requests whose server is killed (SIGKILL) before or after the commit. (B-IDEM-13, 14; B-SEM-07)

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bodies::{body_of_rows, import_with};
use super::case::{Case, Change, World, script};
use super::runner::run_section;
use crate::support::client::Client;
use crate::support::http::Wire;
use crate::support::request::Request;
use crate::support::server::Launch;

/// Longer than any upload may stand still.
const A_WHILE: Duration = Duration::from_secs(7_200);

#[test]
fn crashes() {
    run_section(
        Launch::new().with("REFRACT_LEASE", "1s"),
        &[
            script("B-IDEM-13", killed_after_commit),
            script("B-IDEM-13 job", killed_after_job_was_accepted),
            script("B-IDEM-14", killed_before_commit),
            script("B-IDEM-14 job", killed_while_staging),
            script("B-SEM-07", killed_between_chunks),
        ] as &[Case],
    );
}

fn keyed(client: &Client, key: &str, rows: usize) -> Request {
    client.import_request("contact", body_of_rows(rows)).header("Idempotency-Key", key)
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The import is in, the client never saw the answer: it gets it by asking again.
fn killed_after_commit(world: &mut World) -> Change {
    let client = world.client();
    let before = client.count("contact");
    let request = keyed(&client, "killed-after-commit", 20);
    let mut wire = Wire::open(world.server.address());
    wire.send(&request.bytes()).unwrap();
    wait_until("the commit", || client.count("contact") == before + 20);
    world.server.restart();
    let client = world.client();
    let again = client.send(&request);
    assert_eq!((again.status, again.header("idempotent-replay")), (200, Some("true")), "{}", again.text());
    assert_eq!(again.json()["succeeded"], 20);
    assert_eq!(client.count("contact"), before + 20);
    Change::records("contact", 20)
}

/// What was answered 202 is carried through, once, whatever happens to the process.
fn killed_after_job_was_accepted(world: &mut World) -> Change {
    const ROWS: usize = 10_000;
    let request = keyed(&world.client(), "killed-after-acceptance", ROWS);
    let first = world.client().send(&request);
    assert_eq!(first.status, 202, "{}", first.text());
    world.server.restart();
    let client = world.client();
    let again = client.send(&request);
    assert_eq!((again.status, again.header("idempotent-replay")), (202, Some("true")), "{}", again.text());
    assert_eq!(again.header("location"), first.header("location"));
    let job = client.finished(&again);
    assert_eq!((job["status"].as_str(), job["succeeded"].as_u64()), (Some("complete"), Some(ROWS as u64)));
    Change::records("contact", ROWS)
}

fn killed_before_commit(world: &mut World) -> Change {
    let client = world.client();
    let before = client.count("contact");
    let request = keyed(&client, "killed-before-commit", 20);
    let (start, _) = request.parted(1);
    let mut wire = Wire::open(world.server.address());
    wire.send(&start).unwrap();
    thread::sleep(Duration::from_millis(200));
    world.server.restart();
    let client = world.client();
    assert_eq!(client.count("contact"), before, "nothing of it is there");
    let again = client.send(&request);
    assert_eq!((again.status, again.header("idempotent-replay")), (200, None), "{}", again.text());
    Change::records("contact", 20)
}

fn killed_while_staging(world: &mut World) -> Change {
    const ROWS: usize = 20_000;
    let request = keyed(&world.client(), "killed-while-staging", ROWS);
    let (start, _) = request.parted(100);
    let mut wire = Wire::open(world.server.address());
    wire.send(&start).unwrap();
    wait_until("a staged row", || world.server.home().staged() > 0);
    world.server.kill();
    world.server.home().age_uploads(A_WHILE);
    world.server.restart();
    wait_until("the sweep of the staged rows", || world.server.home().staged() == 0);
    let client = world.client();
    let again = client.send(&request);
    assert_eq!((again.status, again.header("idempotent-replay")), (202, None), "{}", again.text());
    assert_eq!(client.finished(&again)["succeeded"], ROWS);
    Change::records("contact", ROWS)
}

/// Keys come again and again over many chunks, and the server dies in between: each key has one record, and the
/// outcomes are as if nothing had happened.
fn killed_between_chunks(world: &mut World) -> Change {
    const ROWS: usize = 30_000;
    const KEYS: usize = 7_000;
    let row = |number: usize| format!(r#"{{"default":{{"external_id":"again-{}"}}}}"#, number % KEYS);
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    let answer = world.client().import("deal", import_with(&rows, r#"{"dedupe_by":"external_id"}"#));
    let location = answer.header("location").expect("a job").to_owned();
    let mut deaths = 0;
    let processed = |client: &Client| client.get(&location).json()["processed"].as_u64().expect("a counter");
    for wanted in [1, ROWS as u64 / 2] {
        let client = world.client();
        wait_until("progress", || processed(&client) >= wanted);
        deaths += u32::from(processed(&client) < ROWS as u64);
        world.server.restart();
    }
    let client = world.client();
    let job = client.wait_for_job(&location);
    assert_eq!(job["status"], "complete", "after {deaths} deaths");
    let results = job["results"].as_array().expect("results");
    assert_eq!(results.len(), ROWS);
    for (index, result) in results.iter().enumerate() {
        let expected: (bool, &Value) = (index < KEYS, &results[index % KEYS]["id"]);
        assert_eq!((result["created"] == true, &result["id"]), expected, "row {index}: {result}");
        assert_eq!(result["existing"], index >= KEYS, "row {index}: {result}");
    }
    Change::records("deal", KEYS)
}
