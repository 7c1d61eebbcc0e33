//! Grants through the API: shown, put, and heeded by every write.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use serde_json::{Value, json};
use support::{Answer, Server, TEAM, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    server.send(request(method, path).body(Body::from(text)).unwrap()).await
}

async fn deal(server: &Server, name: &str) -> String {
    let answer = send(server, "POST", &team_path("/deal"), &json!({"default": {"name": name}})).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn deal_path(id: &str, rest: &str) -> String {
    team_path(&format!("/deal/{id}{rest}"))
}

fn own(level: &str) -> Value {
    json!({ "team_id": { TEAM: level } })
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_shown_and_put() {
    let server = Server::start().await;
    let id = deal(&server, "a").await;
    let path = deal_path(&id, "/grant");
    let before = server.get(&path).await;
    assert_eq!(
        (before.status.as_u16(), before.json()),
        (200, json!({"user_id": [], "team_id": {TEAM: "a"}, "team_group_id": []}))
    );
    let body = json!({"user_id": [{"u2": "w", "u1": "r"}], "team_group_id": [{"g": "a"}]});
    let put = send(&server, "PUT", &path, &body).await;
    let expected =
        json!({"user_id": [{"u1": "r"}, {"u2": "w"}], "team_id": {TEAM: "a"}, "team_group_id": [{"g": "a"}]});
    assert_eq!((put.status.as_u16(), put.json()), (200, expected.clone()));
    let older = format!("/v2/prism/grant/{TEAM}/deal/{id}");
    assert_eq!(server.get(&older).await.json(), expected);
    assert_eq!(send(&server, "PUT", &older, &json!({})).await.json(), before.json());
    assert_eq!(server.get(&path).await.json(), before.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_grants_says_so() {
    let server = Server::start().await;
    for object_type in ["contact", "organization", "identity"] {
        for method in ["GET", "PUT"] {
            let path = team_path(&format!("/{object_type}/{ANY_ID}/grant"));
            let answer = send(&server, method, &path, &json!({})).await;
            answer.assert_error(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(""));
        }
    }
    for path in [deal_path(ANY_ID, "/grant"), deal_path("x", "/grant")] {
        server.get(&path).await.assert_error(404, "not_found");
        send(&server, "PUT", &path, &json!({})).await.assert_error(404, "not_found");
    }
    server.get(&team_path(&format!("/message/{ANY_ID}/grant"))).await.assert_error(404, "unknown_object_type");
    let id = deal(&server, "a").await;
    let answer = send(&server, "PUT", &deal_path(&id, "/grant"), &json!({"team_id": {TEAM: "x"}})).await;
    answer.assert_error(400, "invalid_request");
    assert_eq!(send(&server, "POST", &deal_path(&id, "/grant"), &json!({})).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_only_be_read_is_not_written() {
    let server = Server::start().await;
    let (closed, open) = (deal(&server, "a").await, deal(&server, "b").await);
    let grant = deal_path(&closed, "/grant");
    assert_eq!(send(&server, "PUT", &grant, &own("r")).await.status, 200);
    let name = json!({"default": {"name": "c"}});
    for (method, path, body) in [
        ("PATCH", deal_path(&closed, ""), name.clone()),
        ("DELETE", deal_path(&closed, ""), Value::Null),
        ("PUT", team_path("/deal/by/name/a"), json!({"default": {"description": "x"}})),
    ] {
        let error = send(&server, method, &path, &body).await.assert_error(403, "forbidden");
        assert!(error["message"].as_str().unwrap().contains("PUT its grant"), "{error}");
    }
    let items = json!({"items": [{"id": closed, "default": {"name": "c"}}, {"id": open, "default": {"name": "d"}}]});
    let batch = send(&server, "POST", &team_path("/deal/batch/update"), &items).await.json();
    assert_eq!((&batch["summary"]["failed"], &batch["results"][0]["error"]["code"]), (&json!(1), &json!("forbidden")));
    let ids = json!({"ids": [closed]});
    let batch = send(&server, "POST", &team_path("/deal/batch/delete"), &ids).await.json();
    assert_eq!(batch["results"][0]["error"]["code"], "forbidden");
    let rows = json!({
        "objects": [{"default": {"name": "a", "source": "x"}}, {"default": {"name": "d", "source": "x"}}],
        "options": {"dedupe_by": "name", "update_existing": true}
    });
    let import = send(&server, "POST", &team_path("/deal/import"), &rows).await.json();
    assert_eq!(import["results"][0]["error"]["code"], "forbidden");
    assert_eq!(import["results"][1]["updated"], true);
    assert_eq!(server.get(&deal_path(&closed, "")).await.json()["default"], json!({"name": "a"}));

    // A copy is a record of its own, and what was given away can be taken back.
    let copy = send(&server, "POST", &deal_path(&closed, "/duplicate"), &Value::Null).await.json();
    assert_eq!(send(&server, "PATCH", &deal_path(copy["id"].as_str().unwrap(), ""), &name).await.status, 200);
    assert_eq!(send(&server, "PUT", &grant, &own("w")).await.status, 200);
    assert_eq!(send(&server, "PATCH", &deal_path(&closed, ""), &name).await.status, 200);
    assert_eq!(send(&server, "DELETE", &deal_path(&closed, ""), &Value::Null).await.status, 204);
}
