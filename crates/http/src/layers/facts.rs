//! What is written down about a request, and the one line that the log gets of it.
//!
//! The line holds ids, sizes and the route's pattern; never a key, a body, a query or a path as it was sent.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};
use refract_domain::ids::ApiKeyId;
use tokio::time::Instant;

use super::RequestId;

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
pub(crate) struct NotedBody {
    inner: Body,
    facts: Arc<RequestFacts>,
}

impl NotedBody {
    pub(crate) fn new(inner: Body, facts: Arc<RequestFacts>) -> Self {
        let nothing_to_read = http_body::Body::is_end_stream(&inner);
        facts.body_read_whole.store(nothing_to_read, Ordering::Relaxed);
        Self { inner, facts }
    }
}

impl http_body::Body for NotedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.facts.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
                if self.inner.is_end_stream() {
                    self.facts.body_read_whole.store(true, Ordering::Relaxed);
                }
            }
            Poll::Ready(None) => self.facts.body_read_whole.store(true, Ordering::Relaxed),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
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
pub(crate) struct LoggedBody {
    inner: Body,
    line: LogLine,
}

impl LoggedBody {
    pub(crate) fn new(inner: Body, mut line: LogLine, status: StatusCode) -> Self {
        line.status = Some(status);
        // Nothing of a body is sent for HEAD.
        line.answered_whole = http_body::Body::is_end_stream(&inner) || line.method == Method::HEAD;
        Self { inner, line }
    }
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.line.bytes_out += frame.data_ref().map_or(0, Bytes::len) as u64;
                self.line.answered_whole = self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.line.answered_whole = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
