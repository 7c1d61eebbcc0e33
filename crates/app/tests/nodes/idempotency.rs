//! A hundred requests with one idempotency key, half of them on each of two nodes: one is carried out.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::nodes::Nodes;
use crate::support::home::Home;
use crate::support::http::Answer;
use crate::support::server::Launch;
use crate::together::at_once;

const REQUESTS: usize = 100;

#[test]
fn a_hundred_equal_small_imports_on_two_nodes_are_one() {
    let nodes = post(50, 200);
    assert_eq!(nodes.home().rows_of("record"), 50, "carried out once");
    assert_eq!(nodes.home().rows_of("job"), 0);
}

#[test]
fn a_hundred_equal_large_imports_on_two_nodes_are_one_job() {
    let nodes = post(500, 202);
    assert_eq!(nodes.home().rows_of("job"), 1, "one job");
    assert_eq!(nodes.home().rows_of("record"), 500, "whose rows are there once");
}

fn post(rows: usize, status: u16) -> Nodes {
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), 2, &Launch::new());
    let clients: Vec<_> = nodes.iter().map(|node| node.client(&node.tenant())).collect();
    let import = |client: usize| {
        let request = clients[client].import_request("contact", body(rows)).header("Idempotency-Key", "one");
        clients[client].send(&request)
    };
    let answers: Vec<Answer> = at_once(REQUESTS, |index| import(index % 2));
    let (served, refused): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == status);
    let fresh = served.iter().filter(|answer| answer.header("idempotent-replay").is_none()).count();
    assert_eq!(fresh, 1, "one request is carried out");
    assert!(served.iter().all(|answer| answer.body == served[0].body), "the same answer to all");
    for answer in refused {
        let told = (answer.status, answer.code());
        assert_eq!(told, (409, Some("idempotency_key_in_progress".to_owned())), "{}", answer.text());
        assert_eq!(answer.header("retry-after"), Some("1"), "and when to come again");
    }
    for (number, client) in clients.iter().enumerate() {
        let again = import(number);
        assert_eq!(again.header("idempotent-replay"), Some("true"), "{}", again.text());
        assert_eq!((again.status, &again.body), (status, &served[0].body), "later on either node");
        client.finished(&again);
    }
    nodes.stop();
    nodes
}

/// Rows without a key: a second execution would show in the count.
fn body(rows: usize) -> String {
    let rows: Vec<Value> = (0..rows).map(|row| json!({"default": {"full_name": format!("Person {row}")}})).collect();
    json!({ "objects": rows }).to_string()
}
