//! Paths and methods that are not offered.

use http::StatusCode;

use crate::error::ApiError;

/// 404 for a path that no route has.
pub(crate) async fn route() -> ApiError {
    ApiError::not_found("There is no such route.")
}

/// 405 for a method that the path does not take; the router adds the `Allow` header, which only it can know.
pub(crate) async fn method() -> ApiError {
    let message = "The path does not take this method; the Allow header names those it takes.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
