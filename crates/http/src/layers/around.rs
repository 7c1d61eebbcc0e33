//! The one layer around all routes: from a request's id to its line in the log.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use tracing::Instrument;

use super::facts::{LogLine, LoggedBody, NotedBody};
use super::request_id::X_REQUEST_ID;
use super::{RequestFacts, RequestId, head_limits};
use crate::error::ApiError;
use crate::state::SharedApi;

/// Carries a request through: id, limits, span, routes, panic, error body, log line.
pub(crate) async fn around(State(api): State<SharedApi>, request: Request, next: Next) -> Response {
    let request_id = api.request_ids.next();
    let facts = Arc::new(RequestFacts::default());
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", %request_id, method = %request.method(), route);
    let line = LogLine::begin(request_id.clone(), request.method().clone(), route, Arc::clone(&facts));

    let (mut parts, body) = request.into_parts();
    let answer = match head_limits::check(&parts, &api.settings) {
        Ok(()) => {
            parts.extensions.insert(request_id.clone());
            parts.extensions.insert(Arc::clone(&facts));
            let body = Body::new(NotedBody::new(body, Arc::clone(&facts)));
            let handled = AssertUnwindSafe(next.run(Request::from_parts(parts, body))).catch_unwind();
            handled.instrument(span).await.unwrap_or_else(|panic| answer_of_panic(&*panic))
        }
        Err(error) => error.into_response(),
    };
    finish(answer, &request_id, &facts, line)
}

/// A panic is a mistake in this program. Its text may hold what a caller sent, so it is not repeated here.
fn answer_of_panic(_panic: &(dyn Any + Send)) -> Response {
    tracing::error!("a request handler panicked");
    ApiError::internal().into_response()
}

fn finish(mut answer: Response, request_id: &RequestId, facts: &RequestFacts, line: LogLine) -> Response {
    if let Some(error) = answer.extensions_mut().remove::<ApiError>() {
        let rendered = error.render(request_id.as_str());
        let allow = answer.headers_mut().remove(http::header::ALLOW);
        answer = rendered;
        if let Some(allow) = allow {
            answer.headers_mut().entry(http::header::ALLOW).or_insert(allow);
        }
        answer.headers_mut().remove(CONTENT_LENGTH);
    }
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        answer.headers_mut().insert(X_REQUEST_ID, value);
    }
    if !facts.body_read_whole() {
        // The rest of the body would be taken for the next request, or have to be swallowed whole.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let status = answer.status();
    answer.map(|body| Body::new(LoggedBody::new(body, line.answered(status))))
}
