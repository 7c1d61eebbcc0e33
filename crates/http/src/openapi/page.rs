//! `/openapi.json` and `/docs`: the document, and a page that shows it. The page's scripts and styles are in the binary and
//! its headers forbid it to fetch anything from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use utoipa_swagger_ui::Config;

use crate::error::ApiError;

/// The page may load and ask this server and nobody else.
const OWN_SERVER_ONLY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'none'";

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // Without the validator's address the page would ask a public server whether the document is valid.
    let config = Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true);
    let config = Arc::new(config);
    let shown = move |file: String| {
        let config = Arc::clone(&config);
        async move { asset(&file, config) }
    };
    let index = shown.clone();
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(move || index(String::new())))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| shown(file)))
}

/// The document itself.
pub(super) async fn document(text: Arc<str>) -> Response {
    ([(CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}

fn asset(file: &str, config: Arc<Config<'static>>) -> Response {
    let found = match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(found)) => found,
        Ok(None) => return ApiError::not_found("The documentation has no such file.").into_response(),
        Err(error) => {
            tracing::error!(%error, file, "a file of the documentation cannot be shown");
            return ApiError::internal().into_response();
        }
    };
    let mut answer = (StatusCode::OK, found.bytes.into_owned()).into_response();
    let fixed: [(HeaderName, &'static str); 2] =
        [(CONTENT_SECURITY_POLICY, OWN_SERVER_ONLY), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in fixed {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(content_type) = HeaderValue::try_from(found.content_type) {
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    answer
}
