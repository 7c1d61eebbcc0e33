//! Every watcher of a job sees the same story.

use std::thread;

use crate::bodies::{admit, mixed_contacts};
use crate::support::client::Client;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::support::watching::{Seen, by_events, by_waits, number};

/// Many chunks: much to see.
const CHUNK_ROWS: &str = "40";
const ROWS: usize = 12_000;
const WATCHERS: usize = 4;

#[test]
fn counters_never_fall_and_every_watcher_sees_the_end() {
    let server = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).start();
    let client = server.client(&server.tenant());
    let import = admit(&client, &mixed_contacts("a", ROWS));
    watch(&client, &import, ROWS as u64);
    let undo = client.send(&Request::post(format!("{import}/undo")).key(&client.key));
    assert_eq!(undo.status, 202, "{}", undo.text());
    watch(&client, undo.header("location").expect("where it is found"), ROWS as u64);
    assert_eq!(client.count("contact"), 0, "what was watched was done");
}

/// All at once, by events and by long polls.
fn watch(client: &Client, location: &str, rows: u64) {
    let seen: Vec<(&str, Seen)> = thread::scope(|scope| {
        let events: Vec<_> = (0..WATCHERS).map(|_| scope.spawn(|| ("events", by_events(client, location)))).collect();
        let waits: Vec<_> = (0..WATCHERS).map(|_| scope.spawn(|| ("waits", by_waits(client, location)))).collect();
        events.into_iter().chain(waits).map(|watcher| watcher.join().expect("a watcher")).collect()
    });
    let polled = client.wait_for_job(location);
    for (how, seen) in seen {
        assert_eq!(number(&seen.job, "total"), rows);
        for name in ["status", "processed", "created", "updated", "failed", "ended_at"] {
            assert_eq!(seen.job[name], polled[name], "by {how}, {name}: {}", seen.job);
        }
        // Events have a pause between them, waits have none.
        let least = if how == "events" { 2 } else { 5 };
        assert!(seen.steps >= least, "by {how} only {} pictures were seen", seen.steps);
    }
}
