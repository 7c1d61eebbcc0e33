//! Which paths and methods there are, who may use them, and that nothing reaches another team.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use http::Request;
use support::{KEY, OTHER_KEY, OTHER_TEAM, READ_KEY, REVOKED_KEY, Server, TEAM, contacts, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_key() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz", "/version"] {
        let answer = server.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("x-request-id").is_some());
    }
    server.engine.stop_accepting();
    assert_eq!(server.get("/healthz").await.status, 200);
    server.get("/readyz").await.assert_error(503, "shutting_down");
    server.import(contacts(1), &[]).await.assert_error(503, "shutting_down");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_exactly_one_key_nobody_is_let_in() {
    let server = Server::start().await;
    let path = team_path("/contact/count");
    for keys in [&[][..], &[""], &["   "], &[KEY, KEY]] {
        let mut builder =
            Request::get(format!("{path}?x-api-key={KEY}")).header("authorization", format!("Bearer {KEY}"));
        for key in keys {
            builder = builder.header("x-api-key", *key);
        }
        server.send(builder.body(Body::empty()).unwrap()).await.assert_error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_to_refuse_a_key_looks_the_same() {
    let server = Server::start().await;
    let cases = [
        (TEAM.to_owned(), "rk_nobody_knows_this_key"),
        (TEAM.to_owned(), REVOKED_KEY),
        (OTHER_TEAM.to_owned(), KEY),
        (TEAM.to_owned(), OTHER_KEY),
        (ANY_ID.to_owned(), KEY),
        ("not-a-uuid".to_owned(), KEY),
        (format!("{TEAM}%2F..%2F{OTHER_TEAM}"), KEY),
        ("%2e%2e".to_owned(), KEY),
        ("%00".to_owned(), KEY),
        ("%ff".to_owned(), KEY),
    ];
    let mut bodies = Vec::new();
    for (team, key) in &cases {
        let path = format!("/v2/prism/{team}/contact/count");
        let answer = server.send(Request::get(path).header("x-api-key", *key).body(Body::empty()).unwrap()).await;
        answer.assert_error(403, "forbidden");
        bodies.push(answer.without_request_id());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_reads_cannot_write() {
    let server = Server::start().await;
    let with_read_key = |method: &str, path: String| {
        Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", READ_KEY)
            .header("content-type", "application/json")
            .body(Body::from(contacts(1)))
            .unwrap()
    };
    for (method, path) in [
        ("POST", team_path("/contact/import")),
        ("POST", team_path("/contact")),
        ("PATCH", team_path(&format!("/contact/{ANY_ID}"))),
        ("DELETE", team_path(&format!("/contact/{ANY_ID}"))),
        ("POST", team_path("/lists")),
    ] {
        server.send(with_read_key(method, path)).await.assert_error(403, "forbidden");
    }
    assert_eq!(server.send(with_read_key("GET", team_path("/contact/count"))).await.json()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_methods_are_told_the_right_ones() {
    let server = Server::start().await;
    let send =
        async |method: &str, path: String| server.send(request(method, &path).body(Body::empty()).unwrap()).await;
    for method in ["GET", "PUT", "DELETE", "FOO", "OPTIONS"] {
        let answer = send(method, team_path("/contact/import")).await;
        answer.assert_error(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    for method in ["TRACE", "CONNECT"] {
        let answer = send(method, team_path("/contact/import")).await;
        answer.assert_error(405, "method_not_allowed");
        assert!(answer.header("allow").is_some());
    }
    let answer = send("POST", team_path("/imports/x")).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET,HEAD")));
    let event = server.post(&team_path("/event/import"), contacts(1)).await;
    event.assert_error(405, "method_not_allowed");
    assert_eq!(event.header("allow"), Some(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_types_are_not_found() {
    let server = Server::start().await;
    for path in [
        "/".to_owned(),
        "/v2/prism".to_owned(),
        format!("/v2/prism/{OTHER_TEAM}/../{TEAM}/contact/count"),
        format!("/v2/prism//{TEAM}/contact/count"),
        format!("//v2/prism/{TEAM}/contact/count"),
        team_path("//contact/count"),
        team_path("/contact/count/of/nothing"),
        team_path("/contact/count/"),
    ] {
        server.get(&path).await.assert_error(404, "not_found");
    }
    let long = "x".repeat(5_000);
    for object_type in ["spaceship", "Contact", "..%2fx", "record%3B%20drop", "contact%2Fimport", long.as_str()] {
        let path = team_path(&format!("/{object_type}/import"));
        server.post(&path, contacts(1)).await.assert_error(404, "unknown_object_type");
    }
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_segments_mean_what_they_spell() {
    let server = Server::start().await;
    assert_eq!(server.post(&team_path("/cont%61ct/import"), contacts(2)).await.status, 200);
    assert_eq!(server.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_not_there_look_the_same() {
    let server = Server::start().await;
    let accepted = server.import(contacts(1), &[("prefer", "respond-async")]).await;
    assert_eq!(accepted.status, 202);
    let own = accepted.json()["job_id"].as_str().unwrap().to_owned();
    let of_others = format!("/v2/prism/{OTHER_TEAM}/imports/{own}");
    let with_other_key = Request::get(of_others).header("x-api-key", OTHER_KEY).body(Body::empty()).unwrap();
    let mut bodies = vec![server.send(with_other_key).await];
    for id in [ANY_ID, "0", "no%20such%20job", "a%2Fb", "%ff"] {
        bodies.push(server.get(&team_path(&format!("/imports/{id}"))).await);
    }
    for answer in &bodies {
        answer.assert_error(404, "not_found");
        assert_eq!(answer.without_request_id(), bodies[0].without_request_id());
    }
}
