//! Imports through the API: what is taken in, what is refused with which code, and that a refusal writes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use refract_domain::limits::ImportLimits;
use refract_http::HttpSettings;
use refract_wire::ImportJob;
use serde_json::{Value, json};
use support::{KEY, Server, contacts, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_import_is_answered_at_once() {
    let server = Server::start().await;
    let body = r#"{"objects":[{"default":{"email":"a@x.io"}},{"default":{"email":"A@X.io"}},{"default":{"emial":"b"}},5],
                   "options":{"dedupe_by":"email"}}"#;
    let answer = server.import(body, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    let job: ImportJob = serde_json::from_slice(&answer.bytes).unwrap();
    assert_eq!((job.job_id, job.total, job.processed, job.succeeded, job.failed), (None, 4, 4, 2, 2));
    let results = job.results.unwrap();
    assert!(results[0].created && results[1].existing && !results[1].updated);
    assert_eq!(results[0].id, results[1].id);
    let codes: Vec<_> = results[2..].iter().map(|result| result.error.as_ref().unwrap().code.as_str()).collect();
    assert_eq!(codes, ["unknown_property", "invalid_row"]);
    assert!(answer.json().get("expires_at").is_none());
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_without_rows_is_complete() {
    let server = Server::start().await;
    let answer = server.import(r#"{"objects":[]}"#, &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.json()["results"], &answer.json()["total"]), (&json!([]), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_import_becomes_a_job_that_is_polled_to_its_end() {
    /// Enough for the results to be sent in several pieces.
    const ROWS: usize = 1_500;
    let server = Server::start().await;
    let answer = server.import(contacts(ROWS), &[]).await;
    assert_eq!(answer.status, 202);
    let accepted = answer.json();
    assert_eq!((&accepted["status"], &accepted["total"]), (&json!("processing"), &json!(ROWS)));
    assert!(accepted.get("results").is_none());
    let location = answer.header("location").unwrap();
    assert_eq!(location, team_path(&format!("/imports/{}", accepted["job_id"].as_str().unwrap())));

    let done = server.wait_for_job(location).await;
    assert_eq!((&done["status"], &done["succeeded"], &done["failed"]), (&json!("complete"), &json!(ROWS), &json!(0)));
    assert_eq!(done["expires_at"], accepted["expires_at"]);
    let results = done["results"].as_array().unwrap();
    for (index, result) in results.iter().enumerate() {
        assert_eq!((&result["input_index"], &result["created"]), (&json!(index), &json!(true)));
    }
    assert_eq!(results.len(), ROWS);
    let polled = server.get(location).await;
    assert_eq!(polled.header("cache-control"), Some("no-store"));
    assert_eq!(polled.header("retry-after"), None);
    assert_eq!(polled.bytes, server.get(location).await.bytes);
    assert_eq!(server.count().await, ROWS as u64);

    server.clock.advance(Duration::from_secs(8 * 86_400));
    server.get(location).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_shows_what_it_did_not_come_to() {
    let engine = refract_engine::EngineSettings { run_jobs: false, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let accepted = server.import(contacts(3), &[("prefer", "respond-async")]).await;
    let location = accepted.header("location").unwrap();
    let job_id = refract_domain::ids::JobId::parse(accepted.json()["job_id"].as_str().unwrap()).unwrap();
    let key = server.store.keys(refract_domain::ids::TeamId::parse(support::TEAM).unwrap()).await.unwrap().remove(0);
    let caller = refract_engine::Caller { team_id: key.team_id, key_id: key.id, access: key.access };
    assert!(server.store.cancel(&caller, job_id, refract_domain::clock::Timestamp(1_782_900_001_000)).await.unwrap());

    let job: ImportJob = serde_json::from_slice(&server.get(location).await.bytes).unwrap();
    assert_eq!(job.status, refract_wire::JobStatus::Failed);
    assert_eq!(job.error.unwrap().code, "cancelled");
    assert_eq!((job.total, job.processed, job.succeeded, job.failed), (3, 0, 0, 0));
    let results = job.results.unwrap();
    assert_eq!(results.len(), 3);
    for (index, result) in (0..).zip(&results) {
        assert_eq!((result.input_index, result.id.as_deref()), (index, None));
        assert_eq!(result.error.as_ref().unwrap().code, "not_attempted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_says_when_to_ask_again() {
    let engine = refract_engine::EngineSettings { run_jobs: false, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let accepted = server.import(contacts(1), &[("prefer", "respond-async")]).await;
    let polled = server.get(accepted.header("location").unwrap()).await;
    assert_eq!((polled.status.as_u16(), polled.header("retry-after")), (200, Some("1")));
    assert_eq!(polled.json()["status"], "processing");
    assert!(polled.json().get("results").is_none());
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_mean_what_they_decode_to() {
    let server = Server::start().await;
    let zipped = gzip(contacts(3).as_bytes());
    assert_eq!(server.import(zipped.clone(), &[("content-encoding", "gzip")]).await.json()["succeeded"], 3);
    let squeezed = zstd::encode_all(contacts(4).as_bytes(), 3).unwrap();
    assert_eq!(server.import(squeezed, &[("content-encoding", "zstd")]).await.json()["succeeded"], 4);
    assert_eq!(server.count().await, 7);

    for broken in [&zipped[..zipped.len() - 1], &[&zipped[..], b"tail"].concat(), b"no gzip"] {
        let answer = server.import(broken.to_vec(), &[("content-encoding", "gzip")]).await;
        answer.assert_error(400, "invalid_encoding");
    }
    for unknown in ["br", "compress", "gzip, gzip"] {
        let answer = server.import(zipped.clone(), &[("content-encoding", unknown)]).await;
        answer.assert_error(415, "unsupported_encoding");
        assert_eq!(answer.header("accept-encoding"), Some("gzip, zstd"));
    }
    assert_eq!(server.count().await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_taken() {
    let server = Server::start().await;
    for content_type in [None, Some("text/plain"), Some("application/xml"), Some("application/json; charset=utf-16")] {
        let mut builder = Request::post(team_path("/contact/import")).header("x-api-key", KEY);
        if let Some(content_type) = content_type {
            builder = builder.header("content-type", content_type);
        }
        let answer = server.send(builder.body(Body::from(contacts(1))).unwrap()).await;
        answer.assert_error(415, "unsupported_media_type");
        assert_eq!(answer.header("connection"), Some("close"), "the body was not read");
    }
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_import_are_refused_and_write_nothing() {
    let server = Server::start().await;
    let cut = &contacts(300)[..9_000];
    let list = format!(r#"{{"objects":[],"options":{{"list_id":"{ANY_ID}"}}}}"#);
    let cases: &[(&[u8], u16, &str)] = &[
        (b"", 400, "invalid_json"),
        (b"{}{}", 400, "invalid_json"),
        (b"{\"objects\":[]}{}", 400, "invalid_json"),
        (b"{\"objects\":[NaN]}", 400, "invalid_json"),
        (b"{\"objects\":[01]}", 400, "invalid_json"),
        (b"{\"objects\":[\"\xff\"]}", 400, "invalid_json"),
        (b"\xef\xbb\xbf{\"objects\":[]}", 400, "invalid_json"),
        (cut.as_bytes(), 400, "invalid_json"),
        (b"{}", 400, "invalid_request"),
        (b"[]", 400, "invalid_request"),
        (b"{\"objects\":null}", 400, "invalid_request"),
        (b"{\"objects\":{}}", 400, "invalid_request"),
        (b"{\"objects\":\"rows\"}", 400, "invalid_request"),
        (b"{\"objects\":[],\"rows\":[]}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"objects\":[]}", 400, "duplicate_key"),
        (b"{\"objects\":[{}],\"options\":{\"dedupe_by\":\"email\",\"dedupe_by\":\"title\"}}", 400, "duplicate_key"),
        (b"{\"objects\":[{}],\"options\":[]}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"dedupeBy\":\"email\"}}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"dedupe_by\":\"emial\"}}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"dedupe_by\":\"labels\"}}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"dedupe_by\":[\"email\",\"title\"]}}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"update_existing\":1}}", 400, "invalid_request"),
        (b"{\"objects\":[{}],\"options\":{\"require_list_stage\":true}}", 400, "invalid_request"),
        (list.as_bytes(), 400, "invalid_request"),
    ];
    for (body, status, code) in cases {
        for headers in [&[][..], &[("prefer", "respond-async")]] {
            let answer = server.import(body.to_vec(), headers).await;
            let read = answer.assert_error(*status, code);
            if *code == "invalid_request" {
                let field = read["error"]["errors"][0]["field"].as_str().unwrap();
                assert!(field.starts_with(".body"), "{read}");
            }
        }
    }
    assert_eq!(server.count().await, 0);
    assert_eq!(server.import(contacts(10), &[]).await.json()["succeeded"], 10, "a good import right after");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_is_named_with_what_was_measured() {
    let limits = ImportLimits { rows_max: 150, row_bytes_max: 200, body_bytes_max: 20_000, ..ImportLimits::default() };
    let server = Server::with_limits(limits).await;
    let long_row = format!(r#"{{"objects":[{{"default":{{"title":"{}"}}}}]}}"#, "x".repeat(200));
    let long_body = format!(r#"{{"objects":[{}]}}"#, " ".repeat(20_000));
    let options = format!(r#"{{"options":{{"dedupe_by":"{}"}},"objects":[]}}"#, "x".repeat(65_536));
    for (body, limit) in [(contacts(151), "150"), (long_row, "200"), (long_body.clone(), "20000")] {
        let message = server.import(body, &[]).await.assert_error(413, "payload_too_large")["message"].to_string();
        assert!(message.contains(limit), "{message}");
    }
    let bomb = gzip(long_body.as_bytes());
    server.import(bomb, &[("content-encoding", "gzip")]).await.assert_error(413, "payload_too_large");
    server.import(options, &[]).await.assert_error(413, "payload_too_large");
    server.import("", &[("content-length", "20001")]).await.assert_error(413, "payload_too_large");
    assert_eq!(server.count().await, 0);
    assert_eq!(server.import(contacts(150), &[]).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_writes_nothing() {
    let server = Server::start().await;
    let pieces = vec![
        Ok(Bytes::from(contacts(500).into_bytes()).slice(..15_000)),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ];
    let broken = Body::from_stream(futures_util::stream::iter(pieces));
    server.import(broken, &[]).await.assert_error(400, "bad_request");
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stands_still_is_given_up() {
    let settings = HttpSettings { body_idle_timeout: Duration::from_millis(50), ..HttpSettings::default() };
    let server = Server::with(settings, Default::default()).await;
    let still = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let answer = server.import(Body::from_stream(still), &[]).await;
    answer.assert_error(408, "request_timeout");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_cannot_queue_jobs_without_end() {
    let engine = refract_engine::EngineSettings { run_jobs: false, queued_jobs_per_team_max: 2, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    for _ in 0..2 {
        assert_eq!(server.import(contacts(1), &[("prefer", "respond-async")]).await.status, 202);
    }
    let refused = server.import(contacts(1), &[("prefer", "respond-async")]).await;
    refused.assert_error(429, "rate_limited");
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    assert_eq!(server.import(contacts(1), &[]).await.status, 200, "small imports still go through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_too_fast_is_told_to_wait() {
    let two = std::num::NonZeroU32::new(2).unwrap();
    let limit = refract_http::RateLimit { per_second: two, burst: two };
    let server =
        Server::with(HttpSettings { rate_limit: Some(limit), ..HttpSettings::default() }, Default::default()).await;
    let mut refused = None;
    for _ in 0..50 {
        let answer = server.import(contacts(1), &[("idempotency-key", "once")]).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("fifty at once are too fast");
    refused.assert_error(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let other = Request::get(format!("/v2/prism/{}/contact/count", support::OTHER_TEAM))
        .header("x-api-key", support::OTHER_KEY);
    assert_eq!(server.send(other.body(Body::empty()).unwrap()).await.status, 200, "other keys are not slowed down");
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_and_lists_can_be_looked_up() {
    let server = Server::start().await;
    let all = server.get(&team_path("/properties")).await.json();
    let contact = server.get(&team_path("/contact/properties")).await.json();
    assert_eq!(all.as_object().unwrap().len(), 8);
    assert_eq!(all["contact"], contact["contact"]);
    assert_eq!(contact.as_object().unwrap().len(), 1);

    let made = server.post(&team_path("/lists"), r#"{"template_id":"sales_deals","name":"Mine"}"#).await;
    assert_eq!(made.status, 201);
    let list = made.json();
    assert_eq!((&list["object_type"], &list["team_id"]), (&json!("deal"), &json!(support::TEAM)));
    assert_eq!(server.get(&team_path("/lists")).await.json()["data"], Value::Array(vec![list.clone()]));
    let list_id = list["id"].as_str().unwrap();
    let scoped = server.get(&team_path(&format!("/deal/properties?list_id={list_id}"))).await.json();
    let stage = scoped["deal"].as_object().unwrap().values().next().unwrap();
    assert_eq!((&stage["alias"], &stage["list_id"]), (&json!("app_stage"), &json!(list_id)));

    let body = format!(r#"{{"objects":[{{"default":{{"name":"D"}}}}],"options":{{"crm_id":"{list_id}"}}}}"#);
    assert_eq!(server.post(&team_path("/deal/import"), body.clone()).await.json()["succeeded"], 1);
    server.post(&team_path("/contact/import"), body).await.assert_error(400, "invalid_request");
    let counted = server.get(&team_path(&format!("/deal/count?list_id={list_id}"))).await;
    assert_eq!(counted.json(), json!({"total": 1}));
    for query in [format!("list_id={ANY_ID}"), "list_id=sales".to_owned()] {
        server.get(&team_path(&format!("/deal/count?{query}"))).await.assert_error(400, "invalid_request");
        server.get(&team_path(&format!("/deal/properties?{query}"))).await.assert_error(400, "invalid_request");
    }
    for body in [
        r#"{"template_id":"nope"}"#,
        r#"{"template_id":"custom"}"#,
        r#"{"name":"x"}"#,
        r#"{"template_id":"custom","objecttype":"deal"}"#,
    ] {
        server.post(&team_path("/lists"), body).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_request_has_no_body() {
    let server = Server::start().await;
    let answer = server.send(request("HEAD", &team_path("/contact/count")).body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (200, 0));
}
