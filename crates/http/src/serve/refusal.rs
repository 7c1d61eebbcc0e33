//! What is answered to bytes that are no request of HTTP/1.1: the parser refuses them before any route sees them.
//!
//! The parser's own answer is a status and nothing else. [`bare_answer`] finds it among what a connection writes, so that
//! it can be withheld, and [`Refusal`] is sent in its place, with the body that every other error has. Who begins in
//! HTTP/2 is told in HTTP/2 to come back with HTTP/1.1 (docs/decisions/0005-http-1-only.md).

use axum::body::Body;
use http::{Response, StatusCode};
use http_body_util::BodyExt;

use crate::error::ApiError;
use crate::layers::RequestId;

/// How a connection in HTTP/2 begins (RFC 9113 §3.4), as far as it looks like a request.
const HTTP2_BEGINS: &[u8] = b"PRI * HTTP/2.0\r\n";

/// An empty SETTINGS frame, with which a server must begin, and GOAWAY: no stream was worked on, error
/// `HTTP_1_1_REQUIRED` (RFC 9113 §6.5, §6.8, §7).
const HTTP2_GOAWAY: &[u8] = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0d";

/// The longest bare answer: three short headers.
const BARE_BYTES_MAX: usize = 256;

/// Where in what is about to be written the parser's own answer stands: always at the end, for nothing follows it. It is
/// told from every answer of a route by the headers it has, and has not.
pub(super) fn bare_answer(bytes: &[u8]) -> Option<usize> {
    let without_end = bytes.strip_suffix(b"\r\n\r\n")?;
    let tail_at = without_end.len().saturating_sub(BARE_BYTES_MAX);
    let tail = without_end.get(tail_at..)?;
    let begins = tail.windows(9).rposition(|window| window.starts_with(b"HTTP/1.") && window.ends_with(b" "))?;
    let head = std::str::from_utf8(tail.get(begins..)?).ok()?;
    let mut lines = head.split("\r\n");
    let is_refusal = lines.next()?.get(9..)?.starts_with('4');
    let mut has_no_body = false;
    for line in lines {
        match line.split_once(": ")? {
            ("content-length", "0") => has_no_body = true,
            ("connection", "close") | ("date", _) => {}
            _ => return None,
        }
    }
    (is_refusal && has_no_body).then_some(tail_at + begins)
}

/// What is sent instead of the parser's own answer.
pub(super) enum Refusal {
    /// In HTTP/1.1, with the headers that the parser's answer had.
    Http1 { bare: Vec<u8> },
    /// In HTTP/2.
    Http2,
}

impl Refusal {
    /// Chooses by what the parser answered, if it did, and by what it could not read.
    pub(super) fn of(bare: Option<Vec<u8>>, unread: &[u8]) -> Option<Self> {
        if unread.starts_with(HTTP2_BEGINS) {
            return Some(Self::Http2);
        }
        bare.map(|bare| Self::Http1 { bare })
    }

    /// The bytes to send. Writes the line that the log has of every request.
    pub(super) async fn bytes(self, request_id: &RequestId) -> Vec<u8> {
        let (status, bytes) = match self {
            Self::Http1 { bare } => answer(&String::from_utf8_lossy(&bare), request_id).await,
            Self::Http2 => (StatusCode::HTTP_VERSION_NOT_SUPPORTED, HTTP2_GOAWAY.to_vec()),
        };
        tracing::info!(
            %request_id, key_id = "-", method = "-", route = "-", status = status.as_u16(), bytes_out = bytes.len(),
            ended = "refused unread", "request"
        );
        bytes
    }
}

/// The parser's answer with a body, the request's id, and what it says of both.
async fn answer(bare: &str, request_id: &RequestId) -> (StatusCode, Vec<u8>) {
    let error = error_of(bare.get(9..12).and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok()));
    let (parts, body) = Response::<Body>::into_parts(error.render(request_id.as_str()));
    // A body in memory has no way to fail.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let more =
        format!("content-length: {}\r\ncontent-type: application/json\r\nx-request-id: {request_id}\r\n", body.len());
    let mut bytes = bare.replace("content-length: 0\r\n", &more).into_bytes();
    bytes.extend_from_slice(&body);
    (parts.status, bytes)
}

fn error_of(status: Option<StatusCode>) -> ApiError {
    match status {
        Some(status @ StatusCode::URI_TOO_LONG) => {
            ApiError::new(status, "uri_too_long", "The path and the query of the request are too long.")
        }
        Some(status @ StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            ApiError::new(status, "headers_too_large", "The request has too many headers, or they are too large.")
        }
        _ => ApiError::bad_request("The request is not HTTP/1.1: its first line or one of its headers cannot be read."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::request_id::RequestIds;

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
        date: Mon, 23 Nov 2026 22:07:25 GMT\r\n\r\n";

    #[test]
    fn only_the_parsers_own_answer_is_taken_for_it() {
        assert_eq!(bare_answer(BARE.as_bytes()), Some(0));
        let body = "x".repeat(100_000);
        let behind_another = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}{BARE}", body.len());
        assert_eq!(bare_answer(behind_another.as_bytes()), Some(behind_another.len() - BARE.len()));
        for other in [
            "",
            "\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "0\r\n\r\n",
            &BARE.replace(" 431 ", " 204 "),
            &BARE.replace("connection", "x-request-id: req_1\r\nconnection"),
            &BARE.replace("content-length: 0", "content-length: 10"),
            &format!("{BARE}more"),
            "HTTP/1.1 400 content-length: 0\r\n0\r\n\r\n",
        ] {
            assert_eq!(bare_answer(other.as_bytes()), None, "{other}");
        }
    }

    #[tokio::test]
    async fn the_status_keeps_its_code() {
        let id = RequestIds::new().next();
        for (status, code) in [("431", "headers_too_large"), ("414", "uri_too_long"), ("400", "bad_request")] {
            let bare = BARE.replace("431", status);
            let refusal = Refusal::of(Some(bare.into_bytes()), b"what was sent").expect("a refusal");
            let bytes = String::from_utf8(refusal.bytes(&id).await).expect("text");
            let (head, body) = bytes.split_once("\r\n\r\n").expect("a head");
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
            assert!(head.contains("connection: close") && head.contains("date: Mon") && head.contains(id.as_str()));
            assert!(body.contains(&format!("\"code\":\"{code}\"")) && body.contains(id.as_str()), "{body}");
        }
    }

    #[test]
    fn without_a_refusal_nothing_is_sent() {
        assert!(Refusal::of(None, b"").is_none());
        assert!(matches!(Refusal::of(None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(Refusal::Http2)));
    }
}
