//! Idempotency keys through the API: replays, conflicts, and what does not use a key up.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use support::{Answer, READ_KEY, Server, contacts, request, team_path};

const KEYED: &[(&str, &str)] = &[("idempotency-key", "k-1")];

#[track_caller]
fn assert_replay(first: &Answer, second: &Answer) {
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay"), Some("true"));
    assert_eq!((first.status, &first.bytes), (second.status, &second.bytes));
    for name in ["location", "etag", "content-type"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

#[track_caller]
fn assert_final_conflict(answer: &Answer, code: &str) {
    answer.assert_error(409, code);
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inline_import_is_replayed() {
    let server = Server::start().await;
    let first = server.import(contacts(3), KEYED).await;
    let second = server.import(contacts(3), KEYED).await;
    assert_eq!(first.status, 200);
    assert_replay(&first, &second);
    assert_eq!(server.count().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_replayed_as_it_was_accepted() {
    let server = Server::start().await;
    let first = server.import(contacts(200), KEYED).await;
    assert_eq!(first.status, 202);
    server.wait_for_job(first.header("location").unwrap()).await;
    let second = server.import(contacts(200), KEYED).await;
    assert_replay(&first, &second);
    assert_eq!(server.count().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_counts_as_decoded() {
    let server = Server::start().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(contacts(2).as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let first = server.import(zipped, &[("idempotency-key", "k-1"), ("content-encoding", "gzip")]).await;
    assert_replay(&first, &server.import(contacts(2), KEYED).await);
    let spaced = contacts(2).replace(':', ": ");
    assert_final_conflict(&server.import(spaced, KEYED).await, "idempotency_key_mismatch");
    assert_eq!(server.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_path_or_method_is_a_mismatch() {
    let server = Server::start().await;
    let keyed = |method: &str, path: String, body: &'static str| {
        request(method, &path).header("idempotency-key", "k-1").body(Body::from(body)).unwrap()
    };
    let body = r#"{"default":{"name":"same"}}"#;
    let first = server.send(keyed("POST", team_path("/deal"), body)).await;
    assert_eq!(first.status, 201);
    let other_type = server.send(keyed("POST", team_path("/action"), body)).await;
    assert_final_conflict(&other_type, "idempotency_key_mismatch");
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let other_method = server.send(keyed("PATCH", team_path(&format!("/deal/{id}")), body)).await;
    assert_final_conflict(&other_method, "idempotency_key_mismatch");
    let import = server.send(keyed("POST", team_path("/deal/import"), r#"{"objects":[]}"#)).await;
    assert_final_conflict(&import, "idempotency_key_mismatch");
    assert_replay(&first, &server.send(keyed("POST", team_path("/deal"), body)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn single_writes_are_replayed_and_not_repeated() {
    let server = Server::start().await;
    let created = server.post(&team_path("/contact"), r#"{"default":{"city":"Oslo"}}"#).await;
    let path = team_path(&format!("/contact/{}", created.json()["id"].as_str().unwrap()));
    let patch = async |body: &'static str, key: Option<&str>| {
        let mut builder = request("PATCH", &path);
        if let Some(key) = key {
            builder = builder.header("idempotency-key", key);
        }
        server.send(builder.body(Body::from(body)).unwrap()).await
    };
    let first = patch(r#"{"default":{"city":"London"}}"#, Some("k-1")).await;
    assert_eq!(patch(r#"{"default":{"city":"Turin"}}"#, None).await.status, 200);
    let second = patch(r#"{"default":{"city":"London"}}"#, Some("k-1")).await;
    assert_replay(&first, &second);
    assert_eq!(server.get(&path).await.json()["default"]["city"], "Turin");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_whole_body_are_replayed_too() {
    let server = Server::start().await;
    let cases = [
        ("/contact/import", "{"),
        ("/contact/import", r#"{"objects":[{}],"options":{"dedupeBy":"email"}}"#),
        ("/contact/import", r#"{"objects":[{}],"options":{"dedupe_by":"emial"}}"#),
        ("/contact", r#"{"default":{"emial":1}}"#),
        ("/contact", "{"),
        ("/contact", r#"{"id":"6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"}"#),
        ("/lists", r#"{"template_id":"nope"}"#),
    ];
    for (number, (path, body)) in cases.into_iter().enumerate() {
        let key = format!("refused-{number}");
        let send = async |body: &'static str| {
            let builder = request("POST", &team_path(path)).header("idempotency-key", &key);
            server.send(builder.body(Body::from(body)).unwrap()).await
        };
        let first = send(body).await;
        assert_eq!(first.status, 400, "{path} {body}");
        assert_replay(&first, &send(body).await);
        assert_final_conflict(&send(r#"{"objects":[]} "#).await, "idempotency_key_mismatch");
    }
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_holds_its_key() {
    let server = Server::start().await;
    // A channel of one: the second piece can be sent once the first was taken, which is after the key was held.
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    let pieces = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = Body::from_stream(futures_util::StreamExt::map(pieces, Ok::<_, std::io::Error>));
    let import = request("POST", &team_path("/contact/import")).header("idempotency-key", "k-1").body(body).unwrap();
    let first = tokio::spawn(tower::ServiceExt::oneshot(server.router.clone(), import));
    for piece in ["{\"objects\"", ":[", "{}"] {
        sender.send(Bytes::from(piece)).await.unwrap();
    }
    let second = server.import(r#"{"objects":[{}]}"#, KEYED).await;
    second.assert_error(409, "idempotency_key_in_progress");
    assert_eq!((second.header("retry-after"), second.header("x-should-retry")), (Some("1"), None));

    sender.send(Bytes::from("]}")).await.unwrap();
    drop(sender);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    let third = server.import(r#"{"objects":[{}]}"#, KEYED).await;
    assert_eq!((third.status.as_u16(), third.header("idempotent-replay")), (200, Some("true")));
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_gives_its_key_back() {
    let server = Server::start().await;
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    let pieces = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = Body::from_stream(futures_util::StreamExt::map(pieces, Ok::<_, std::io::Error>));
    let import = request("POST", &team_path("/contact/import")).header("idempotency-key", "k-1").body(body).unwrap();
    let first = tokio::spawn(tower::ServiceExt::oneshot(server.router.clone(), import));
    for piece in ["{\"objects\"", ":[{}"] {
        sender.send(Bytes::from(piece)).await.unwrap();
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = server.import(contacts(1), KEYED).await;
    assert_eq!((second.status.as_u16(), second.header("idempotent-replay")), (200, None));
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_are_stale() {
    let server = Server::start().await;
    assert_eq!(server.import(contacts(1), KEYED).await.status, 200);
    server.clock.advance(Duration::from_secs(24 * 3600 + 1));
    assert_final_conflict(&server.import(contacts(1), KEYED).await, "idempotency_key_stale");
    server.clock.advance(Duration::from_secs(28 * 86_400));
    assert_final_conflict(&server.import(contacts(1), KEYED).await, "idempotency_key_stale");
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_are_refused_and_write_nothing() {
    let server = Server::start().await;
    let long = "k".repeat(256);
    for keys in [&[""][..], &[&long], &["a\tb"], &["a", "a"], &["\u{e9}"]] {
        let mut builder = request("POST", &team_path("/contact/import"));
        for key in keys {
            builder = builder.header("idempotency-key", http::HeaderValue::from_bytes(key.as_bytes()).unwrap());
        }
        let answer = server.send(builder.body(Body::from(contacts(1))).unwrap()).await;
        let read = answer.assert_error(400, "invalid_request");
        assert_eq!(read["error"]["errors"][0]["field"], ".header.Idempotency-Key");
    }
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_the_body_uses_no_key_up() {
    let server = Server::start().await;
    let refused = |key: &str, content_type: &str| {
        Request::post(team_path("/contact/import"))
            .header("x-api-key", key)
            .header("content-type", content_type)
            .header("idempotency-key", "k-1")
            .body(Body::from(contacts(1)))
            .unwrap()
    };
    for (key, content_type, status) in [
        ("", "application/json", 401),
        ("rk_nobody", "application/json", 403),
        (READ_KEY, "application/json", 403),
        (support::KEY, "text/plain", 415),
    ] {
        assert_eq!(server.send(refused(key, content_type)).await.status, status);
    }
    let first = server.import(contacts(1), KEYED).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replay")), (200, None));
}
