//! The database crashes and goes away under load. Nothing wrong is answered meanwhile, and when it is back all goes on
//! within ten seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use refract_testkit::postgres::{PostgresServer, ServerOptions};
use serde_json::{Value, json};

use crate::nodes::Nodes;
use crate::scale;
use crate::support::home::Home;
use crate::support::http::{Answer, Reply, Wire};
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::undisturbed::{Origin, Undisturbed};
use crate::watch::Watched;

/// The database is back: so much later everything must go on.
const RESUMES_WITHIN: Duration = Duration::from_secs(10);
/// How long a node may take to say that it cannot serve.
const REFUSES_WITHIN: Duration = Duration::from_secs(15);
const CRASHES: u32 = 3;
/// Rows of each small import. They have no key, so what is carried out twice is there twice.
const ROWS: u64 = 20;

#[test]
fn a_database_that_crashes_and_goes_away_costs_time_and_nothing_else() {
    let mut chance = scale::chance("outages");
    let server = PostgresServer::start(ServerOptions::default());
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "40");
    let origin = Origin::make(&mut chance, Home::of(server.create_database()), 8_000);
    let undisturbed = Undisturbed::run(&origin, launch.clone());
    let mut nodes = Nodes::start(Arc::new(origin.home), 2, &launch);
    let mut small = Nodes::start(Arc::new(Home::of(server.create_database())), 2, &Launch::new());
    let load = Load::default();
    let refused = thread::scope(|scope| {
        let importing = scope.spawn(|| load.import(&small));
        let polling = scope.spawn(|| load.poll(&nodes, &origin.jobs));
        let ending = EndsWhenDropped(&load);
        for _ in 0..CRASHES {
            wait_until_both_go_on(&load, &nodes);
            server.restart_immediately();
        }
        wait_until_both_go_on(&load, &nodes);
        assert!(!nodes.all_ended(), "jobs are left when the database goes away");
        server.stop_immediately();
        thread::sleep(scale::away());
        server.start_again();
        wait_until_both_go_on(&load, &nodes);
        drop(ending);
        importing.join().expect("no wrong answer to an import") + polling.join().expect("no wrong answer to a poll")
    });
    assert!(refused > 0, "what cannot be served is refused");

    for node in 0..nodes.len() {
        nodes.wait_for_all(node, &origin.jobs);
        undisturbed.assert_results_of(&nodes[node], &origin.jobs);
    }
    nodes.stop();
    nodes.state().assert_same_as(&undisturbed.state, "jobs over crashes of the database");
    let imports = load.imports.load(Ordering::SeqCst);
    let client = small[0].client(&small[0].tenant());
    assert_eq!(client.count("contact"), imports * ROWS, "each small import was carried out once");
    small.stop();
    println!("outages: {imports} small imports, {refused} refusals, {CRASHES} crashes, {:?} away", scale::away());
}

/// What goes on beside the faults.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    imports: AtomicU64,
}

/// A failed test must not wait for its load for ever.
struct EndsWhenDropped<'a>(&'a Load);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

impl Load {
    /// Sends small imports to the nodes in turn, each until it is carried out; gives back how often one was refused.
    fn import(&self, nodes: &Nodes) -> u64 {
        let (mut refused, mut turn) = (0, 0);
        for number in 0.. {
            let key = format!("import-{number}");
            loop {
                let node = &nodes[turn % nodes.len()];
                turn += 1;
                let client = node.client(&node.tenant());
                let request = client.import_request("contact", keyless(&key)).header("Idempotency-Key", &key);
                let answer = answer_of(node.address(), &request);
                if answer.status == 200 {
                    assert_eq!(answer.json()["succeeded"], ROWS, "{}", answer.text());
                    break;
                }
                // The first try may still be under way inside the node, after its client was told otherwise.
                let is_under_way = answer.code().as_deref() == Some("idempotency_key_in_progress");
                assert!(is_under_way || is_refusal(&answer), "{} {}", answer.status, answer.text());
                refused += 1;
                thread::sleep(Duration::from_millis(50));
            }
            self.imports.fetch_add(1, Ordering::SeqCst);
            if self.is_over.load(Ordering::SeqCst) {
                return refused;
            }
        }
        refused
    }

    /// Polls jobs over and over; gives back how often that was refused.
    fn poll(&self, nodes: &Nodes, jobs: &[Watched]) -> u64 {
        let mut refused = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            for (node, job) in nodes.iter().flat_map(|node| jobs.iter().map(move |job| (node, job))) {
                let answer = answer_of(node.address(), &Request::get(&job.location).key(&job.key));
                if answer.status != 200 {
                    assert!(is_refusal(&answer), "{} {}", answer.status, answer.text());
                    refused += 1;
                    continue;
                }
                let job = answer.json();
                assert!(job["status"] == "processing" || job["status"] == "complete", "{job}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        refused
    }
}

/// An answer there must be, in time. Results are sent while they are read: when the database goes away then, the answer is
/// cut off, and is asked for again.
fn answer_of(address: std::net::SocketAddr, request: &Request) -> Answer {
    for _ in 0..20 {
        match Wire::open(address).exchange(&request.bytes(), REFUSES_WITHIN) {
            Reply::Answer(answer) => return answer,
            Reply::Closed(bytes) if !bytes.is_empty() => continue,
            other => return other.answer(),
        }
    }
    panic!("every answer was cut off");
}

/// It cannot serve, says so, and says when to come again.
pub(crate) fn is_refusal(answer: &Answer) -> bool {
    let seconds = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    answer.status == 503 && seconds.is_some_and(|seconds| seconds > 0)
}

/// Both the small imports and the jobs, unless these have ended.
fn wait_until_both_go_on(load: &Load, nodes: &Nodes) {
    let (began, imports, rows) = (Instant::now(), load.imports.load(Ordering::SeqCst), nodes.processed());
    let mut both = [false; 2];
    while both != [true; 2] {
        both = [load.imports.load(Ordering::SeqCst) > imports + 2, nodes.processed() > rows || nodes.all_ended()];
        assert!(began.elapsed() < RESUMES_WITHIN, "small imports and jobs go on: {both:?}; {:?}", nodes.jobs());
        thread::sleep(Duration::from_millis(20));
    }
    println!("outages: on again after {:?}", began.elapsed());
}

/// An import of rows without a key.
pub(crate) fn keyless(mark: &str) -> String {
    let rows: Vec<Value> = (0..ROWS).map(|row| json!({"default": {"full_name": format!("{mark} {row}")}})).collect();
    json!({ "objects": rows }).to_string()
}
