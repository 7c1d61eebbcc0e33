//! Thirty requests with one idempotency key: one is carried out, and each of the others is answered the same or told that
//! the first is still under way.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::together::at_once;

const REQUESTS: usize = 30;
const ROWS: usize = 50;

#[test]
fn equal_small_imports_are_carried_out_once() {
    let (server, client) = server();
    let request = client.import_request("contact", body(ROWS)).header("Idempotency-Key", "one-import");
    let answers = at_once(REQUESTS, |_| client.send(&request));
    assert_one_execution(&answers, 200);
    assert_eq!(client.count("contact"), ROWS as u64, "once");
    assert_replayed(&client, &request, &answers);
    assert_eq!(client.count("contact"), ROWS as u64, "still once");
    drop(server);
}

#[test]
fn equal_creates_make_one_record() {
    let (server, client) = server();
    let body = json!({"default": {"full_name": "Ada"}}).to_string();
    let request =
        Request::post(client.path("contact")).key(&client.key).json(body).header("Idempotency-Key", "one-create");
    let answers = at_once(REQUESTS, |_| client.send(&request));
    assert_one_execution(&answers, 201);
    assert_eq!(client.count("contact"), 1, "once");
    assert_replayed(&client, &request, &answers);
    assert_eq!(client.count("contact"), 1, "still once");
    drop(server);
}

#[test]
fn equal_large_imports_make_one_job() {
    let (server, client) = server();
    let request = client.import_request("contact", body(ROWS * 10)).header("Idempotency-Key", "one-job");
    let answers = at_once(REQUESTS, |_| client.send(&request));
    assert_one_execution(&answers, 202);
    assert_eq!(server.home().rows_of("job"), 1, "one job");
    let locations: Vec<&str> = good(&answers, 202).filter_map(|answer| answer.header("location")).collect();
    assert!(locations.iter().all(|location| *location == locations[0]), "all are told of the same job: {locations:?}");
    let job = client.wait_for_job(locations[0]);
    assert_eq!(job["succeeded"], ROWS * 10, "{}", job["status"]);
    assert_eq!(client.count("contact"), (ROWS * 10) as u64, "whose rows are there once");
    assert_replayed(&client, &request, &answers);
    assert_eq!(server.home().rows_of("job"), 1, "still one job");
}

fn server() -> (Server, Client) {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    (server, client)
}

/// Rows without a key: a second execution would show in the count.
fn body(rows: usize) -> String {
    let objects: Vec<Value> = (0..rows).map(|row| json!({"default": {"full_name": format!("Person {row}")}})).collect();
    json!({"objects": objects}).to_string()
}

fn good(answers: &[Answer], status: u16) -> impl Iterator<Item = &Answer> {
    answers.iter().filter(move |answer| answer.status == status)
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotent-replay") == Some("true")
}

fn assert_one_execution(answers: &[Answer], status: u16) {
    let fresh = good(answers, status).filter(|answer| !is_replay(answer)).count();
    assert_eq!(fresh, 1, "one request is carried out");
    let first = good(answers, status).next().expect("one at least");
    for answer in answers {
        if answer.status == status {
            assert_eq!(answer.body, first.body, "the same answer to all");
            continue;
        }
        let told = (answer.status, answer.code());
        assert_eq!(told, (409, Some("idempotency_key_in_progress".to_owned())), "{}", answer.text());
        assert_eq!(answer.header("retry-after"), Some("1"), "and when to come again");
    }
}

fn assert_replayed(client: &Client, request: &Request, answers: &[Answer]) {
    let again = client.send(request);
    assert!(is_replay(&again), "later it is answered the same again: {}", again.text());
    assert!(answers.iter().any(|answer| answer.status == again.status && answer.body == again.body));
}
