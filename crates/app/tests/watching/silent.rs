//! Clients that ask and then read nothing.

use std::time::{Duration, Instant};

use crate::bodies::{admit, mixed_contacts};
use crate::support::client::Client;
use crate::support::http::Wire;
use crate::support::inspect::usage;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::support::watching::{Seen, open_events, open_wait, read_events, take_in};

/// Streams of one job that nobody reads.
const SILENT: usize = 400;
/// Answers of megabytes that nobody reads.
const SILENT_RESULTS: usize = 12;
/// So many rows make some ten megabytes of results.
const ROWS: usize = 100_000;
/// What those who read nothing may cost in all: a tenth of what they have not read, and of a thread's stack for each.
const MEMORY_MOST: u64 = 64 << 20;
/// The longest that another client may wait for a poll; generous, for a machine with much else to do.
const POLL_TAKES_MOST: Duration = Duration::from_secs(5);

#[test]
fn those_who_read_nothing_harm_nobody() {
    let launch = Launch::new().with("REFRACT_STORE_CACHE_BYTES", "4MiB").with("REFRACT_CHUNK_ROWS_MAX", "200");
    let server = launch.start();
    let client = server.client(&server.tenant());
    // The first job touches all the memory that a job needs; its results are what nobody reads later.
    let ended = admit(&client, &mixed_contacts("a", ROWS));
    client.wait_for_job(&ended);
    let before = usage(&server);

    // On a machine that runs jobs faster than it opens streams, the job must be larger.
    let mut watched = [1, 4, 16].into_iter().filter_map(|times| watch(&server, &client, &ended, ROWS * times));
    let Watched { mut silent, job, most } = watched.next().expect("a job runs while it is watched");
    if let (Some(before), Some(most)) = (before, most) {
        let grown = most.saturating_sub(before.resident_bytes);
        assert!(grown < MEMORY_MOST, "{} MiB more for those who read nothing", grown >> 20);
    }

    // Whoever reads after all reads the whole story.
    for wire in silent.iter_mut().take(3) {
        let (stream, mut seen) = (read_events(wire), Seen::default());
        assert!(stream.is_whole);
        take_in(&mut seen, &stream);
        assert!(seen.has_ended(), "{}", seen.job);
    }
    drop(silent);
    assert_eq!(client.wait_for_job(&job)["status"], "complete");
}

/// Streams and answers that nobody reads, and the job that was followed beside them.
struct Watched {
    silent: Vec<Wire>,
    job: String,
    /// The most memory that the server had meanwhile.
    most: Option<u64>,
}

/// Follows a job of so many rows beside those who read nothing; `None` when it ended before it could be followed.
fn watch(server: &Server, client: &Client, ended: &str, rows: usize) -> Option<Watched> {
    let job = admit(client, &mixed_contacts("a", rows));
    let mut silent: Vec<Wire> = (0..SILENT).map(|_| open_events(client, &job, None)).collect();
    silent.extend((0..SILENT_RESULTS).map(|_| open_results(client, ended)));
    silent.extend((0..SILENT_RESULTS).map(|_| open_wait(client, &job, "30s")));
    let (steps, most) = follow(server, client, &job);
    (steps > 2).then_some(Watched { silent, job, most })
}

/// All results of a job, as they are sent to one who does not take them.
fn open_results(client: &Client, location: &str) -> Wire {
    let mut wire = Wire::open(client.address);
    let request = Request::get(format!("{location}/results")).key(&client.key);
    wire.send(&request.header("Accept", "application/x-ndjson").bytes()).expect("a living server takes a request");
    wire
}

/// Polls a job to its end: how often it was seen further, and the most memory that the server had meanwhile.
fn follow(server: &Server, client: &Client, job: &str) -> (usize, Option<u64>) {
    let (mut seen, mut most) = (Seen::default(), None);
    while !seen.has_ended() {
        let asked_at = Instant::now();
        let answer = client.get(job);
        let took = asked_at.elapsed();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(took < POLL_TAKES_MOST, "a poll took {took:?}");
        seen.see(&answer.json());
        most = most.max(usage(server).map(|usage| usage.resident_bytes));
    }
    assert_eq!(seen.job["status"], "complete", "{}", seen.job);
    (seen.steps, most)
}
