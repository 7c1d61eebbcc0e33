//! Connections to the database are cut at a COMMIT, before the server gets it or before its answer arrives: what was
//! carried out is not done again, and what was not is not lost.

use std::sync::Arc;
use std::time::Duration;

use refract_testkit::proxy::{CommitCut, Proxy};
use serde_json::{Value, json};

use crate::nodes::{Nodes, PATIENCE, database};
use crate::outages::is_refusal;
use crate::scale;
use crate::support::home::Home;
use crate::support::http::Answer;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::undisturbed::{Origin, Undisturbed};

const SIDES: [CommitCut; 2] = [CommitCut::BeforeServer, CommitCut::BeforeAnswer];
/// Cuts of chunks, of small imports and of admissions, each.
const CUTS: u32 = 12;

/// Nodes that reach their database each through a proxy of its own.
fn proxied(home: Arc<Home>, count: usize, launch: &Launch) -> (Vec<Proxy>, Nodes) {
    let proxies: Vec<Proxy> = (0..count).map(|_| Proxy::before(&database(&home).url())).collect();
    let urls: Vec<String> = proxies.iter().map(Proxy::url).collect();
    let nodes = Nodes::start_at(home, &urls, launch);
    (proxies, nodes)
}

#[test]
fn chunks_whose_commit_is_cut_off_are_there_once() {
    let mut chance = scale::chance("cuts");
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "40");
    let origin = Origin::make(&mut chance, Home::in_database(), 4_000);
    let undisturbed = Undisturbed::run(&origin, launch.clone());
    let (proxies, mut nodes) = proxied(Arc::new(origin.home), 2, &launch);
    let mut cuts = 0;
    for (proxy, side) in proxies.iter().cycle().zip(SIDES.iter().flat_map(|side| [side; 2]).cycle()) {
        if cuts >= CUTS || nodes.all_ended() {
            break;
        }
        proxy.cut_at_commit(*side, "job_outcome");
        // A node without a job commits no chunk.
        cuts += u32::from(proxy.wait_for_commits_cut(proxy.commits_cut() + 1, Duration::from_millis(500)));
    }
    assert!(cuts >= CUTS / 2, "{cuts} commits were cut");
    for node in 0..nodes.len() {
        nodes.wait_for_all(node, &origin.jobs);
        undisturbed.assert_results_of(&nodes[node], &origin.jobs);
    }
    nodes.stop();
    nodes.state().assert_same_as(&undisturbed.state, "chunks cut at their commits");
    println!("cuts: {cuts} chunks");
}

/// A request whose commit was cut, and then the same again through the other node.
struct Cut {
    first: Answer,
    second: Answer,
}

/// Sends requests of which the commit is cut, on either side in turn; `having` names the transaction.
fn cut_requests(
    having: &str,
    count: u32,
    proxies: &[Proxy],
    nodes: &Nodes,
    request: impl Fn(&str) -> Request,
) -> Vec<Cut> {
    let cut = |number: u32| {
        let request = request(&format!("cut-{number}"));
        let (proxy, before) = (&proxies[0], proxies[0].commits_cut());
        proxy.cut_at_commit(SIDES[number as usize % 2], having);
        let first = crate::support::http::exchange(nodes[0].address(), &request.bytes()).answer();
        assert!(proxy.wait_for_commits_cut(before + 1, PATIENCE), "its commit was cut");
        let second = crate::support::http::exchange(nodes[1].address(), &request.bytes()).answer();
        Cut { first, second }
    };
    (0..count).map(cut).collect()
}

/// The first answer is a refusal, or the very answer that is kept; the second is one or the other, and tells which.
fn assert_once(cuts: &[Cut], status: u16) {
    let mut replayed = 0;
    for (number, Cut { first, second }) in cuts.iter().enumerate() {
        assert_eq!(second.status, status, "{}", second.text());
        let is_replay = second.header("idempotent-replay") == Some("true");
        let was_committed = SIDES[number % 2] == CommitCut::BeforeAnswer;
        if first.status == status {
            assert!(is_replay && first.body == second.body, "what was answered holds on the other node");
        } else {
            assert!(is_refusal(first), "{} {}", first.status, first.text());
            assert_eq!(is_replay, was_committed, "a commit is known by all nodes: {}", second.text());
        }
        replayed += u32::from(is_replay);
    }
    assert!(replayed >= cuts.len() as u32 / 2, "what was committed is answered the same again");
}

#[test]
fn small_imports_whose_commit_is_cut_off_are_carried_out_once() {
    let (proxies, mut nodes) = proxied(Arc::new(Home::in_database()), 2, &Launch::new());
    let client = nodes[0].client(&nodes[0].tenant());
    let cuts = cut_requests("COPY record", CUTS, &proxies, &nodes, |key| {
        client.import_request("contact", crate::outages::keyless(key)).header("Idempotency-Key", key)
    });
    assert_once(&cuts, 200);
    assert_eq!(client.count("contact"), u64::from(CUTS) * 20, "each once");
    nodes.stop();
}

#[test]
fn large_imports_whose_admission_is_cut_off_are_one_job_each() {
    const ROWS: u64 = 300;
    let (proxies, mut nodes) = proxied(Arc::new(Home::in_database()), 2, &Launch::new());
    let client = nodes[0].client(&nodes[0].tenant());
    let cuts = cut_requests("INSERT INTO job", CUTS, &proxies, &nodes, |key| {
        let row = |row: u64| json!({"default": {"full_name": format!("{key} {row}")}});
        let rows: Vec<Value> = (0..ROWS).map(row).collect();
        client.import_request("contact", json!({ "objects": rows }).to_string()).header("Idempotency-Key", key)
    });
    assert_once(&cuts, 202);
    assert_eq!(nodes.jobs().len() as u64, u64::from(CUTS), "one job each");
    for Cut { second, .. } in &cuts {
        assert_eq!(client.finished(second)["succeeded"], ROWS);
    }
    assert_eq!(client.count("contact"), u64::from(CUTS) * ROWS, "and its rows once");
    nodes.stop();
}
