//! What is written down about a request, and the one line that the log gets of it.
//!
//! The line holds ids, sizes and the route's pattern; never a key, a body, a query or a path as it was sent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use http::{Method, StatusCode};
use refract_domain::ids::ApiKeyId;
use tokio::time::Instant;

use super::RequestId;
use crate::watched_body::{Watch, WatchedBody};

/// What is written down while a request is answered.
#[derive(Debug, Default)]
pub(crate) struct RequestFacts {
    key_id: OnceLock<ApiKeyId>,
    bytes_in: AtomicU64,
    body_read_whole: AtomicBool,
}

impl RequestFacts {
    /// Notes whose request it is.
    pub(crate) fn note_key(&self, key_id: ApiKeyId) {
        // A second call would say the same.
        let _ = self.key_id.set(key_id);
    }

    /// Whether nothing of the request's body was left unread.
    pub(crate) fn body_read_whole(&self) -> bool {
        self.body_read_whole.load(Ordering::Relaxed)
    }
}

/// A request's body that notes what is read of it.
pub(crate) type NotedBody = WatchedBody<Arc<RequestFacts>>;

impl Watch for Arc<RequestFacts> {
    fn passed(&mut self, bytes: usize, is_end: bool) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        if is_end {
            self.body_read_whole.store(true, Ordering::Relaxed);
        }
    }
}

/// Writes the request's line when it is dropped: when the answer's last byte was handed over, or when the client left.
pub(crate) struct LogLine {
    request_id: RequestId,
    method: Method,
    route: String,
    facts: Arc<RequestFacts>,
    started: Instant,
    status: Option<StatusCode>,
    bytes_out: u64,
    answered_whole: bool,
}

impl LogLine {
    pub(crate) fn begin(request_id: RequestId, method: Method, route: String, facts: Arc<RequestFacts>) -> Self {
        let started = Instant::now();
        Self { request_id, method, route, facts, started, status: None, bytes_out: 0, answered_whole: false }
    }

    /// Notes how the request is answered.
    pub(crate) fn answered(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        // Nothing of a body is sent for HEAD.
        self.answered_whole = self.method == Method::HEAD;
        self
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let ended = match (self.status, self.answered_whole) {
            (Some(_), true) => "answered",
            (Some(_), false) => "answer cut off",
            (None, _) => "client left",
        };
        let key_id = self.facts.key_id.get().map(ToString::to_string);
        tracing::info!(
            request_id = %self.request_id,
            key_id = key_id.as_deref().unwrap_or("-"),
            method = %self.method,
            route = %self.route,
            status = self.status.map_or(0, |status| status.as_u16()),
            bytes_in = self.facts.bytes_in.load(Ordering::Relaxed),
            bytes_out = self.bytes_out,
            millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            ended,
            "request"
        );
    }
}

/// An answer's body that carries the request's log line to its end.
pub(crate) type LoggedBody = WatchedBody<LogLine>;

impl Watch for LogLine {
    fn passed(&mut self, bytes: usize, is_end: bool) {
        self.bytes_out += bytes as u64;
        self.answered_whole |= is_end;
    }
}
