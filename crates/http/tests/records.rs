//! Single records through the API, and the guards around them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use serde_json::json;
use support::{Answer, Server, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

async fn create(server: &Server, body: &str) -> (String, Answer) {
    let answer = server.post(&team_path("/contact"), body.to_owned()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    (team_path(&format!("/contact/{}", answer.json()["id"].as_str().unwrap())), answer)
}

async fn send(server: &Server, method: &str, path: &str, if_match: Option<&str>, body: &str) -> Answer {
    let mut builder = request(method, path);
    if let Some(tag) = if_match {
        builder = builder.header("if-match", tag);
    }
    server.send(builder.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_made_read_changed_and_hidden() {
    let server = Server::start().await;
    let (path, created) = create(&server, r#" {"default":{"email":"a@x.io","city":"Oslo","title":"CEO"}} "#).await;
    let tag = created.header("etag").unwrap().to_owned();
    let read = server.get(&path).await;
    assert_eq!(read.json()["default"], json!({"email": "a@x.io", "city": "Oslo", "title": "CEO"}));
    assert_eq!((read.status.as_u16(), read.header("etag")), (200, Some(tag.as_str())));
    assert_eq!(read.bytes, created.bytes);
    let selected = server.get(&format!("{path}?select=title%2Cid,phone")).await.json();
    assert_eq!(selected["default"], json!({"title": "CEO", "phone": null}));

    let patched = send(&server, "PATCH", &path, None, r#"{"default":{"city":"Turin","title":null}}"#).await;
    assert_eq!(
        (patched.status.as_u16(), &patched.json()["default"]),
        (200, &json!({"email": "a@x.io", "city": "Turin"}))
    );
    assert_ne!(patched.header("etag"), Some(tag.as_str()));

    let deleted = send(&server, "DELETE", &path, None, "").await;
    assert_eq!((deleted.status.as_u16(), deleted.bytes.len(), deleted.header("content-type")), (204, 0, None));
    assert_eq!(server.count().await, 0);
    for (method, body) in [("GET", ""), ("PATCH", "{}"), ("DELETE", "")] {
        send(&server, method, &path, None, body).await.assert_error(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_values_can_be_made() {
    let server = Server::start().await;
    for body in ["{}", r#"{"default":null}"#, r#"{"default":{}}"#] {
        let (_, created) = create(&server, body).await;
        assert_eq!(created.json()["default"], json!({}));
        assert!(created.json().get("list").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_guards_patch_and_delete() {
    let server = Server::start().await;
    let (path, created) = create(&server, r#"{"default":{"city":"Oslo"}}"#).await;
    let first = created.header("etag").unwrap().to_owned();
    let to_turin = r#"{"default":{"city":"Turin"}}"#;
    let second = send(&server, "PATCH", &path, Some(&first), to_turin).await;
    assert_eq!(second.status, 200);
    let weak = format!("W/{}", second.header("etag").unwrap());
    for tag in [first.as_str(), weak.as_str(), "\"foreign\"", "v2"] {
        let patch = send(&server, "PATCH", &path, Some(tag), r#"{"default":{"city":"Paris"}}"#).await;
        patch.assert_error(412, "precondition_failed");
        send(&server, "DELETE", &path, Some(tag), "").await.assert_error(412, "precondition_failed");
    }
    assert_eq!(server.get(&path).await.json()["default"]["city"], "Turin");
    assert_eq!(send(&server, "PATCH", &path, Some("*"), r#"{"default":{"city":"Rome"}}"#).await.status, 200);
    let missing = team_path(&format!("/contact/{ANY_ID}"));
    send(&server, "PATCH", &missing, Some("*"), to_turin).await.assert_error(412, "precondition_failed");
    send(&server, "DELETE", &missing, Some("*"), "").await.assert_error(412, "precondition_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_a_row_error_is_an_error_of_the_request() {
    let server = Server::start().await;
    let (path, _) = create(&server, r#"{"default":{"city":"Oslo"}}"#).await;
    let cases = [
        (r#"{"default":{"emial":"x"}}"#, "invalid_request", "emial"),
        (r#"{"default":{"first_interaction_date":"2026-02-30"}}"#, "invalid_request", "first_interaction_date"),
        (r#"{"default":{"seniority":"no such"}}"#, "invalid_request", "seniority"),
        (r#"{"email":"x"}"#, "invalid_request", "default"),
        ("[]", "invalid_request", "object"),
        ("", "invalid_json", "JSON"),
        ("{", "invalid_json", "JSON"),
        (r#"{"default":{"city":"a","city":"b"}}"#, "duplicate_key", "city"),
        (r#"{"default":{"city":"a"},"default":{}}"#, "duplicate_key", "default"),
    ];
    for (body, code, named) in cases {
        let answers =
            [server.post(&team_path("/contact"), body).await, send(&server, "PATCH", &path, None, body).await];
        for answer in answers {
            let read = answer.assert_error(400, code);
            assert!(read.to_string().contains(named), "{body}: {read}");
        }
    }
    let two_faults = server.post(&team_path("/contact"), r#"{"default":{"emial":"x","seniority":"no such"}}"#).await;
    let errors = two_faults.json()["error"]["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 2);
    assert_eq!((&errors[0]["field"], &errors[1]["code"]), (&json!(".body.default.emial"), &json!("invalid_option")));
    assert_eq!(server.count().await, 1);
    assert_eq!(server.get(&path).await.json()["default"], json!({"city": "Oslo"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_under_its_own_type_only() {
    let server = Server::start().await;
    let (path, _) = create(&server, "{}").await;
    server.get(&path.replace("/contact/", "/deal/")).await.assert_error(404, "not_found");
    for id in [ANY_ID, "not-a-uuid", "%ff", "queries"] {
        server.get(&team_path(&format!("/contact/{id}"))).await.assert_error(404, "not_found");
    }
    server.get(&format!("{path}?select=emial")).await.assert_error(400, "unknown_property");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_an_identity_can_be_read_as_records() {
    let server = Server::start().await;
    let made = server.post(&team_path("/identity"), r#"{"default":{"email_addresses":["ada@example.org"]}}"#).await;
    let path = team_path(&format!("/identity/{}", made.json()["id"].as_str().unwrap()));
    let read = server.get(&format!("{path}?select=email_addresses.email")).await.json();
    let address = &read["default"]["email_addresses"][0];
    assert_eq!(address["properties"], json!({"email": "ada@example.org"}));
    assert_eq!(address["id"].as_str().unwrap().len(), 36);
    assert_eq!(server.get(&path).await.json()["default"]["email_addresses"], json!(["ada@example.org"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused() {
    let server = Server::start().await;
    let body = format!(r#"{{"default":{{"description":"{}"}}}}"#, "x".repeat(1 << 20));
    server.post(&team_path("/contact"), body).await.assert_error(413, "payload_too_large");
    assert_eq!(server.count().await, 0);
}
