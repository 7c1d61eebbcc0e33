//! Jobs over one set of keys in four orders, on three nodes: one record a key, no failed row, and nobody waits in a circle.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::nodes::Nodes;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::server::{Launch, Server};
use crate::together::at_once;

const KEYS: usize = 5_000;
const CHUNK_ROWS: usize = 100;
/// Of all chunks, at most so many may begin again after a deadlock: one in a thousand.
const CHUNKS_PER_DEADLOCK: u64 = 1_000;

#[test]
fn the_same_keys_in_four_orders_on_three_nodes_make_one_record_each() {
    for update_existing in [false, true] {
        race(update_existing);
    }
}

fn race(update_existing: bool) {
    let launch = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", &CHUNK_ROWS.to_string());
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), 3, &launch);
    let clients: Vec<Client> = nodes.iter().map(|node| node.client(&node.tenant())).collect();
    let orders = orders();
    let jobs: Vec<Value> = at_once(orders.len(), |order| {
        let client = &clients[order % clients.len()];
        let answer = client.import("contact", body(&orders[order], update_existing));
        assert_eq!(answer.status, 202, "{}", answer.text());
        client.finished(&answer)
    });
    let (mut ids, mut created) = (BTreeSet::new(), 0);
    for job in &jobs {
        assert_eq!((&job["status"], &job["failed"]), (&json!("complete"), &json!(0)), "no row fails");
        let results = job["results"].as_array().expect("results");
        assert_eq!(results.len(), KEYS);
        ids.extend(results.iter().map(|result| result["id"].as_str().expect("a record").to_owned()));
        created += results.iter().filter(|result| result["created"] == true).count();
    }
    assert_eq!((ids.len(), created), (KEYS, KEYS), "one record a key, made once");
    assert_eq!(clients[0].count("contact"), KEYS as u64);
    let workers = nodes.iter().filter(|node| !node.log().since(0).iter().all(|line| !line.contains("job claimed")));
    assert!(workers.count() > 1, "more than one node had a part in it");

    nodes.stop();
    let counted = nodes.database().sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    let deadlocks: u64 = nodes.iter().map(deadlocks_of).sum();
    let chunks = (orders.len() * KEYS / CHUNK_ROWS) as u64;
    println!(
        "keys: updating: {update_existing}; {chunks} chunks, {deadlocks} deadlocks; the database counted {counted:?}"
    );
    assert!(deadlocks * CHUNKS_PER_DEADLOCK <= chunks, "{deadlocks} of {chunks} chunks began again after a deadlock");
    assert_eq!(counted, [[Some(deadlocks.to_string())]], "the database says the same");
}

/// What a node that has stopped said of deadlocks.
fn deadlocks_of(node: &Server) -> u64 {
    let lines = node.log().since(0);
    let line = lines.iter().find(|line| line.contains("the database is left")).expect("a node says so when it stops");
    let said: Value = serde_json::from_str(line).expect("a line of JSON");
    said["deadlocks"].as_u64().expect("a count")
}

/// The same keys forth, back, evens first, and in strides.
fn orders() -> [Vec<usize>; 4] {
    let back = (0..KEYS).rev().collect();
    let evens_first = (0..KEYS).step_by(2).chain((1..KEYS).step_by(2)).collect();
    // 7,919 and 5,000 have no divisor in common: every key comes once.
    let strides = (0..KEYS).map(|place| place * 7_919 % KEYS).collect();
    [(0..KEYS).collect(), back, evens_first, strides]
}

fn body(order: &[usize], update_existing: bool) -> String {
    let row =
        |key: &usize| json!({"default": {"email": format!("key{key}@example.org"), "title": format!("{}", order[0])}});
    let rows: Vec<Value> = order.iter().map(row).collect();
    json!({"objects": rows, "options": {"dedupe_by": "email", "update_existing": update_existing}}).to_string()
}
