//! What callers see of jobs as wholes: counters, lists, cancelling.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use axum::body::Body;
use refract_engine::EngineSettings;
use refract_http::HttpSettings;
use serde_json::{Value, json};
use support::jobs::{ASYNC, assert_adds_up, assert_isolated, job_of, not_running, number, with_key};
use support::{OTHER_KEY, OTHER_TEAM, READ_KEY, Server, contacts, request, team_path};

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
                         "create_missing_options": false, "require_list_stage": false,
                         "unknown_properties": "fail", "on_missing_key": "create", "on_multiple": "fail",
                         "deleted_matches": "ignore", "duplicates": "sequential", "atomic": false});
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
    assert_eq!(listed(&server, "?status=complete&object_type=deal").await.0, std::slice::from_ref(&deal));
    assert_eq!(listed(&server, "?status=failed").await.0, [""; 0]);
    let at = ended["created_at"].as_str().unwrap();
    assert_eq!(listed(&server, &format!("?created_before={at}")).await.0, std::slice::from_ref(&contact));
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
