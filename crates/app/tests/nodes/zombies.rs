//! A node stands still inside a chunk until its lease is long over and another has finished its jobs. When it comes to
//! itself it writes nothing, and answers as the others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use refract_testkit::postgres::{TestDatabase, run_sql};

use crate::nodes::{Nodes, PATIENCE, database, named};
use crate::scale;
use crate::support::home::Home;
use crate::support::server::Launch;
use crate::undisturbed::{Origin, Undisturbed};
use crate::watch::Watched;

/// Rows of the larger jobs.
const ROWS: usize = 1_000;
const CHUNK_ROWS: &str = "50";
/// Short, so that many nodes can outlive theirs.
const LEASE: &str = "500ms";
/// Rounds at a time: they wait for most of their time.
const LANES: u32 = 3;
/// The longest time before the node stands still.
const LIFE_MOST: Duration = Duration::from_millis(120);
/// Long enough for whatever a node does as soon as it wakes.
const AFTER_WAKING: Duration = Duration::from_millis(300);

/// Where in a chunk the node stands still: at a table it is about to write, in the order in which a chunk writes them,
/// or wherever it is.
const PLACES: [Option<&str>; 5] = [Some("key_holder"), None, Some("record"), Some("job_outcome"), Some("record_count")];

#[test]
fn a_node_that_wakes_after_its_lease_writes_nothing() {
    let mut chance = scale::chance("zombies");
    let origin = Origin::make(&mut chance, Home::in_database(), ROWS);
    let undisturbed = Undisturbed::run(&origin, launch());
    let (done, seed) = (AtomicU32::new(0), chance.random::<u32>());
    thread::scope(|scope| {
        for lane in 0..LANES {
            let (origin, undisturbed, done) = (&origin, &undisturbed, &done);
            scope.spawn(move || {
                let mut chance = <StdRng as rand::SeedableRng>::seed_from_u64(u64::from(seed + lane));
                let mut tries = lane as usize;
                while done.load(Ordering::SeqCst) < scale::zombies() {
                    let place = PLACES[tries % PLACES.len()];
                    let life = chance.random_range(Duration::ZERO..LIFE_MOST);
                    done.fetch_add(u32::from(round(origin, undisturbed, place, life)), Ordering::SeqCst);
                    tries += 1;
                }
            });
        }
    });
    println!("zombies: {} nodes stood still and wrote nothing", done.into_inner());
}

fn launch() -> Launch {
    Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE)
}

/// `false` when the jobs were done before a node could be made to stand still.
fn round(origin: &Origin, undisturbed: &Undisturbed, place: Option<&str>, life: Duration) -> bool {
    let mut nodes = Nodes::start(Arc::new(origin.home.copy()), 2, &launch());
    thread::sleep(life);
    let Some(zombie) = stand_still(&nodes, place) else { return false };
    nodes.wait_for_all(1 - zombie, &origin.jobs);
    let before = nodes.state();
    before.assert_same_as(&undisturbed.state, "what the other node made of it");

    let mark = nodes[zombie].log().mark();
    nodes[zombie].signal("CONT");
    assert_all_complete(&nodes, zombie, &origin.jobs);
    if place.is_some() {
        // It was in the middle of a chunk: it has tried to go on with it and was refused.
        let refused = |line: &str| line.contains("another worker has the job");
        assert!(nodes[zombie].log().wait_for(mark, PATIENCE, refused).is_some(), "{:?}", nodes[zombie].log().since(0));
    }
    thread::sleep(AFTER_WAKING);
    nodes.state().assert_same_as(&before, "the zombie");
    for node in nodes.iter() {
        undisturbed.assert_results_of(node, &origin.jobs);
    }
    nodes.stop();
    nodes.state().assert_same_as(&before, "its end");
    true
}

/// The first answer after waking is as good as any other node's.
fn assert_all_complete(nodes: &Nodes, node: usize, jobs: &[Watched]) {
    for job in jobs {
        let answer = job.client(nodes[node].address()).get(&job.location);
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"complete".into()), "{}", answer.text());
    }
}

/// Stops a node, in the middle of a chunk that is about to write a table if one is named. Which; `None` when no job is
/// left to stand still in.
fn stand_still(nodes: &Nodes, place: Option<&str>) -> Option<usize> {
    let Some(table) = place else {
        let node = nodes.wait_for_held(|_| 0)?.node;
        nodes[node].signal("STOP");
        return Some(node);
    };
    let gate = Gate::close(nodes.database(), table);
    loop {
        if let Some(node) = gate.waiting() {
            nodes[node].signal("STOP");
            return Some(node);
        }
        if nodes.all_ended() {
            return None;
        }
    }
}

/// A table that nobody can write; opened when dropped.
struct Gate<'a> {
    database: &'a TestDatabase,
    keeper: Option<thread::JoinHandle<()>>,
}

impl<'a> Gate<'a> {
    /// Waits for the writers that are at it, and lets no other in.
    fn close(database: &'a TestDatabase, table: &str) -> Self {
        let url = named(&database.url(), "gate");
        let statements = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE; SELECT pg_sleep(60)");
        let keeper = thread::spawn(move || {
            assert!(run_sql(&url, &statements).is_err(), "the gate is opened by ending its connection");
        });
        let deadline = Instant::now() + PATIENCE;
        let is_closed = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'gate' AND wait_event = 'PgSleep'";
        while database.sql(is_closed).is_empty() {
            assert!(Instant::now() < deadline, "{table} cannot be locked");
        }
        Self { database, keeper: Some(keeper) }
    }

    /// A node that waits at the gate.
    fn waiting(&self) -> Option<usize> {
        let waiting = self.database.sql(
            "SELECT application_name FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'refract node-%'",
        );
        let name = waiting.first()?[0].clone()?;
        name.strip_prefix("refract node-")?.parse().ok()
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        self.database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'gate'",
        );
        if let Some(keeper) = self.keeper.take() {
            let ended = keeper.join();
            assert!(ended.is_ok() || thread::panicking(), "the gate was closed");
        }
    }
}

/// The tests above rest on it.
#[test]
fn a_gate_stops_writers_and_lets_readers_pass() {
    let home = Home::in_database();
    database(&home).sql("CREATE TABLE record (id int)");
    let gate = Gate::close(database(&home), "record");
    assert_eq!(gate.waiting(), None);
    let url = named(&database(&home).url(), "refract%20node-7");
    let writer = thread::spawn(move || run_sql(&url, "INSERT INTO record VALUES (1)").map(drop));
    let deadline = Instant::now() + PATIENCE;
    while gate.waiting() != Some(7) {
        assert!(Instant::now() < deadline, "nobody is seen to wait");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(database(&home).sql("SELECT * FROM record").is_empty(), "readers pass");
    drop(gate);
    writer.join().expect("no panic").expect("the writer goes on");
    assert_eq!(database(&home).sql("SELECT * FROM record").len(), 1);
}
