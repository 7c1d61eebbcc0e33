//! Answers as they are kept for an idempotency key, and as they are sent. Every JSON answer of the API is made here, so
//! that a first answer and its replay cannot differ.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use refract_engine::{Answered, KeptAnswer};
use serde::Serialize;

use crate::error::ApiError;

const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// An answer with this body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    // The wire's types are plain data, which always serialises; an empty body would be found by every test.
    let body = serde_json::to_vec(body).unwrap_or_default();
    KeptAnswer { status: status.as_u16(), headers: Vec::new(), body }
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> KeptAnswer {
    KeptAnswer { status: status.as_u16(), headers: Vec::new(), body: Vec::new() }
}

/// The answer as it is sent.
pub(crate) fn respond(answer: KeptAnswer) -> Response {
    let has_body = !answer.body.is_empty();
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What is sent for a write that may have had an idempotency key.
pub(crate) fn respond_to<E>(
    answered: Answered<E>,
    render: impl FnOnce(&E) -> KeptAnswer,
) -> Result<Response, ApiError> {
    match answered {
        Answered::Fresh(effect) => Ok(respond(render(&effect))),
        Answered::Replay(answer) => {
            let mut response = respond(answer);
            response.headers_mut().insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
            Ok(response)
        }
        Answered::Mismatch => Err(ApiError::idempotency_key_mismatch()),
        Answered::Stale => Err(ApiError::idempotency_key_stale()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> KeptAnswer {
        let headers = vec![("location".to_owned(), "/v2/prism/t/imports/j".to_owned())];
        KeptAnswer { status: 202, headers, body: b"{}".to_vec() }
    }

    #[test]
    fn a_replay_differs_from_the_first_answer_by_one_header() {
        let first = respond_to(Answered::Fresh(()), |()| answer()).expect("an answer");
        let mut replay = respond_to(Answered::<()>::Replay(answer()), |()| answer()).expect("an answer");
        assert_eq!(first.headers()["location"], "/v2/prism/t/imports/j");
        assert_eq!(first.headers()["content-type"], "application/json");
        assert_eq!(replay.headers_mut().remove("idempotent-replay").expect("marked"), "true");
        assert_eq!((first.status(), first.headers()), (replay.status(), replay.headers()));
    }

    #[test]
    fn keys_used_for_something_else_are_final_conflicts() {
        for answered in [Answered::<()>::Mismatch, Answered::Stale] {
            let error = respond_to(answered, |()| answer()).expect_err("a conflict");
            let rendered = error.render("req_1");
            assert_eq!(rendered.status(), 409);
            assert_eq!(rendered.headers()["x-should-retry"], "false");
        }
    }
}
