//! Jobs are cancelled at nodes that do not carry them out.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::Value;

use crate::bodies;
use crate::nodes::{Nodes, PATIENCE};
use crate::scale;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::support::watching::{assert_law, number};

const NODES: usize = 3;
const ROWS: usize = 4_000;
const CHUNK_ROWS: &str = "50";
const ROUNDS: usize = 8;
/// The longest time that a node holds a job before it is cancelled elsewhere.
const LIFE_MOST: Duration = Duration::from_millis(150);
/// So much later still nothing more is written.
const LATER: Duration = Duration::from_millis(300);

#[test]
fn a_job_that_is_cancelled_at_another_node_ends_everywhere() {
    let mut chance = scale::chance("cancels");
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS);
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), NODES, &launch);
    let clients: Vec<Client> = nodes.iter().map(|node| node.client(&node.tenant())).collect();
    let (mut written, mut cut_short) = (0, 0);
    for round in 0..ROUNDS {
        let admitted = clients[0].import("contact", bodies::distinct_contacts(&format!("cancelled-{round}"), ROWS));
        let location = admitted.header("location").expect("a job").to_owned();
        let Some(held) = nodes.wait_for_held(|_| 0) else {
            written += number(&clients[0].get(&location).json(), "created");
            continue;
        };
        thread::sleep(chance.random_range(Duration::ZERO..LIFE_MOST));
        let elsewhere = &clients[(held.node + 1) % NODES];
        let answer = elsewhere.send(&Request::post(format!("{location}/cancel")).key(&elsewhere.key));
        let ended = if answer.status == 200 { answer.json() } else { elsewhere.get(&location).json() };
        assert_ne!(ended["status"], "processing", "{ended}");
        assert_law(&ended);
        cut_short += usize::from(number(&ended, "created") > 0 && number(&ended, "not_attempted") > 0);
        written += number(&ended, "created");
        assert_eq!(elsewhere.count("contact"), written, "each row before the cursor is in, and no other");
        thread::sleep(LATER);
        for client in &clients {
            assert_eq!(client.count("contact"), written, "nothing comes after the end");
            assert_same(&wait_for_end(client, &location), &ended);
        }
    }
    println!("cancels: {cut_short} of {ROUNDS} jobs were cancelled in the middle");
    assert!(cut_short > 0, "nothing is shown by jobs that ended before they were cancelled");
    nodes.stop();
}

/// A node that held the job learns of its end at the next chunk.
fn wait_for_end(client: &Client, location: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let job = client.get(location).json();
        if job["status"] != "processing" {
            return job;
        }
        assert!(Instant::now() < deadline, "a node does not learn of the end: {job}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn assert_same(polled: &Value, ended: &Value) {
    for name in ["status", "processed", "created", "failed", "not_attempted", "ended_at"] {
        assert_eq!(polled[name], ended[name], "{name}");
    }
    let results = polled["results"].as_array().expect("an ended job has results");
    let reached = results.iter().take_while(|result| result["error"]["code"] != "not_attempted").count() as u64;
    assert_eq!(reached, number(ended, "processed"), "rows after the cursor were not attempted");
}
