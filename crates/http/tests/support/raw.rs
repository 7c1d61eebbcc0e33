//! Bytes on a socket, as no HTTP client would send them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{KEY, team_path};

/// Long enough for a busy machine; every wait ends much sooner when things are right.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A connection whose bytes the test chooses.
pub struct Raw {
    pub stream: TcpStream,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Sends bytes; that the server may close meanwhile is the test's business.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Everything the server sends until it closes.
    pub async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "the server does not close; so far: {}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer with a `Content-Length`: status, head, body. The connection stays open.
    pub async fn read_answer(&mut self) -> (u16, String, String) {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
                if body.len() >= length {
                    return (status(head), head.to_owned(), body.to_owned());
                }
            }
            let mut piece = [0; 4096];
            let read = timeout(PATIENCE, self.stream.read(&mut piece)).await.expect("an answer in time").unwrap();
            assert!(read > 0, "closed before an answer was complete: {text}");
            bytes.extend_from_slice(&piece[..read]);
        }
    }
}

/// The head of an import by team A, with these header lines besides.
pub fn import_head(lines: &str) -> String {
    head_of("POST", &team_path("/contact/import"), lines)
}

pub fn head_of(method: &str, path: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n{lines}\r\n")
}

/// The status of an answer; 0 when the server closed without one.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
