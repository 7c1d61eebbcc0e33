//! A small job beside fifty of another team: it does not stand in their queue.
//!
//! The bound is twice the time of the same job while nothing else runs, measured in the same run, as medians. What it is
//! made of: a node gives every team with work a chunk in turn, so a job of one chunk waits for the chunk in hand and for at
//! most one more; and the fifty keep both nodes and the database busy, so on two cores its own work takes longer too. The
//! chunks waited for must be short beside the job, so theirs have as many rows as its own, but of a few bytes, where its
//! rows have some kilobytes. A job of many chunks as long as the others' gets every other chunk of its node, and so takes
//! twice its time by the turns alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::Nodes;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::server::Launch;

const LARGE_JOBS: usize = 50;
const LARGE_ROWS: usize = 4_000;
/// One chunk, and enough to be a job.
const SMALL_ROWS: usize = 100;
const SMALL_ROW_BYTES: usize = 40_000;
/// Small jobs that are timed, one after the other, each way.
const SAMPLES: usize = 15;

/// Other work on the machine can fall on one half of a measurement alone, so a ratio beyond the bound is measured anew.
const TRIES: usize = 3;

#[test]
fn a_small_job_does_not_queue_behind_fifty_of_another_team() {
    let measured = (0..TRIES).map(|_| measure());
    let mut beyond = Vec::new();
    for (alone, beside) in measured {
        if beside <= alone * 2 {
            return;
        }
        beyond.push((alone, beside));
    }
    panic!("more than twice the time alone, each time: {beyond:?}");
}

/// The time of a small job alone, and beside the large ones.
fn measure() -> (Duration, Duration) {
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", &SMALL_ROWS.to_string());
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), 2, &launch);
    let (large, small) = (nodes[0].tenant(), nodes[0].make_tenant("small"));
    let clients: Vec<Client> = nodes.iter().map(|node| node.client(&small)).collect();
    // The first job of a team makes its property keyed, and each node learns of the team.
    let _ = time_of_each("warm", &clients, 2);
    let alone = median(time_of_each("alone", &clients, SAMPLES));
    for number in 0..LARGE_JOBS {
        let client = nodes[number % 2].client(&large);
        let row = |row: usize| json!({"default": {"email": format!("large{number}-{row}@example.org")}});
        assert_eq!(client.import("contact", body((0..LARGE_ROWS).map(row).collect())).status, 202);
    }
    let beside = median(time_of_each("beside", &clients, SAMPLES));
    let left = nodes.jobs().iter().filter(|job| !job.has_ended).count();
    println!("fairness: {alone:?} alone, {beside:?} beside {LARGE_JOBS} jobs, of which {left} are left at the end");
    assert!(left > 0, "the large jobs ran all the while");
    nodes.stop();
    (alone, beside)
}

/// How long small jobs take, from the request to the result, through the nodes in turn.
fn time_of_each(mark: &str, clients: &[Client], count: usize) -> Vec<Duration> {
    let time = |number: usize| {
        let client = &clients[number % clients.len()];
        let description = "x".repeat(SMALL_ROW_BYTES);
        let row = |row: usize| json!({"default": {"email": format!("{mark}{number}-{row}@example.org"), "description": description}});
        let body = body((0..SMALL_ROWS).map(row).collect());
        let begun = Instant::now();
        let answer = client.import("contact", body);
        assert_eq!(answer.status, 202, "it is a job");
        let job = client.finished(&answer);
        assert_eq!(job["succeeded"], SMALL_ROWS, "{}", job["status"]);
        begun.elapsed()
    };
    (0..count).map(time).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn body(rows: Vec<Value>) -> String {
    json!({"objects": rows, "options": {"dedupe_by": "email"}}).to_string()
}
