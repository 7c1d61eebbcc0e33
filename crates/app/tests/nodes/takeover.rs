//! Nodes that hold jobs are killed, or asked to stop: another goes on where they were, and nothing is lost or doubled.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::nodes::{Nodes, Takeover};
use crate::scale;
use crate::support::home::Home;
use crate::support::server::Launch;
use crate::undisturbed::{Origin, Undisturbed, stop};
use crate::watch::{Progress, Watched};

const NODES: usize = 3;
/// Rows of the larger jobs.
const ROWS: usize = 4_000;
/// Small chunks: many places to be killed at. The undisturbed run has the same, for a record's version says how often it
/// was written.
const CHUNK_ROWS: &str = "100";
/// Short, so that many kills fit into a run.
const LEASE: &str = "500ms";
/// A lease of half a second, a look at the jobs each second, and a machine with other things to do.
const TAKEOVER_MOST: Duration = Duration::from_secs(6);
/// The longest time a job is held before its node is killed.
const LIFE_MOST: Duration = Duration::from_millis(100);

#[test]
fn jobs_go_on_elsewhere_when_the_nodes_that_hold_them_are_killed() {
    let mut chance = scale::chance("takeover");
    let (mut kills, mut slowest) = (0, Duration::ZERO);
    while kills < scale::kills() {
        let round = round(&mut chance);
        assert!(round.kills > 0, "a round in which nobody is killed shows nothing");
        kills += round.kills;
        slowest = slowest.max(round.slowest);
        println!("takeover: {kills} of {} kills, the slowest takeover {slowest:?}", scale::kills());
    }
}

struct Round {
    kills: u32,
    slowest: Duration,
}

fn round(chance: &mut StdRng) -> Round {
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE);
    let origin = Origin::make(chance, Home::in_database(), ROWS);
    let undisturbed = Undisturbed::run(&origin, launch.clone());
    let mut nodes = Nodes::start(Arc::new(origin.home), NODES, &launch);
    let mut seen: Vec<Progress> = (0..NODES).map(|_| Progress::default()).collect();
    let mut round = Round { kills: 0, slowest: Duration::ZERO };
    while let Some(took) = kill_a_holder(&mut nodes, chance) {
        round.kills += u32::from(took.is_some());
        round.slowest = round.slowest.max(took.unwrap_or_default());
        look(&nodes, &mut seen, &origin.jobs);
    }
    assert_undisturbed(&mut nodes, &undisturbed, &origin.jobs);
    round
}

/// Kills a node that holds a job, and starts it again while another takes the job over. How long that took, unless the
/// job changed hands before; `None` when no job is left.
fn kill_a_holder(nodes: &mut Nodes, chance: &mut StdRng) -> Option<Option<Duration>> {
    let held = nodes.wait_for_held(|count| chance.random_range(0..count))?;
    thread::sleep(chance.random_range(Duration::ZERO..LIFE_MOST));
    let home = Arc::clone(nodes.home());
    nodes[held.node].kill();
    let takeover = Takeover::begin(crate::nodes::database(&home), &held);
    thread::scope(|scope| {
        scope.spawn(|| nodes[held.node].restart());
        Some(takeover.map(|takeover| takeover.wait(TAKEOVER_MOST)))
    })
}

/// Every node answers for every job, and none takes back what it said.
fn look(nodes: &Nodes, seen: &mut [Progress], jobs: &[Watched]) {
    for (node, progress) in nodes.iter().zip(seen) {
        for job in jobs {
            assert!(progress.look(node.address(), job), "a living node answers");
        }
    }
}

fn assert_undisturbed(nodes: &mut Nodes, undisturbed: &Undisturbed, jobs: &[Watched]) {
    for node in 0..nodes.len() {
        nodes.wait_for_all(node, jobs);
        undisturbed.assert_results_of(&nodes[node], jobs);
    }
    nodes.stop();
    nodes.state().assert_same_as(&undisturbed.state, "a run on several nodes");
}

/// With the lease as it is by default.
#[test]
fn a_job_changes_hands_at_once_after_sigterm_and_with_its_lease_after_sigkill() {
    const AT_ONCE: Duration = Duration::from_secs(5);
    const LEASE_HOLDS_FOR: Duration = Duration::from_secs(28);
    const RESUMED_WITHIN: Duration = Duration::from_secs(35);
    let mut chance = scale::chance("handover");
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "50");
    let origin = Origin::make(&mut chance, Home::in_database(), ROWS);
    let undisturbed = Undisturbed::run(&origin, launch.clone());
    let mut nodes = Nodes::start(Arc::new(origin.home), NODES, &launch);
    let home = Arc::clone(nodes.home());
    let database = crate::nodes::database(&home);
    let mut handovers = 0;
    for _ in 0..4 {
        let held = nodes.wait_for_held(|_| 0).expect("jobs are left");
        let takeover = Takeover::begin(database, &held);
        stop(&mut nodes[held.node]);
        if let Some(takeover) = takeover {
            // From the signal on, with the end of the chunk in hand.
            println!("handover: {:?} after SIGTERM", takeover.wait(AT_ONCE));
            handovers += 1;
        }
        nodes[held.node].restart();
    }
    assert!(handovers > 0, "jobs were given over");
    let killed = loop {
        let held = nodes.wait_for_held(|_| 0).expect("jobs are left");
        nodes[held.node].kill();
        if let Some(takeover) = Takeover::begin(database, &held) {
            break takeover;
        }
        nodes[held.node].restart();
    };
    let took = killed.wait(RESUMED_WITHIN);
    println!("handover: {took:?} after SIGKILL");
    assert!(took > LEASE_HOLDS_FOR, "nobody takes a job whose lease holds: {took:?}");
    for node in 0..NODES {
        nodes[node].restart();
    }
    assert_undisturbed(&mut nodes, &undisturbed, &origin.jobs);
}
