//! `GET /healthz`, `/readyz`, `/version`: for whoever watches the server. They need no key.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use refract_wire::{Health, Version};

use crate::convert::answer;
use crate::error::ApiError;
use crate::state::SharedApi;

/// Whether the process answers at all.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "live",
    tag = "server",
    summary = "Whether the process answers",
    responses((status = 200, description = "It is so.", body = refract_wire::Health))
)]
pub(crate) async fn live() -> Response {
    ok()
}

/// Whether the server takes work: not while it shuts down, and not without its store.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "server",
    summary = "Whether it takes work",
    responses((status = 200, description = "It is so.", body = refract_wire::Health))
)]
pub(crate) async fn ready(State(api): State<SharedApi>) -> Result<Response, ApiError> {
    api.engine.ready().await?;
    Ok(ok())
}

/// Which version it is.
#[utoipa::path(
    get,
    path = "/version",
    operation_id = "version",
    tag = "server",
    summary = "Which version it is",
    responses((status = 200, description = "It is so.", body = refract_wire::Version))
)]
pub(crate) async fn version() -> Response {
    let version = Version { name: "refract".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    answer::respond(answer::json(StatusCode::OK, &version))
}

fn ok() -> Response {
    answer::respond(answer::json(StatusCode::OK, &Health { status: "ok".to_owned() }))
}
