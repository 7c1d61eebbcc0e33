//! Paths and methods that are not offered.

use axum::extract::MatchedPath;
use http::{StatusCode, Uri};

use crate::error::ApiError;
use crate::extract::path::ApiPath;

/// 404 for a path that no route has.
pub(crate) async fn route() -> ApiError {
    ApiError::not_found("There is no such route.")
}

/// 405 for a method that the path does not take; the router adds the `Allow` header, which only it can know.
///
/// What stands where a record's id stands and is none, such as `import;x`, is no path of a record: 404.
pub(crate) async fn method(matched: MatchedPath, uri: Uri) -> ApiError {
    let (matched, path) = (matched.as_str(), ApiPath::of(&uri));
    let record = if matched.contains("/{view_id}") { path.pinned_id() } else { path.record_id() };
    if matched.contains("/{record_id}") && record.is_none() {
        return route().await;
    }
    let message = "The path does not take this method; the Allow header names those it takes.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
