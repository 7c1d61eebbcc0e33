//! What callers see of jobs, and what they can do with them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use axum::body::Body;
use http::Request;
use refract_engine::EngineSettings;
use refract_http::HttpSettings;
use serde_json::{Value, json};
use support::{Answer, OTHER_KEY, OTHER_TEAM, READ_KEY, Server, TEAM, contacts, request, team_path};

const ASYNC: &[(&str, &str)] = &[("prefer", "respond-async")];

/// A server whose jobs wait for ever.
async fn not_running() -> Server {
    Server::with(HttpSettings::default(), EngineSettings { run_jobs: false, ..Default::default() }).await
}

async fn job_of(server: &Server, body: impl Into<Body>) -> String {
    let accepted = server.import(body, ASYNC).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    accepted.header("location").unwrap().to_owned()
}

async fn with_key(server: &Server, method: &str, path: &str, key: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("x-api-key", key);
    server.send(request.body(Body::empty()).unwrap()).await
}

fn number(job: &Value, name: &str) -> u64 {
    job[name].as_u64().unwrap_or_else(|| panic!("no {name}: {job}"))
}

/// Every row of an ended job is accounted for.
#[track_caller]
fn assert_adds_up(job: &Value) {
    let names = ["created", "updated", "unchanged", "existing", "failed", "not_attempted"];
    let sum: u64 = names.iter().map(|name| number(job, name)).sum();
    assert_eq!(sum, number(job, "total"), "{job}");
}

/// Nobody but the team's own keys gets anywhere below a job, and only those that may write change it.
async fn assert_isolated(server: &Server, job: &str, method: &str, rest: &str) {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_is_cancelled() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let cancelled = server.post(&format!("{job}/cancel"), "").await;
    assert_eq!(cancelled.status, 200);
    let cancelled = cancelled.json();
    assert_eq!((&cancelled["status"], &cancelled["error"]["code"]), (&json!("failed"), &json!("cancelled")));
    assert_eq!((number(&cancelled, "not_attempted"), number(&cancelled, "total")), (3, 3));
    assert_adds_up(&cancelled);
    assert!(cancelled.get("results").is_none() && cancelled["ended_at"].is_string());
    let again = server.post(&format!("{job}/cancel"), "").await;
    assert_eq!((again.status.as_u16(), again.json()), (200, cancelled.clone()), "an answer may have been lost");
    let polled = server.get(&job).await.json();
    assert_eq!(polled["results"].as_array().unwrap().len(), 3);
    assert_eq!(polled["not_attempted"], cancelled["not_attempted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_has_ended_is_not_cancelled() {
    let server = Server::start().await;
    let job = job_of(&server, contacts(3)).await;
    let done = server.wait_for_job(&job).await;
    let refused = server.post(&format!("{job}/cancel"), "").await;
    refused.assert_error(409, "conflict");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert_eq!(server.get(&job).await.json(), done);
    server.clock.advance(Duration::from_secs(8 * 86_400));
    server.post(&format!("{job}/cancel"), "").await.assert_error(404, "not_found");
    server.post(&team_path("/imports/no-id/cancel"), "").await.assert_error(404, "not_found");
    assert_isolated(&server, &job, "POST", "/cancel").await;
}

/// Cancelled at whatever point: what was written is what is counted, nothing comes after, and polls say so at once.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_once_a_job_is_cancelled() {
    let engine = EngineSettings { chunk_rows_max: 40, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let mut written = 0;
    for round in 0..12_u64 {
        let rows: Vec<_> =
            (0..2_000).map(|row| format!(r#"{{"default":{{"email":"r{round}x{row}@example.org"}}}}"#)).collect();
        let job = job_of(&server, format!(r#"{{"objects":[{}]}}"#, rows.join(","))).await;
        tokio::time::sleep(Duration::from_millis(round * 7 % 50)).await;
        let answer = server.post(&format!("{job}/cancel"), "").await;
        let ended = if answer.status == 200 { answer.json() } else { server.get(&job).await.json() };
        assert_ne!(ended["status"], "processing");
        assert_adds_up(&ended);
        written += number(&ended, "created");
        let polled = server.get(&job).await.json();
        assert_eq!((&polled["created"], &polled["status"]), (&ended["created"], &ended["status"]), "no older picture");
        assert_eq!(server.count().await, written, "round {round}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(server.count().await, written, "round {round}, later");
        let results = polled["results"].as_array().unwrap();
        let reached = results.iter().take_while(|result| result["error"]["code"] != "not_attempted").count() as u64;
        assert_eq!(reached, number(&polled, "processed"));
        assert!(results[reached as usize..].iter().all(|result| result["error"]["code"] == "not_attempted"));
    }
    assert!(written > 0, "some were cancelled in the middle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_tells_what_it_does_and_what_became_of_its_rows() {
    let server = Server::start().await;
    let body = r#"{"objects":[{"default":{"email":"a@x.io","full_name":"A"}},{"default":{"email":"a@x.io"}},
        {"default":{"email":"a@x.io","full_name":"B"}},5],"options":{"dedupe_by":"email","update_existing":true}}"#;
    let accepted = server.import(body, ASYNC).await.json();
    assert_eq!((&accepted["object_type"], &accepted["kind"]), (&json!("contact"), &json!("import")));
    assert!(accepted.get("retry_of").is_none());
    let job = team_path(&format!("/imports/{}", accepted["job_id"].as_str().unwrap()));
    let done = server.wait_for_job(&job).await;
    assert_adds_up(&done);
    let counts = |job: &Value| ["created", "updated", "unchanged", "existing", "failed"].map(|name| number(job, name));
    assert_eq!(counts(&done), [1, 1, 1, 0, 1]);
    let options = json!({"dedupe_by": "email", "caseInsensitive": true, "update_existing": true,
                         "create_missing_options": false, "require_list_stage": false});
    assert_eq!((&done["options"], &accepted["options"]), (&options, &options));
    assert!(done.get("rows_per_second").is_none() && done.get("estimated_end_at").is_none());

    let skipping = r#"{"objects":[{"default":{"email":"a@x.io"}}],"options":{"dedupe_by":"email"}}"#;
    let at_once = server.import(skipping, &[]).await.json();
    assert_eq!(counts(&at_once), [0, 0, 0, 1, 0]);
    assert_eq!((&at_once["object_type"], &at_once["job_id"]), (&json!("contact"), &Value::Null));
    assert_adds_up(&at_once);
}

async fn listed(server: &Server, query: &str) -> (Vec<String>, Option<String>) {
    let answer = server.get(&team_path(&format!("/imports{query}"))).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    let page = answer.json();
    let cursor = page["next_cursor"].as_str().map(str::to_owned);
    assert_eq!(page["has_more"], cursor.is_some());
    let ids = page["data"].as_array().unwrap().iter().map(|job| {
        assert!(job.get("results").is_none());
        team_path(&format!("/imports/{}", job["job_id"].as_str().unwrap()))
    });
    (ids.collect(), cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_newest_first_and_page_by_page() {
    let server = not_running().await;
    let mut jobs = Vec::new();
    for _ in 0..7 {
        jobs.push(job_of(&server, contacts(1)).await);
    }
    jobs.reverse();
    assert_eq!(listed(&server, "").await, (jobs.clone(), None));
    let (mut read, mut cursor) = (Vec::new(), None);
    loop {
        let query = cursor.map_or("?limit=3".to_owned(), |cursor| format!("?limit=3&cursor={cursor}"));
        let (page, next) = listed(&server, &query).await;
        read.extend(page);
        // Jobs that come meanwhile are newer.
        job_of(&server, contacts(1)).await;
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(read, jobs);

    let (_, cursor) = listed(&server, "?limit=1&status=processing").await;
    let cursor = cursor.unwrap();
    for foreign in [format!("?cursor={cursor}"), format!("?status=failed&cursor={cursor}"), "?cursor=x".to_owned()] {
        let refused = server.get(&team_path(&format!("/imports{foreign}"))).await;
        let body = refused.assert_error(400, "invalid_request");
        assert_eq!(body["error"]["errors"][0]["field"], ".query.cursor");
    }
    let elsewhere = format!("/v2/prism/{OTHER_TEAM}/imports?limit=1&status=processing&cursor={cursor}");
    with_key(&server, "GET", &elsewhere, OTHER_KEY).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_by_status_type_and_time() {
    let server = Server::start().await;
    let contact = job_of(&server, contacts(2)).await;
    server.wait_for_job(&contact).await;
    let deal = server
        .send(
            request("POST", &team_path("/deal/import"))
                .header("prefer", "respond-async")
                .body(Body::from(r#"{"objects":[{"default":{"name":"D"}}]}"#))
                .unwrap(),
        )
        .await;
    let deal = deal.header("location").unwrap().to_owned();
    let ended = server.wait_for_job(&deal).await;
    assert_eq!(listed(&server, "?status=complete&object_type=deal").await.0, [deal.clone()]);
    assert_eq!(listed(&server, "?status=failed").await.0, [""; 0]);
    let at = ended["created_at"].as_str().unwrap();
    assert_eq!(listed(&server, &format!("?created_before={at}")).await.0, [contact.clone()]);
    assert_eq!(listed(&server, &format!("?created_after={at}")).await.0, [""; 0]);
    for (wrong, field) in [("status=done", "status"), ("object_type=x", "object_type"), ("limit=0", "limit")] {
        let body = server.get(&team_path(&format!("/imports?{wrong}"))).await.assert_error(400, "invalid_request");
        assert_eq!(body["error"]["errors"][0]["field"], format!(".query.{field}"));
    }
    server.get(&team_path("/imports?created_after=yesterday")).await.assert_error(400, "invalid_request");
    let others = with_key(&server, "GET", &format!("/v2/prism/{OTHER_TEAM}/imports"), OTHER_KEY).await;
    assert_eq!(others.json()["data"], json!([]));
    with_key(&server, "GET", &team_path("/imports"), OTHER_KEY).await.assert_error(403, "forbidden");
    assert_eq!(with_key(&server, "GET", &team_path("/imports"), READ_KEY).await.status, 200);
    server.clock.advance(Duration::from_secs(8 * 86_400));
    assert_eq!(listed(&server, "").await.0, [""; 0], "expired jobs are not shown, purged or not");
}

const MESSY: &str = r#"{"objects":[{"default":{"email":"a@x.io"}},{"default":{"emial":"=b"}},{"default":{"email":"a@x.io"}},
    {"default":{"email":["c","d"],"title":7,"emial":""}},5,{"default":{"email":"b@x.io"}}],"options":{"dedupe_by":"email"}}"#;

async fn with_accept(server: &Server, path: &str, accept: &str) -> Answer {
    let request = Request::get(path).header("x-api-key", support::KEY).header("accept", accept);
    server.send(request.body(Body::empty()).unwrap()).await
}

/// All pages of a job's results.
async fn all_results(server: &Server, job: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{job}/results?limit={limit}{query}{cursor}")).await.json();
        let data = page["data"].as_array().unwrap_or_else(|| panic!("{page}"));
        assert!(data.len() <= limit);
        read.extend(data.iter().cloned());
        assert_eq!(page["has_more"].as_bool(), Some(page["next_cursor"].is_string()), "{page}");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return read,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_paged_in_order_by_outcome() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    let done = server.wait_for_job(&job).await;
    let all = all_results(&server, &job, "", 2).await;
    let words: Vec<_> = all.iter().map(|result| result["outcome"].as_str().unwrap()).collect();
    assert_eq!(words, ["created", "failed", "existing", "failed", "failed", "created"]);
    let without_words: Vec<_> = all
        .iter()
        .map(|result| {
            let mut result = result.clone();
            result.as_object_mut().unwrap().remove("outcome");
            result
        })
        .collect();
    assert_eq!(done["results"], Value::Array(without_words), "the same as in the job");
    for word in ["created", "updated", "existing", "unchanged", "failed", "not_attempted"] {
        let of_word = all_results(&server, &job, &format!("&outcome={word}"), 1).await;
        let expected: Vec<_> = all.iter().filter(|result| result["outcome"] == word).cloned().collect();
        assert_eq!(of_word, expected, "{word}");
        assert_eq!(of_word.len() as u64, number(&done, word), "{word}");
    }
    let cursor = server.get(&format!("{job}/results?limit=1&outcome=failed")).await.json()["next_cursor"].clone();
    let foreign = format!("{job}/results?outcome=created&cursor={}", cursor.as_str().unwrap());
    server.get(&foreign).await.assert_error(400, "invalid_request");
    server.get(&format!("{job}/results?outcome=good")).await.assert_error(400, "invalid_request");
    server.get(&format!("{job}/results?limit=0")).await.assert_error(400, "invalid_request");
    assert_isolated(&server, &job, "GET", "/results").await;
    assert_eq!(with_key(&server, "GET", &format!("{job}/results"), READ_KEY).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_name_value_and_suggestion() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    server.wait_for_job(&job).await;
    let failed = all_results(&server, &job, "&outcome=failed", 10).await;
    let first = &failed[0]["error"]["errors"][0];
    assert_eq!((&first["field"], &first["code"]), (&json!("default.emial"), &json!("unknown_property")));
    assert_eq!((&first["value"], &first["suggestion"]), (&json!("=b"), &json!("default.email")));
    let second = failed[1]["error"]["errors"].as_array().unwrap();
    assert!(second.len() >= 2, "all faults: {second:?}");
    assert_eq!(second[0]["value"], r#"["c","d"]"#);
    assert!(second[0]["suggestion"].as_str().is_some_and(|advice| !advice.is_empty()));
    let row = &failed[2]["error"]["errors"][0];
    assert_eq!((&row["field"], &row["value"]), (&json!(""), &json!("5")));
    let refused = server.post(&team_path("/contact"), r#"{"default":{"emial":"x"}}"#).await;
    let body = refused.assert_error(400, "invalid_request");
    assert_eq!(body["error"]["errors"][0]["suggestion"], "default.email");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_as_lines_and_as_csv() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    server.wait_for_job(&job).await;
    let path = format!("{job}/results");
    let lines = with_accept(&server, &path, "application/x-ndjson").await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let text = String::from_utf8(lines.bytes.to_vec()).unwrap();
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, all_results(&server, &job, "", 50).await);

    let csv = with_accept(&server, &format!("{path}?outcome=failed"), "text/csv").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("input_index,outcome,id,code,field,value,message,suggestion,more_errors"));
    assert!(lines.next().unwrap().starts_with("1,failed,,unknown_property,default.emial,'=b,"), "{text}");
    assert_eq!(lines.count(), 3, "two more rows, and nothing after the last: {text}");

    with_accept(&server, &path, "text/html").await.assert_error(406, "not_acceptable");
    assert_eq!(
        with_accept(&server, &path, "text/html, */*;q=0.1").await.header("content-type"),
        Some("application/json")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_job_that_has_not_ended_have_more() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let page = server.get(&format!("{job}/results")).await.json();
    assert_eq!((&page["data"], &page["has_more"]), (&json!([]), &json!(true)));
    let lines = with_accept(&server, &format!("{job}/results"), "application/x-ndjson").await;
    assert!(lines.bytes.is_empty());
    server.post(&format!("{job}/cancel"), "").await;
    let next = format!("{job}/results?cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = server.get(&next).await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (3, &json!(false)));
    assert!(rest["data"].as_array().unwrap().iter().all(|result| result["outcome"] == "not_attempted"));
}
