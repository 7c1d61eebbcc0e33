//! Jobs are cancelled at random points, some under kills, and what they left is tried again, three times over.
//!
//! A cancelled job accounts for every row, and has written nothing of the rows after its cursor, neither then nor later. The
//! chain of retries comes to what one undisturbed import comes to, each row being in once.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::seed;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::http::Answer;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::support::watching::{assert_law, number};
use crate::undisturbed::stop;

const ROWS: usize = 4_000;
/// Retries, of which all but the last are cancelled.
const RETRIES: usize = 3;
/// Small chunks: many points to be cancelled at.
const CHUNK_ROWS: &str = "100";
const LEASE: &str = "200ms";
/// The longest time between a picture of a job and its cancelling: a chunk or two.
const BESIDE_MOST: Duration = Duration::from_millis(4);
/// How long a job may take to get to some row.
const PATIENCE: Duration = Duration::from_secs(120);
/// So much later still nothing more is written.
const LATER: Duration = Duration::from_millis(30);

#[test]
fn what_is_cancelled_is_accounted_for_and_a_chain_of_retries_has_every_row_in_once() {
    let mut chance = seed::chance("cancels");
    let rounds = seed::kills().div_ceil(15);
    let mut cut_short = 0;
    for round in 0..rounds {
        let matching = round % 2 == 0;
        cut_short += chain(&mut chance, matching);
    }
    println!("cancels: {cut_short} jobs in {rounds} chains were cancelled in the middle");
    assert!(cut_short > 0, "nothing is shown by jobs that ended before they were cancelled");
}

/// The rows of the first job of a chain.
struct Rows {
    /// Whether rows are matched by address; otherwise each makes a record.
    matching: bool,
}

impl Rows {
    /// Whether it never gets in.
    fn is_faulty(row: usize) -> bool {
        row % 20 == 7
    }

    /// Whether its address is that of a record from before.
    fn is_old(row: usize) -> bool {
        row.is_multiple_of(10)
    }

    fn email(row: usize) -> String {
        let kind = if Self::is_old(row) { "old" } else { "new" };
        format!("{kind}{row}@example.org")
    }

    fn body(&self) -> String {
        let object = |row: usize| {
            let property = if Self::is_faulty(row) { "no_such_property" } else { "title" };
            json!({"default": {"email": Self::email(row), property: "After"}})
        };
        let objects: Vec<Value> = (0..ROWS).map(object).collect();
        let options = if self.matching { json!({"dedupe_by": "email", "update_existing": true}) } else { json!({}) };
        json!({"objects": objects, "options": options}).to_string()
    }

    /// Records that are there before the chain.
    fn before() -> String {
        let object = |row: usize| json!({"default": {"email": Self::email(row), "title": "Before"}});
        let objects: Vec<Value> = (0..ROWS).filter(|row| Self::is_old(*row)).map(object).collect();
        json!({"objects": objects, "options": {"dedupe_by": "email"}}).to_string()
    }

    /// How many records there are once each row that can be is in.
    fn records_in_the_end(&self) -> usize {
        let old = (0..ROWS).filter(|row| Self::is_old(*row)).count();
        let makes_one = |row: &usize| !Self::is_faulty(*row) && (!self.matching || !Self::is_old(*row));
        old + (0..ROWS).filter(makes_one).count()
    }
}

/// A job of the chain, and which row of the first job each of its rows is.
struct Link {
    location: String,
    rows: Vec<usize>,
}

/// How many jobs of the chain were cut short.
fn chain(chance: &mut StdRng, matching: bool) -> usize {
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE);
    let mut server = launch.start_in(Home::empty());
    let tenant = server.tenant();
    let rows = Rows { matching };
    server.client(&tenant).import_and_wait("contact", Rows::before());
    let admitted = server.client(&tenant).import("contact", rows.body());
    let mut link = Link { location: location_of(&admitted), rows: (0..ROWS).collect() };
    let mut cut_short = 0;
    for tried_again in 1..=RETRIES {
        let ended = cancel_at_random(&mut server, &link, &rows, chance);
        cut_short += usize::from(number(&ended, "processed") > 0 && number(&ended, "not_attempted") > 0);
        let left = left_of(&ended, &link.rows);
        let client = server.client(&tenant);
        let retry = client.send(&Request::post(format!("{}/retry", link.location)).key(&client.key));
        assert_eq!(number(&retry.json(), "total"), left.len() as u64, "what did not get in is tried again");
        link = Link { location: location_of(&retry), rows: left };
        println!("cancels: retry {tried_again} has {} rows", link.rows.len());
    }
    let client = server.client(&tenant);
    let last = client.wait_for_job(&link.location);
    assert_law(&last);
    assert_eq!(last["status"], "complete");
    let faulty = (0..ROWS).filter(|row| Rows::is_faulty(*row)).collect::<Vec<_>>();
    assert_eq!(left_of(&last, &link.rows), faulty, "only what can never get in is left");
    assert_eq!(client.count("contact"), rows.records_in_the_end() as u64, "every row is in once");
    if matching {
        let sample = Range { start: 0, end: ROWS }.step_by(ROWS / 40).filter(|row| !Rows::is_faulty(*row));
        sample.for_each(|row| assert_eq!(title_of(&client, row).as_deref(), Some("After"), "row {row}"));
    }
    stop(&mut server);
    cut_short
}

fn location_of(admitted: &Answer) -> String {
    assert_eq!(admitted.status, 202, "{}", admitted.text());
    admitted.header("location").expect("where it is found").to_owned()
}

/// The rows that did not get in, as rows of the first job, in their order.
fn left_of(ended: &Value, rows: &[usize]) -> Vec<usize> {
    let results = ended["results"].as_array().expect("an ended job has results");
    assert_eq!(results.len(), rows.len(), "a result for each row");
    results.iter().zip(rows).filter(|(result, _)| result["id"].is_null()).map(|(_, row)| *row).collect()
}

/// Cancels a job some time after its admission, and kills the server around that now and then; the job as it has ended.
fn cancel_at_random(server: &mut Server, link: &Link, rows: &Rows, chance: &mut StdRng) -> Value {
    let tenant = server.tenant();
    let wanted = chance.random_range(0..link.rows.len() * 3 / 4 + 1);
    if chance.random_ratio(1, 4) {
        // A job that is cancelled after it was taken over.
        wait_until(&server.client(&tenant), &link.location, wanted / 2);
        server.restart();
    }
    wait_until(&server.client(&tenant), &link.location, wanted);
    thread::sleep(chance.random_range(Duration::ZERO..BESIDE_MOST));
    let cancelled = cancel(&server.client(&tenant), &link.location);
    if chance.random_ratio(1, 3) {
        server.restart();
    }
    let client = server.client(&tenant);
    let ended = client.get(&link.location).json();
    assert_ne!(ended["status"], "processing", "{}", ended["error"]);
    if let Some(cancelled) = cancelled {
        for name in ["status", "total", "processed", "created", "updated", "unchanged", "failed", "not_attempted"] {
            assert_eq!(ended[name], cancelled[name], "what was answered holds: {name}");
        }
    }
    assert_cut(&client, &ended, link, rows, chance);
    ended
}

/// Waits until so many rows of a job have their outcome, or it has ended. Not for a time: machines differ.
fn wait_until(client: &Client, location: &str, rows: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let job = client.get(location).json();
        if job["status"] != "processing" || number(&job, "processed") >= rows as u64 {
            return;
        }
        assert!(Instant::now() < deadline, "the job does not get on: {job}");
    }
}

/// The job as it was cancelled; `None` when it had ended before.
fn cancel(client: &Client, location: &str) -> Option<Value> {
    let answer = client.send(&Request::post(format!("{location}/cancel")).key(&client.key));
    match answer.status {
        200 => Some(answer.json()),
        409 => None,
        status => panic!("cancelling was answered {status}: {}", answer.text()),
    }
}

/// Rows before the cursor are in, or have a fault of their own; of those after it nothing is there, and nothing comes later.
fn assert_cut(client: &Client, ended: &Value, link: &Link, rows: &Rows, chance: &mut StdRng) {
    assert_law(ended);
    let sum =
        ["created", "updated", "unchanged", "existing", "failed", "not_attempted"].map(|name| number(ended, name));
    assert_eq!(number(ended, "total"), sum.iter().sum::<u64>(), "every row is accounted for");
    let cursor = usize::try_from(number(ended, "processed")).expect("a row");
    let results = ended["results"].as_array().expect("an ended job has results");
    for (place, (result, row)) in results.iter().zip(&link.rows).enumerate() {
        let code = result["error"]["code"].as_str();
        let wanted = match (place < cursor, Rows::is_faulty(*row)) {
            (true, false) => None,
            (true, true) => Some("unknown_property"),
            (false, _) => Some("not_attempted"),
        };
        assert_eq!(code, wanted, "row {place}, the cursor being {cursor}: {result}");
    }
    let counted = client.count("contact");
    thread::sleep(LATER);
    assert_eq!(client.count("contact"), counted, "nothing comes after the end");
    if rows.matching {
        let (done, left) = link.rows.split_at(cursor);
        for row in some_of(left, true, chance) {
            let before = Rows::is_old(row).then_some("Before");
            assert_eq!(title_of(client, row).as_deref(), before, "row {row}, after the cursor {cursor}");
        }
        for row in some_of(done, false, chance).into_iter().filter(|row| !Rows::is_faulty(*row)) {
            assert_eq!(title_of(client, row).as_deref(), Some("After"), "row {row}, before the cursor {cursor}");
        }
    } else {
        let in_before = ROWS - link.rows.len();
        let old = (0..ROWS).filter(|row| Rows::is_old(*row)).count();
        assert_eq!(counted, (old + in_before) as u64 + number(ended, "created"), "each row that is in has its record");
    }
}

/// Those next to the cursor, which is before them or after them, and some others.
fn some_of(rows: &[usize], are_after: bool, chance: &mut StdRng) -> Vec<usize> {
    const NEAR: usize = 15;
    let near = if are_after { &rows[..rows.len().min(NEAR)] } else { &rows[rows.len().saturating_sub(NEAR)..] };
    let further = if rows.is_empty() { 0 } else { NEAR };
    let far = (0..further).map(|_| rows[chance.random_range(0..rows.len())]);
    near.iter().copied().chain(far).collect()
}

/// The title of the record that has the row's address, if there is one.
fn title_of(client: &Client, row: usize) -> Option<String> {
    let answer = client.get(&client.path(&format!("contact/by/email/{}", Rows::email(row))));
    match answer.status {
        200 => Some(answer.json()["default"]["title"].as_str().expect("a title").to_owned()),
        404 => None,
        status => panic!("{status}: {}", answer.text()),
    }
}
