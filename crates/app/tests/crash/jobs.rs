//! Kills while jobs run.
//!
//! Jobs are admitted by a server that does not run them. Two copies of its data then hold the same jobs: one is run to
//! the end undisturbed, the other by servers that are killed one after the other, while they start, while they run and
//! while they are polled. In the end the two must say the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::state::State;
use crate::state_of::state_of;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::server::{Launch, Server, Tenant};
use crate::watch::{Progress, Watched};
use crate::{bodies, seed};

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
/// How long an undisturbed run may take.
const PATIENCE: Duration = Duration::from_secs(120);

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

/// What both runs begin with.
struct Prepared {
    reference: Home,
    victim: Home,
    jobs: Vec<Watched>,
}

fn round(chance: &mut StdRng) -> Outcome {
    let prepared = prepare(chance);
    let (undisturbed, undisturbed_results) = run_undisturbed(prepared.reference, &prepared.jobs);

    let mut victim = running_jobs().start_in(prepared.victim);
    let mut progress = Progress::default();
    let kills = kill_until_complete(&mut victim, &prepared.jobs, &mut progress, chance);
    let results = all_results(&victim, &prepared.jobs);
    stop(&mut victim);

    for (job, (killed, undisturbed)) in prepared.jobs.iter().zip(results.iter().zip(&undisturbed_results)) {
        assert!(killed == undisturbed, "{}: {}", job.location, first_difference(killed, undisturbed));
    }
    state_of(victim.home()).assert_same_as(&undisturbed, "a killed run");
    Outcome { kills, polls: progress.polls }
}

/// Some records, and jobs that wait.
fn prepare(chance: &mut StdRng) -> Prepared {
    let mut server = Launch::new().with("REFRACT_RUN_JOBS", "false").start();
    let (first, second) = (server.tenant(), server.make_tenant("second"));
    let mut jobs = Vec::new();
    for tenant in [&first, &second] {
        let client = server.client(tenant);
        assert_eq!(client.import("contact", bodies::contacts(chance, 90)).status, 200, "the records to begin with");
    }
    let unkeyed = bodies::unkeyed_organizations(90);
    assert_eq!(
        server.client(&first).import("organization", unkeyed).status,
        200,
        "records whose keys a job has to find"
    );
    let list_id = make_list(&server.client(&first));
    let rows = if seed::is_soak() { ROWS_OF_A_SOAK } else { ROWS };
    let organizations = bodies::organizations(chance, rows / 2, &list_id);
    jobs.push(admit(&server, &first, "contact", &bodies::contacts(chance, rows)));
    jobs.push(admit(&server, &first, "organization", &organizations));
    jobs.push(admit(&server, &second, "contact", &bodies::contacts_with_ids(chance, rows)));
    stop(&mut server);
    Prepared { reference: server.home().copy(), victim: server.home().copy(), jobs }
}

fn make_list(client: &Client) -> String {
    let body = r#"{"template_id": "partnerships"}"#;
    let request = crate::support::request::Request::post(client.path("lists")).key(&client.key).json(body);
    let answer = client.send(&request);
    assert!(answer.status == 200 || answer.status == 201, "a list: {}", answer.text());
    answer.json()["id"].as_str().expect("the id of the list").to_owned()
}

fn admit(server: &Server, tenant: &Tenant, object_type: &str, body: &str) -> Watched {
    let answer = server.client(tenant).import(object_type, body);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let location = answer.header("location").expect("202 says where to look").to_owned();
    Watched { team: tenant.team.clone(), key: tenant.key.clone(), location }
}

fn running_jobs() -> Launch {
    Launch::new().with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS).with("REFRACT_LEASE", LEASE)
}

fn run_undisturbed(home: Home, jobs: &[Watched]) -> (State, Vec<String>) {
    let mut server = running_jobs().start_in(home);
    for job in jobs {
        let job = job.client(server.address()).wait_for_job(&job.location);
        assert_sums(&job);
    }
    let results = all_results(&server, jobs);
    stop(&mut server);
    let state = state_of(server.home());
    assert!(state.lines_of("records") > ROWS, "the undisturbed run wrote records");
    assert!(state.lines_of("options") > 0, "and options");
    assert!(state.lines_of("list entries") > 0, "and members of the list");
    (state, results)
}

/// The counters say what the results say, and every kind of outcome is among them.
fn assert_sums(job: &Value) {
    assert_eq!(job["status"], "complete");
    let results = job["results"].as_array().expect("results");
    let count = |test: &dyn Fn(&Value) -> bool| results.iter().filter(|result| test(result)).count() as u64;
    assert_eq!(job["total"], results.len() as u64);
    assert_eq!(job["failed"], count(&|result| result.get("error").is_some()));
    assert_eq!(job["succeeded"], count(&|result| result["id"].is_string()));
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["input_index"], index as u64);
    }
    assert!(count(&|result| result["created"] == true) > 0, "some rows made records");
    assert!(count(&|result| result["existing"] == true) > 0, "some rows met records");
    assert!(count(&|result| result.get("error").is_some()) > 0, "some rows were bad");
}

fn kill_until_complete(server: &mut Server, jobs: &[Watched], progress: &mut Progress, chance: &mut StdRng) -> u32 {
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

fn all_results(server: &Server, jobs: &[Watched]) -> Vec<String> {
    jobs.iter().map(|job| results_of(&job.client(server.address()), &job.location)).collect()
}

/// The results of a complete job, as they were sent, without the instants before them.
fn results_of(client: &Client, location: &str) -> String {
    let text = client.get(location).text();
    let (_, results) = text.split_once("\"results\":").expect("a complete job has results");
    results.to_owned()
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let at = ours.bytes().zip(theirs.bytes()).position(|(our, their)| our != their);
    let at = at.unwrap_or(ours.len().min(theirs.len()));
    let around = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(120)..text.len().min(at + 200)]).into_owned()
    };
    format!("results differ at byte {at}\nkilled:      {}\nundisturbed: {}", around(ours), around(theirs))
}

fn stop(server: &mut Server) {
    server.terminate();
    let status = server.wait(PATIENCE).expect("SIGTERM ends the server");
    assert!(status.success(), "it ends in order: {status}");
}
