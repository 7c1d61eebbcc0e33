//! Upserts on three nodes, some of which have to learn that the property is keyed: one record a value.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use crate::nodes::Nodes;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::request::Request;
use crate::support::server::Launch;
use crate::together::at_once;

const WRITERS: usize = 12;
const ROUNDS: usize = 10;

#[test]
fn a_value_is_one_record_whichever_node_is_asked() {
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), 3, &Launch::new());
    let clients: Vec<Client> = nodes.iter().map(|node| node.client(&node.tenant())).collect();
    let answers = at_once(WRITERS, |writer| {
        let client = &clients[writer % clients.len()];
        let upsert = |round: usize| {
            let path = client.path(&format!("organization/by/primary_domain/d{}.org", (round + writer) % ROUNDS));
            let body = json!({"default": {"name": format!("{writer}")}}).to_string();
            client.send(&Request::new("PUT", path).key(&client.key).json(body))
        };
        (0..ROUNDS).map(upsert).collect::<Vec<_>>()
    });
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)), "{answers:?}");
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!((ids.len(), answers.iter().filter(|answer| answer.status == 201).count()), (ROUNDS, ROUNDS));
    assert_eq!(clients[0].count("organization"), ROUNDS as u64);
    nodes.stop();
}
