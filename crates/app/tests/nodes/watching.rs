//! Jobs are watched at every node, whichever carries them out and whatever befalls it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::nodes::{Held, Nodes};
use crate::scale;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::server::Launch;
use crate::support::watching::{Seen, by_events, by_waits, open_events, read_events, take_in};
use crate::undisturbed::{Origin, stop};
use crate::watch::Watched;

const NODES: usize = 3;
/// Rows of the larger jobs.
const ROWS: usize = 4_000;
/// Small chunks: there is much to see.
const CHUNK_ROWS: &str = "25";
const LEASE: &str = "500ms";
/// The longest time that a node holds a job before something befalls it.
const LIFE_MOST: Duration = Duration::from_millis(200);

#[test]
fn a_job_is_watched_to_its_end_at_every_node() {
    let (nodes, jobs) = start(&mut scale::chance("watching"));
    let clients = clients(&nodes, &jobs);
    let seen: Vec<Seen> = thread::scope(|scope| {
        let watchers: Vec<_> = clients
            .iter()
            .flat_map(|(client, job)| {
                let events = scope.spawn(|| by_events(client, &job.location));
                let waits = scope.spawn(|| by_waits(client, &job.location));
                [events, waits]
            })
            .collect();
        watchers.into_iter().map(|watcher| watcher.join().expect("a watcher")).collect()
    });
    assert_eq!(seen.len(), NODES * jobs.len() * 2);
    assert!(seen.iter().all(|seen| seen.job["status"] == "complete"), "{seen:?}");
    assert!(seen.iter().any(|seen| seen.steps > 3), "somebody saw a job run");
}

#[test]
fn watchers_lose_nothing_with_a_node_that_is_killed() {
    let mut chance = scale::chance("watching a killed node");
    assert_watched_past(&mut chance, |nodes, held| nodes[held.node].kill());
}

#[test]
fn watchers_lose_nothing_with_a_node_that_is_stopped() {
    let mut chance = scale::chance("watching a stopped node");
    assert_watched_past(&mut chance, |nodes, held| stop(&mut nodes[held.node]));
}

/// Whoever watches at the node that goes comes again at another; whoever watches elsewhere notices nothing.
fn assert_watched_past(chance: &mut StdRng, end: impl FnOnce(&mut Nodes, &Held)) {
    let (mut nodes, jobs) = start(chance);
    let addresses: Vec<SocketAddr> = nodes.iter().map(|node| node.address()).collect();
    let gone = AtomicUsize::new(NODES);
    let reopened = thread::scope(|scope| {
        let (addresses, gone) = (&addresses, &gone);
        let watchers = (0..NODES).flat_map(|node| jobs.iter().map(move |job| (node, job)));
        let watchers: Vec<_> =
            watchers.map(|(node, job)| scope.spawn(move || watch(addresses, job, node, gone))).collect();
        let held = nodes.wait_for_held(|count| chance.random_range(0..count)).expect("jobs are left");
        thread::sleep(chance.random_range(LIFE_MOST / 4..LIFE_MOST));
        gone.store(held.node, Ordering::SeqCst);
        end(&mut nodes, &held);
        watchers.into_iter().map(|watcher| watcher.join().expect("a watcher")).filter(|reopened| *reopened).count()
    });
    assert!(reopened > 0, "somebody watched a job at the node that went");
}

/// Watches a job at a node to its end; whether the stream had to be opened again elsewhere.
fn watch(addresses: &[SocketAddr], job: &Watched, node: usize, gone: &AtomicUsize) -> bool {
    let mut seen = Seen::default();
    let stream = read_events(&mut open_events(&job.client(addresses[node]), &job.location, None));
    take_in(&mut seen, &stream);
    if seen.has_ended() {
        assert_eq!((stream.is_whole, &seen.job["status"]), (true, &"complete".into()));
        return false;
    }
    let gone = gone.load(Ordering::SeqCst);
    assert_eq!(node, gone, "a stream at a node that lives reaches the end of its job: {}", seen.job);
    let last = stream.events.last().map(|event| event.id.as_str());
    let elsewhere = job.client(addresses[(gone + 1) % NODES]);
    let again = read_events(&mut open_events(&elsewhere, &job.location, last));
    take_in(&mut seen, &again);
    assert_eq!((again.is_whole, &seen.job["status"]), (true, &"complete".into()), "{}", seen.job);
    true
}

fn start(chance: &mut StdRng) -> (Nodes, Vec<Watched>) {
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE);
    let Origin { home, jobs } = Origin::make(chance, Home::in_database(), ROWS);
    (Nodes::start(Arc::new(home), NODES, &launch), jobs)
}

/// A client for each job at each node, those of one node beside each other.
fn clients<'a>(nodes: &Nodes, jobs: &'a [Watched]) -> Vec<(Client, &'a Watched)> {
    nodes.iter().flat_map(|node| jobs.iter().map(|job| (job.client(node.address()), job))).collect()
}
