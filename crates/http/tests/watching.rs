//! Waiting for a job: tags, long polls, events.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use axum::body::Body;
use refract_engine::EngineSettings;
use refract_http::HttpSettings;
use serde_json::{Value, json};
use support::jobs::{assert_isolated, job_of, not_running, number};
use support::raw::Raw;
use support::{KEY, Server, contacts, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_says_whether_a_job_has_got_on() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let polled = server.get(&job).await;
    let tag = polled.header("etag").unwrap().to_owned();
    let ask = async |query: &str| {
        let request = request("GET", &format!("{job}{query}")).header("if-none-match", &tag);
        server.send(request.body(Body::empty()).unwrap()).await
    };
    let same = ask("").await;
    assert_eq!((same.status.as_u16(), same.bytes.len(), same.header("etag")), (304, 0, Some(tag.as_str())));
    assert_eq!((same.header("retry-after"), same.header("cache-control")), (Some("1"), Some("no-store")));
    server.post(&format!("{job}/cancel"), "").await;
    let started = std::time::Instant::now();
    let other = ask("?wait=60s").await;
    assert_eq!((other.status.as_u16(), &other.json()["status"]), (200, &json!("failed")));
    assert_ne!(other.header("etag"), Some(tag.as_str()));
    assert!(started.elapsed() < Duration::from_secs(5), "an ended job is answered at once");
    server.get(&format!("{job}?wait=soon")).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_the_job_and_with_the_server() {
    let server = std::sync::Arc::new(not_running().await);
    let job = job_of(&server, contacts(3)).await;
    let wait = |server: std::sync::Arc<Server>, path: String| tokio::spawn(async move { server.get(&path).await });
    let waiting = wait(std::sync::Arc::clone(&server), format!("{job}?wait=60s"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    server.post(&format!("{job}/cancel"), "").await;
    let answer = tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("at once").unwrap();
    assert_eq!(answer.json()["status"], "failed");

    let job = job_of(&server, contacts(3)).await;
    let waiting = wait(std::sync::Arc::clone(&server), format!("{job}?wait=60s"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.engine.stop_accepting();
    let answer = tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("at once").unwrap();
    assert_eq!(answer.json()["status"], "processing");
}

/// The events of a stream, as (id, name, data).
fn events(text: &str) -> Vec<(String, String, Value)> {
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    let event = |block: &str| {
        let data = field(block, "data")?;
        Some((field(block, "id")?, field(block, "event")?, serde_json::from_str(&data).unwrap()))
    };
    text.split("\n\n").filter_map(event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_in_order_and_end_with_the_job() {
    let engine = EngineSettings { chunk_rows_max: 50, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let job = job_of(&server, contacts(6_000)).await;
    let stream = server.get(&format!("{job}/events")).await;
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    assert_eq!((stream.header("cache-control"), stream.header("x-accel-buffering")), (Some("no-store"), Some("no")));
    let text = String::from_utf8(stream.bytes.to_vec()).unwrap();
    let events = events(&text);
    let (last, before) = events.split_last().unwrap();
    assert_eq!((&*last.1, &last.2["status"], &last.2["processed"]), ("end", &json!("complete"), &json!(6_000)));
    assert!(
        before.iter().enumerate().all(|(place, event)| event.1 == if place == 0 { "snapshot" } else { "progress" })
    );
    let counters: Vec<_> = events.iter().map(|event| number(&event.2, "processed")).collect();
    assert!(counters.is_sorted(), "{counters:?}");
    let mut ids: Vec<_> = events.iter().map(|event| event.0.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), events.len(), "each change once");
    assert!(last.2.get("results").is_none());
    assert_isolated(&server, &job, "GET", "/events").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_event_and_ends_with_the_server() {
    let server = std::sync::Arc::new(not_running().await);
    let job = job_of(&server, contacts(3)).await;
    let open = |last: &'static str| {
        let (server, path) = (std::sync::Arc::clone(&server), format!("{job}/events"));
        tokio::spawn(async move {
            let request = request("GET", &path).header("last-event-id", last);
            String::from_utf8(server.send(request.body(Body::empty()).unwrap()).await.bytes.to_vec()).unwrap()
        })
    };
    let (new, seen) = (open("processing-7"), open("processing-0"));
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.post(&format!("{job}/cancel"), "").await;
    let names = |text: &str| events(text).into_iter().map(|event| event.1).collect::<Vec<_>>();
    assert_eq!(names(&new.await.unwrap()), ["snapshot", "end"]);
    assert_eq!(names(&seen.await.unwrap()), ["end"]);

    let other = job_of(&server, contacts(3)).await;
    let waiting = {
        let server = std::sync::Arc::clone(&server);
        tokio::spawn(async move { server.get(&format!("{other}/events")).await })
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.engine.stop_accepting();
    let answer = tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("at once").unwrap();
    assert_eq!(names(std::str::from_utf8(&answer.bytes).unwrap()), ["snapshot"], "it ends without an end");
}

/// On a socket: told to stop, a server does not wait for those who watch, nor for one who reads nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn streams_and_waits_hold_no_server_up() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let (address, stop, task) = server.listen().await;
    let mut open = Vec::new();
    for path in ["/events", "?wait=60s", "/events", "?wait=60s"] {
        let mut raw = Raw::connect(address).await;
        raw.send(format!("GET {job}{path} HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n\r\n").as_bytes()).await;
        open.push(raw);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = std::time::Instant::now();
    stop.send(true).unwrap();
    task.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(4), "it ended after {:?}", started.elapsed());
    let events = open[0].read_to_end().await;
    assert!(events.contains("event: snapshot") && events.ends_with("0\r\n\r\n"), "a whole answer: {events}");
    assert!(open[1].read_to_end().await.contains("\"status\":\"processing\""));
}
