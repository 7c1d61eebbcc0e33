//! Undo of imports and provenance of records through the API.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use support::{Server, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

/// Imports rows as a job, to its end; gives where it is polled.
async fn job(server: &Server, rows: &Value) -> String {
    let body = json!({ "objects": rows, "options": { "dedupe_by": "email", "update_existing": true } });
    let answer = server.import(body.to_string(), &[("prefer", "respond-async")]).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    let location = answer.header("location").unwrap().to_owned();
    server.wait_for_job(&location).await;
    location
}

fn named(email: &str, name: &str) -> Value {
    json!({ "default": { "email": email, "full_name": name } })
}

fn empty(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("x-api-key", support::KEY)
}

async fn undo(server: &Server, location: &str) -> Value {
    let answer = server.send(empty("POST", &format!("{location}/undo")).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    let undo = answer.header("location").unwrap().to_owned();
    assert_eq!(undo, team_path(&format!("/imports/{}", answer.json()["job_id"].as_str().unwrap())));
    server.wait_for_job(&undo).await
}

async fn provenance(server: &Server, id: &str) -> Value {
    let answer = server.get(&team_path(&format!("/contact/{id}/provenance"))).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_undone_by_a_job_with_results() {
    let server = Server::start().await;
    let first = job(&server, &json!([named("old@x.io", "0"), named("edited@x.io", "0")])).await;
    let old = server.get(&first).await.json()["results"][0]["id"].as_str().unwrap().to_owned();
    let rows =
        json!([named("old@x.io", "1"), named("new@x.io", "1"), named("edited@x.io", "1"), 5, named("old@x.io", "2")]);
    let second = job(&server, &rows).await;
    let results = server.get(&second).await.json()["results"].clone();
    let id = |row: usize| results[row]["id"].as_str().unwrap().to_owned();
    let patch = request("PATCH", &team_path(&format!("/contact/{}", id(2))));
    let patch = patch.body(json!({ "default": { "full_name": "mine" } }).to_string().into()).unwrap();
    assert_eq!(server.send(patch).await.status, 200);

    let undone = undo(&server, &second).await;
    assert_eq!((&undone["status"], &undone["total"]), (&json!("complete"), &json!(5)));
    assert_eq!((&undone["succeeded"], &undone["failed"]), (&json!(4), &json!(1)));
    let words: Vec<_> = undone["results"].as_array().unwrap().iter().map(|result| result["outcome"].clone()).collect();
    assert_eq!(words, ["restored", "removed", "failed", "unchanged", "unchanged"].map(|word| json!(word)));
    assert_eq!(undone["results"][2]["error"]["code"], "edited_since");
    assert_eq!((&undone["results"][1]["id"], &undone["results"][3]["id"]), (&json!(id(1)), &Value::Null));
    let shown = async |id: &str| server.get(&team_path(&format!("/contact/{id}"))).await;
    assert_eq!(shown(&old).await.json()["default"]["full_name"], "0");
    assert_eq!(shown(&id(2)).await.json()["default"]["full_name"], "mine");
    shown(&id(1)).await.assert_error(404, "not_found");
    assert_eq!(server.count().await, 2);
    let again = undo(&server, &second).await;
    assert_eq!((&again["succeeded"], &again["results"][0]["outcome"]), (&json!(4), &json!("unchanged")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_is_refused_with_the_reason() {
    let server = Server::start().await;
    let send = async |path: &str| server.send(empty("POST", path).body(axum::body::Body::empty()).unwrap()).await;
    for unknown in [ANY_ID, "no-id"] {
        send(&team_path(&format!("/imports/{unknown}/undo"))).await.assert_error(404, "not_found");
    }
    let import = job(&server, &json!([named("a@x.io", "A")])).await;
    let with_key = || {
        let request = empty("POST", &format!("{import}/undo")).header("idempotency-key", "once");
        server.send(request.body(axum::body::Body::empty()).unwrap())
    };
    let (first, replay) = (with_key().await, with_key().await);
    assert_eq!((first.status.as_u16(), &first.bytes), (202, &replay.bytes));
    assert_eq!(replay.header("idempotent-replay"), Some("true"));
    let undo = first.header("location").unwrap().to_owned();
    server.wait_for_job(&undo).await;
    let refused = send(&format!("{undo}/undo")).await;
    refused.assert_error(409, "conflict");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    server.clock.advance(Duration::from_secs(8 * 86_400));
    send(&format!("{import}/undo")).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_names_the_import_it_comes_from() {
    let server = Server::start().await;
    let import = job(&server, &json!([named("a@x.io", "A"), named("b@x.io", "B")])).await;
    let id = server.get(&import).await.json()["results"][1]["id"].as_str().unwrap().to_owned();
    let job_id = import.rsplit('/').next().unwrap();
    let found = provenance(&server, &id).await;
    let expected = json!({ "job_id": job_id, "row_index": 1, "outcome": "created", "at": found["import"]["at"] });
    assert_eq!(found, json!({ "record_id": id, "import": expected, "edited_since": false }));
    let later = job(&server, &json!([named("b@x.io", "C")])).await;
    let found = provenance(&server, &id).await;
    assert_eq!((&found["import"]["outcome"], &found["import"]["row_index"]), (&json!("updated"), &json!(0)));
    undo(&server, &later).await;
    assert_eq!(provenance(&server, &id).await["import"]["job_id"], job_id);
    server.clock.advance(Duration::from_secs(8 * 86_400));
    assert_eq!(provenance(&server, &id).await["import"], Value::Null, "the job has expired");
    server.get(&team_path(&format!("/contact/{ANY_ID}/provenance"))).await.assert_error(404, "not_found");
}
