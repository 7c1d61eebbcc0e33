//! What happens on the socket: broken framing, slow and absent clients, answers before the body is read, and the end of
//! the server. Waits are long because machines are slow; nothing is judged by how long it took.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use refract_http::HttpSettings;
use support::raw::{PATIENCE, Raw, head_of, header, import_head, status};
use support::{Server, contacts, team_path};
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};

/// Settings under which every wait ends soon.
fn quick() -> HttpSettings {
    HttpSettings {
        header_read_timeout: Duration::from_millis(400),
        body_idle_timeout: Duration::from_millis(400),
        write_timeout: Duration::from_millis(400),
        linger_for: Duration::from_millis(400),
        ..HttpSettings::default()
    }
}

async fn quick_server() -> (Server, SocketAddr, tokio::sync::watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let server = Server::with(quick(), Default::default()).await;
    let (address, stop, task) = server.listen().await;
    (server, address, stop, task)
}

/// Sends bytes on a connection of their own and reads until the server closes.
async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut raw = Raw::connect(address).await;
    raw.send(bytes).await;
    raw.read_to_end().await
}

/// As [`exchange`], with more sent again and again until the server answers or closes.
async fn exchange_while_sending(address: SocketAddr, first: &str, again: &str) -> String {
    let (mut read, mut write) = Raw::connect(address).await.stream.into_split();
    tokio::io::AsyncWriteExt::write_all(&mut write, first.as_bytes()).await.unwrap();
    let sending = async {
        while tokio::io::AsyncWriteExt::write_all(&mut write, again.as_bytes()).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut bytes = Vec::new();
    tokio::select! {
        () = sending => {}
        // A reset is an end too.
        read = timeout(PATIENCE, read.read_to_end(&mut bytes)) => drop(read.expect("the server answers or closes")),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A good import right after: the server is well, and nothing but its rows is there.
async fn assert_well(server: &Server, address: SocketAddr) {
    assert_eq!(server.count().await, 0, "nothing was written");
    let body = contacts(2);
    let mut raw = Raw::connect(address).await;
    raw.send(import_head(&format!("content-length: {}\r\n", body.len())) + &body).await;
    let (code, _, answer) = raw.read_answer().await;
    assert_eq!(code, 200, "{answer}");
    assert_eq!(server.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_framing_is_refused_and_the_connection_closed() {
    let (server, address, _stop, _task) = quick_server().await;
    let body = r#"{"objects":[{}]}"#;
    let length = body.len();
    let cases = [
        format!("content-length: {length}\r\ncontent-length: 3\r\n"),
        "content-length: +16\r\n".to_owned(),
        "content-length: 16,16\r\n".to_owned(),
        "content-length: 0x10\r\n".to_owned(),
        "content-length:  1 6\r\n".to_owned(),
        "content-length: 99999999999999999999\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "transfer-encoding: identity, chunked\r\n".to_owned(),
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n".to_owned(),
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n".to_owned(),
        "bad header\r\n".to_owned(),
        "x: a\u{0}b\r\n".to_owned(),
    ];
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    for lines in cases {
        let sent = if lines.contains("transfer") { &chunked } else { body };
        let answer = exchange(address, import_head(&lines) + sent).await;
        assert!(matches!(status(&answer), 0 | 400 | 501), "{lines}: {answer}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{lines}: {answer}");
    }
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        assert!(matches!(status(&exchange(address, garbage).await), 0 | 400), "{garbage:?}");
    }
    assert_well(&server, address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_chunks_are_refused() {
    let (server, address, _stop, _task) = quick_server().await;
    let head = import_head("transfer-encoding: chunked\r\n");
    for size in ["fffffffffffffffff", "10000000000000000", "-1", "zz", ""] {
        let answer = exchange(address, format!("{head}{size}\r\n{{\"objects\":[]}}\r\n0\r\n\r\n")).await;
        assert!(matches!(status(&answer), 0 | 400), "{size}: {answer}");
    }
    assert_well(&server, address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_cut_off_leave_nothing_behind() {
    let (server, address, _stop, _task) = quick_server().await;
    let body = contacts(400);
    let cut = &body[..body.len() / 2];
    let heads = [
        (import_head("idempotency-key: k-1\r\ntransfer-encoding: chunked\r\n"), format!("{:x}\r\n", body.len())),
        (import_head(&format!("idempotency-key: k-1\r\ncontent-length: {}\r\n", body.len())), String::new()),
    ];
    for (head, before_body) in heads {
        let mut raw = Raw::connect(address).await;
        raw.send(format!("{head}{before_body}{cut}")).await;
        tokio::io::AsyncWriteExt::shutdown(&mut raw.stream).await.unwrap();
        assert!(matches!(status(&raw.read_to_end().await), 0 | 400));
    }
    assert_eq!(server.count().await, 0);
    // The key was not used up, once the server has noticed.
    let again = loop {
        let answer = server.import(contacts(1), &[("idempotency-key", "k-1")]).await;
        if answer.status != 409 {
            break answer;
        }
        sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((again.status.as_u16(), again.header("idempotent-replay")), (200, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_over_the_limits_are_answered_with_words() {
    let (server, address, _stop, _task) = quick_server().await;
    let many: String = (0..98).map(|number| format!("x-{number}: y\r\n")).collect();
    let large = format!("x-large: {}\r\n", "y".repeat(17 << 10));
    let long_path = team_path(&format!("/contact/count?x={}", "y".repeat(9 << 10)));
    let cases = [
        (import_head(&many), 431, "headers_too_large"),
        (import_head(&large), 431, "headers_too_large"),
        (head_of("GET", &long_path, ""), 414, "uri_too_long"),
    ];
    for (request, expected, code) in cases {
        let answer = exchange(address, request).await;
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains(code) && answer.contains("\"request_id\""), "{answer}");
    }
    let beyond: String =
        (0..2_000).map(|number| format!("x-{number}: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")).collect();
    assert!(matches!(status(&exchange(address, import_head(&beyond)).await), 0 | 431));
    assert_well(&server, address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_slow_bodies_are_given_up() {
    let (server, address, _stop, _task) = quick_server().await;
    let silent = exchange(address, "");
    let slow_head = exchange_while_sending(address, "G", "G");
    let head = import_head("content-length: 10000000\r\n");
    let trickle = exchange_while_sending(address, &head, " ");
    let (silent, slow_head, trickle) = tokio::join!(silent, slow_head, trickle);
    assert_eq!((status(&silent), status(&slow_head)), (0, 0), "{silent} {slow_head}");
    assert_eq!(status(&trickle), 408, "{trickle}");
    assert!(trickle.contains("request_timeout"));
    assert_well(&server, address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_is_given_up() {
    let (server, address, _stop, _task) = quick_server().await;
    let record = format!(r#"{{"default":{{"description":"{}"}}}}"#, "x".repeat(1_000_000));
    let made = server.post(&team_path("/contact"), record).await.json();
    let path = team_path(&format!("/contact/{}", made["id"].as_str().unwrap()));
    const ASKED: usize = 60;
    let mut raw = Raw::connect(address).await;
    raw.send(head_of("GET", &path, "").repeat(ASKED)).await;
    sleep(Duration::from_millis(1_500)).await;
    let mut bytes = Vec::new();
    // Either the end or a reset: the server is gone before all was sent.
    let _ = timeout(PATIENCE, raw.stream.read_to_end(&mut bytes)).await.expect("the server closes");
    assert!(bytes.len() < ASKED * 1_000_000, "all {} bytes were sent to a client that did not read", bytes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_reach_clients_that_are_still_sending() {
    let (server, address, _stop, _task) = quick_server().await;
    let long = vec![b' '; 8 << 20];
    let cases = [
        (import_head(&format!("content-length: {}\r\n", long.len())).replace(support::KEY, "rk_nobody"), 403),
        (import_head(&format!("content-length: {}\r\n", long.len())).replace("application/json", "text/plain"), 415),
        (import_head("content-length: 3000000000\r\n"), 413),
    ];
    for (head, expected) in cases {
        let mut raw = Raw::connect(address).await;
        raw.send(&head).await;
        tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &long).await.expect("what is sent is swallowed");
        let answer = raw.read_to_end().await;
        assert_eq!(status(&answer), expected, "{answer}");
        assert_eq!(header(&answer, "connection"), Some("close"));
    }
    assert_well(&server, address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_an_unread_body_is_not_taken_for_a_request() {
    let (_server, address, _stop, _task) = quick_server().await;
    let smuggled = head_of("GET", "/healthz", "");
    let head = import_head(&format!("content-length: {}\r\n", 200_000 + smuggled.len()))
        .replace("application/json", "text/plain");
    let answer = exchange(address, head + &" ".repeat(200_000) + &smuggled).await;
    assert_eq!(status(&answer), 415);
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let (server, address, _stop, _task) = quick_server().await;
    let refused = exchange(address, import_head("expect: 100-continue\r\ncontent-length: 3000000000\r\n")).await;
    assert_eq!(status(&refused), 413, "{refused}");

    let body = contacts(1);
    let mut raw = Raw::connect(address).await;
    raw.send(import_head(&format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len()))).await;
    assert_eq!(raw.read_answer().await.0, 100);
    raw.send(&body).await;
    assert_eq!(raw.read_answer().await.0, 200);
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_waits_longer_between_requests_than_for_a_head() {
    let settings = HttpSettings { keep_alive_idle: Duration::from_millis(2_500), ..quick() };
    let server = Server::with(settings, Default::default()).await;
    let (address, _stop, _task) = server.listen().await;
    let mut raw = Raw::connect(address).await;
    for _ in 0..2 {
        raw.send(head_of("GET", &team_path("/contact/count"), "")).await;
        assert_eq!(raw.read_answer().await.0, 200);
        sleep(Duration::from_millis(900)).await;
    }
    assert_eq!(raw.read_to_end().await, "", "closed without a word when nothing comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_connections_are_taken_one_that_waits_makes_room() {
    let settings = HttpSettings { connections_max: 2, ..HttpSettings::default() };
    let server = Server::with(settings, Default::default()).await;
    let (address, _stop, _task) = server.listen().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut raw = Raw::connect(address).await;
        raw.send(head_of("GET", "/healthz", "")).await;
        assert_eq!(raw.read_answer().await.0, 200);
        open.push(raw);
    }
    // Which of two that wait makes room is chance: whoever began to wait first, and they begin on threads of their own.
    let mut closed = 0;
    for raw in &mut open {
        let read = timeout(Duration::from_millis(500), raw.stream.read(&mut [0])).await;
        closed += usize::from(matches!(read, Ok(Ok(0))));
    }
    // One more may go: a hint that came too late for the one it was meant for waits for the next.
    assert!(matches!(closed, 3 | 4), "{closed} of five were closed; all were answered, and two can be open");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_closes_idle_connections_and_finishes_requests() {
    let (server, address, stop, task) = quick_server().await;
    let mut idle = Raw::connect(address).await;
    idle.send(head_of("GET", "/healthz", "")).await;
    assert_eq!(idle.read_answer().await.0, 200);
    let body = contacts(3);
    let mut uploading = Raw::connect(address).await;
    uploading.send(import_head(&format!("content-length: {}\r\n", body.len())) + &body[..10]).await;
    sleep(Duration::from_millis(200)).await;

    stop.send(true).unwrap();
    assert_eq!(idle.read_to_end().await, "");
    uploading.send(&body[10..]).await;
    let answer = uploading.read_to_end().await;
    assert_eq!(status(&answer), 200, "{answer}");
    timeout(PATIENCE, task).await.expect("serving ends").unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(server.count().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_end_are_cut() {
    let settings = HttpSettings { drain_for: Duration::from_millis(300), ..HttpSettings::default() };
    let server = Server::with(settings, Default::default()).await;
    let (address, stop, task) = server.listen().await;
    let mut endless = Raw::connect(address).await;
    endless.send(import_head("content-length: 1000000\r\n") + "{\"objects\":[{},{").await;
    let mut half_a_head = Raw::connect(address).await;
    half_a_head.send("GET /heal").await;
    sleep(Duration::from_millis(200)).await;
    stop.send(true).unwrap();
    timeout(PATIENCE, task).await.expect("serving ends").unwrap();
    assert_eq!(status(&endless.read_to_end().await), 0);
    assert_eq!(half_a_head.read_to_end().await, "");
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_many_wrong_keys_is_told_to_wait_and_its_right_ones_work() {
    let settings = HttpSettings { refused_keys_per_minute_max: 3, ..HttpSettings::default() };
    let server = Server::with(settings, Default::default()).await;
    let (address, _stop, _task) = server.listen().await;
    let of_other_team = team_path("/contact/count").replace(support::TEAM, support::OTHER_TEAM);
    let of_no_team = team_path("/contact/count").replace(support::TEAM, "nobody");
    let right = head_of("GET", &team_path("/contact/count"), "");
    let wrong = [
        right.replace(support::KEY, "rk_nobody"),
        right.replace(support::KEY, support::REVOKED_KEY),
        head_of("GET", &of_other_team, ""),
        head_of("GET", &of_no_team, ""),
    ];
    let mut raw = Raw::connect(address).await;
    for (place, request) in wrong.iter().chain(&wrong).enumerate() {
        raw.send(request).await;
        let (code, head, body) = raw.read_answer().await;
        assert_eq!(code, if place < 3 { 403 } else { 429 }, "{place}: {body}");
        let wait: Option<u64> = header(&head, "retry-after").and_then(|text| text.parse().ok());
        assert_eq!(wait.is_some_and(|wait| (1..=60).contains(&wait)), code == 429, "{head}");
        raw.send(&right).await;
        assert_eq!(raw.read_answer().await.0, 200, "after {place} wrong ones");
    }
}

/// What the parser refuses is answered as every other error is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_answered_with_words() {
    let (server, address, _stop, _task) = quick_server().await;
    let headers: String = (0..129).map(|number| format!("x-{number}: y\r\n")).collect();
    let large = format!("x-large: {}\r\n", "y".repeat(70 << 10));
    let good = head_of("GET", "/healthz", "");
    let cases = [
        ("GET\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), 400, "bad_request"),
        ("\0\0\0\0\r\n\r\n".to_owned(), 400, "bad_request"),
        (import_head("bad header\r\n"), 400, "bad_request"),
        (import_head("content-length: +16\r\n"), 400, "bad_request"),
        (import_head("content-length: 3\r\ncontent-length: 4\r\n"), 400, "bad_request"),
        (import_head(&headers), 431, "headers_too_large"),
        (import_head(&large), 431, "headers_too_large"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(65_535)), 414, "uri_too_long"),
    ];
    for (request, expected, code) in cases {
        let label: String = request.chars().take(60).collect();
        for before in ["", &good] {
            let answers = exchange(address, format!("{before}{request}")).await;
            let answer = if before.is_empty() { &answers[..] } else { &answers[answers.rfind("HTTP/1.1 ").unwrap()..] };
            assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), usize::from(!before.is_empty()), "{label}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{label}: {answers}"));
            assert_eq!(status(head), expected, "{label}: {answer}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["error"]["code"], code, "{label}");
            assert_eq!(body["error"]["request_id"].as_str(), header(head, "x-request-id"), "{label}");
            assert_eq!(header(head, "content-type"), Some("application/json"), "{label}");
            assert_eq!(header(head, "connection"), Some("close"), "{label}");
        }
    }
    assert_well(&server, address).await;
}

/// Who reads slowly gets the answers that are owed whole, and in their order, before the refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_waits_for_the_answers_before_it() {
    let settings = HttpSettings { linger_for: Duration::from_secs(1), ..HttpSettings::default() };
    let server = Server::with(settings, Default::default()).await;
    let (address, _stop, _task) = server.listen().await;
    let record = format!(r#"{{"default":{{"description":"{}"}}}}"#, "x".repeat(1_000_000));
    let made = server.post(&team_path("/contact"), record).await.json();
    let path = team_path(&format!("/contact/{}", made["id"].as_str().unwrap()));
    const ASKED: usize = 20;
    let mut raw = Raw::connect(address).await;
    raw.send(head_of("GET", &path, "").repeat(ASKED) + "no request\r\n\r\n").await;
    sleep(Duration::from_millis(500)).await;
    let answers = raw.read_to_end().await;
    let mut rest = &answers[..];
    for place in 0..ASKED {
        let (head, after) = rest.split_once("\r\n\r\n").unwrap();
        assert_eq!(status(head), 200, "{place}");
        let length: usize = header(head, "content-length").unwrap().parse().unwrap();
        assert!(after[..length].ends_with("}"), "{place}");
        rest = &after[length..];
    }
    assert_eq!(status(rest), 400, "{}", &rest[..rest.len().min(300)]);
    assert!(rest.contains("bad_request"));
}

/// HTTP/2 is not spoken, and whoever begins in it is told so in it: SETTINGS, then GOAWAY with `HTTP_1_1_REQUIRED`.
#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_told_to_come_back_with_http_1() {
    let (server, address, _stop, _task) = quick_server().await;
    for more in [&b""[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0], &[0x41; 100_000]] {
        let mut raw = Raw::connect(address).await;
        raw.send([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", more].concat()).await;
        let mut bytes = Vec::new();
        timeout(PATIENCE, raw.stream.read_to_end(&mut bytes)).await.expect("the server closes").unwrap();
        let (settings, goaway) = bytes.split_at(9);
        assert_eq!(settings, [0, 0, 0, 4, 0, 0, 0, 0, 0]);
        assert_eq!(goaway, [0, 0, 8, 7, 0, 0, 0, 0, 0, /* no stream */ 0, 0, 0, 0, /* error */ 0, 0, 0, 13]);
    }
    let upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n";
    let mut raw = Raw::connect(address).await;
    raw.send(head_of("GET", "/healthz", upgrade)).await;
    let (code, head, _) = raw.read_answer().await;
    assert!(code == 200 && head.starts_with("HTTP/1.1"), "an offer to change is passed over: {head}");
    assert_well(&server, address).await;
}

/// A client that keeps its connections in a pool does not notice for long that one was closed: the server must not wait
/// for it. Every wait is longer than the test's patience, so that only not waiting ends in time.
#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_waits_for_no_client_that_is_owed_nothing() {
    let long = PATIENCE * 10;
    let settings = HttpSettings { header_read_timeout: long, linger_for: long, drain_for: long, ..quick() };
    let server = Server::with(settings, Default::default()).await;
    let (address, stop, task) = server.listen().await;
    let mut silent = Raw::connect(address).await;
    let mut idle = Raw::connect(address).await;
    idle.send(head_of("GET", "/healthz", "")).await;
    assert_eq!(idle.read_answer().await.0, 200);
    let mut closing = Raw::connect(address).await;
    closing.send(head_of("GET", "/healthz", "connection: close\r\n")).await;
    assert_eq!(closing.read_answer().await.0, 200);
    let body = contacts(3);
    let mut uploading = Raw::connect(address).await;
    uploading.send(import_head(&format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len()))).await;
    assert_eq!(uploading.read_answer().await.0, 100, "its request is under way");

    stop.send(true).unwrap();
    assert_eq!(silent.read_to_end().await, "", "closed while another's request is under way");
    assert_eq!(idle.read_to_end().await, "");
    assert_eq!(closing.read_to_end().await, "");
    assert!(!task.is_finished());
    uploading.send(&body).await;
    assert_eq!(uploading.read_answer().await.0, 200);
    // All four clients still hold their ends open.
    timeout(PATIENCE, task).await.expect("serving ends").unwrap();
    assert_eq!(uploading.read_to_end().await, "");
}
