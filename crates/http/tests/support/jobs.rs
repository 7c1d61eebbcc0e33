//! What tests of jobs share.

use axum::body::Body;
use http::Request;
use refract_engine::EngineSettings;
use refract_http::HttpSettings;
use serde_json::Value;

use super::{Answer, KEY, OTHER_KEY, OTHER_TEAM, READ_KEY, Server, TEAM};

pub const ASYNC: &[(&str, &str)] = &[("prefer", "respond-async")];

/// A server whose jobs wait for ever.
pub async fn not_running() -> Server {
    Server::with(HttpSettings::default(), EngineSettings { run_jobs: false, ..Default::default() }).await
}

pub async fn job_of(server: &Server, body: impl Into<Body>) -> String {
    let accepted = server.import(body, ASYNC).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    accepted.header("location").unwrap().to_owned()
}

pub async fn with_key(server: &Server, method: &str, path: &str, key: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("x-api-key", key);
    server.send(request.body(Body::empty()).unwrap()).await
}

pub fn number(job: &Value, name: &str) -> u64 {
    job[name].as_u64().unwrap_or_else(|| panic!("no {name}: {job}"))
}

/// Every row of an ended job is accounted for.
#[track_caller]
pub fn assert_adds_up(job: &Value) {
    let names = ["created", "updated", "unchanged", "existing", "skipped", "failed", "not_attempted"];
    let sum: u64 = names.iter().map(|name| number(job, name)).sum();
    assert_eq!(sum, number(job, "total"), "{job}");
}

/// Nobody but the team's own keys gets anywhere below a job, and only those that may write change it.
pub async fn assert_isolated(server: &Server, job: &str, method: &str, rest: &str) {
    let path = format!("{job}{rest}");
    with_key(server, method, &path, OTHER_KEY).await.assert_error(403, "forbidden");
    let elsewhere = path.replace(TEAM, OTHER_TEAM);
    let hidden = with_key(server, method, &elsewhere, OTHER_KEY).await;
    hidden.assert_error(404, "not_found");
    let nowhere = format!("/v2/prism/{OTHER_TEAM}/imports/6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7{rest}");
    let unknown = with_key(server, method, &nowhere, OTHER_KEY).await;
    assert_eq!(hidden.without_request_id(), unknown.without_request_id(), "{method} {rest}");
    if method == "POST" {
        with_key(server, method, &path, READ_KEY).await.assert_error(403, "forbidden");
    }
}

pub async fn with_accept(server: &Server, path: &str, accept: &str) -> Answer {
    let request = Request::get(path).header("x-api-key", KEY).header("accept", accept);
    server.send(request.body(Body::empty()).unwrap()).await
}

pub const MESSY: &str = r#"{"objects":[{"default":{"email":"a@x.io"}},{"default":{"emial":"=b"}},{"default":{"email":"a@x.io"}},
    {"default":{"email":["c","d"],"title":7,"emial":""}},5,{"default":{"email":"b@x.io"}}],"options":{"dedupe_by":"email"}}"#;
