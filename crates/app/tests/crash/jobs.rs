//! Kills while jobs run.
//!
//! Two copies of the same data hold the same jobs: one is run to the end undisturbed, the other by servers that are killed
//! one after the other, while they start, while they run and while they are polled. In the end the two must say the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;

use crate::seed;
use crate::state_of::state_of;
use crate::support::home::Home;
use crate::support::server::{Launch, Server};
use crate::undisturbed::{Origin, Undisturbed, stop};
use crate::watch::{Progress, Watched};

/// Rows of each job.
const ROWS: usize = 4_000;
/// Rows of each job where there is more time, and most likely a faster server.
const ROWS_OF_A_SOAK: usize = 20_000;
/// Small chunks, so that a job has many points to be killed at. The undisturbed run has the same: how often a record was
/// written, which is its version, depends on where chunks end.
const CHUNK_ROWS: &str = "200";
/// A server that was killed keeps its jobs from the next one no longer than it takes to start. Only a database keeps
/// leases over a start.
const LEASE: &str = "200ms";
/// The longest life of a server, counted from when it listens; longer after lives without progress.
const LIFE_MOST: Duration = Duration::from_millis(120);
/// The longest start that is killed in the middle.
const START_MOST: Duration = Duration::from_millis(60);
/// Kills without a row of progress after which the jobs count as stuck.
const STUCK_AFTER: u32 = 60;

#[test]
fn jobs_come_through_kills_as_if_nothing_had_happened() {
    let mut chance = seed::chance("jobs");
    let (wanted, started) = (seed::kills(), Instant::now());
    let (mut kills, mut rounds, mut polls) = (0, 0, 0);
    while kills < wanted {
        let outcome = round(&mut chance);
        kills += outcome.kills;
        polls += outcome.polls;
        rounds += 1;
        println!("jobs: round {rounds}: {} kills, {} polls; {kills} of {wanted}", outcome.kills, outcome.polls);
        assert!(outcome.kills > 0, "a round in which nothing is killed shows nothing");
    }
    println!("jobs: {kills} kills in {rounds} rounds, {polls} polls, {:?}", started.elapsed());
}

struct Outcome {
    kills: u32,
    polls: u64,
}

fn round(chance: &mut StdRng) -> Outcome {
    let rows = if seed::is_soak() { ROWS_OF_A_SOAK } else { ROWS };
    let origin = Origin::make(chance, Home::empty(), rows);
    let undisturbed = Undisturbed::run(&origin, running_jobs());

    let mut victim = running_jobs().start_in(origin.home);
    let mut progress = Progress::default();
    let kills = kill_until_complete(&mut victim, &origin.jobs, &mut progress, chance);
    undisturbed.assert_results_of(&victim, &origin.jobs);
    stop(&mut victim);
    state_of(victim.home()).assert_same_as(&undisturbed.state, "a killed run");
    Outcome { kills, polls: progress.polls }
}

/// A server that carries jobs out in small chunks, and takes over at once from one that was killed.
pub(crate) fn running_jobs() -> Launch {
    Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE)
}

/// Kills a server again and again until its jobs are complete; how often. It runs then.
pub(crate) fn kill_until_complete(
    server: &mut Server,
    jobs: &[Watched],
    progress: &mut Progress,
    chance: &mut StdRng,
) -> u32 {
    let (mut kills, mut stuck_for) = (0, 0);
    loop {
        let before = progress.processed();
        // On a machine with much else to do a server may need longer for its first chunk.
        let life_most = LIFE_MOST * (1 + stuck_for / 4);
        if !live_and_die(server, jobs, progress, chance.random_range(Duration::ZERO..life_most)) {
            return kills;
        }
        kills += 1;
        if chance.random_ratio(1, 4) {
            server.die_starting(chance.random_range(Duration::ZERO..START_MOST));
            kills += 1;
        }
        stuck_for = if progress.processed() > before { 0 } else { stuck_for + 1 };
        assert!(stuck_for < STUCK_AFTER, "{stuck_for} lives and not a row of progress");
        server.restart();
    }
}

/// Follows the jobs until the server is killed; `false` when they are all complete before that.
fn live_and_die(server: &mut Server, jobs: &[Watched], progress: &mut Progress, life: Duration) -> bool {
    let (address, dying) = (server.address(), AtomicBool::new(false));
    thread::scope(|scope| {
        let follower = scope.spawn(|| {
            progress.follow(address, jobs, &dying);
            progress.is_complete(jobs)
        });
        let death = Instant::now() + life;
        while Instant::now() < death && !follower.is_finished() {
            thread::sleep(Duration::from_micros(200));
        }
        let is_alive = !follower.is_finished();
        if is_alive {
            dying.store(true, Ordering::SeqCst);
            server.kill();
        }
        let is_complete = follower.join().expect("the counters keep their law");
        is_alive || !is_complete
    })
}
