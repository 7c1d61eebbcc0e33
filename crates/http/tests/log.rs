//! What the log gets of a request, and what it never gets; and that a panic is an answer.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use support::{KEY, Server, request, team_path};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn capture() -> (Captured, tracing::subscriber::DefaultGuard) {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().with_writer(captured.clone()).with_ansi(false).finish();
    (captured, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn a_request_has_one_line_without_secrets() {
    let server = Server::start().await;
    let (captured, _guard) = capture();
    let body = r#"{"objects":[{"default":{"email":"canary@secret.example"}}]}"#;
    let imported =
        server.send(request("POST", &team_path("/contact/import?canary=query")).body(Body::from(body)).unwrap()).await;
    let refused =
        Request::get(team_path("/contact/count")).header("x-api-key", "rk_canary_wrong").body(Body::empty()).unwrap();
    let refused = server.send(refused).await;

    let log = captured.text();
    for (answer, status) in [(&imported, "status=200"), (&refused, "status=403")] {
        let id = answer.header("x-request-id").unwrap();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("millis=") && line.contains(id)).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains(status), "{}", lines[0]);
    }
    let line = log.lines().find(|line| line.contains("status=200")).unwrap();
    assert!(line.contains("/v2/prism/{team_id}/{object_type}/import"), "{line}");
    assert!(line.contains(&format!("bytes_in={}", body.len())), "{line}");
    assert!(line.contains(&format!("bytes_out={}", imported.bytes.len())), "{line}");
    assert!(line.contains("key_id=\"00000000-0000-0000-0000-000000000064\""), "{line}");
    for secret in [KEY, "canary"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_without_its_words() {
    let server = Server::start().await;
    let (captured, _guard) = capture();
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let time = server.clock.break_it();
    let answer = server.get(&team_path("/contact/count")).await;
    server.clock.mend(time);
    std::panic::set_hook(silent);

    let read = answer.assert_error(500, "internal_error");
    assert!(!read.to_string().contains("clock"), "{read}");
    let log = captured.text();
    assert!(log.contains("panicked") && log.contains("status=500"), "{log}");
    assert!(!log.contains("the clock is broken"), "{log}");
    assert_eq!(server.count().await, 0, "and it goes on");
}
