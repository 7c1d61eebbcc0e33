//! The HTTP surface: the Prism API, from a connection's bytes to a call into the engine and back.
//!
//! Owns routes, headers, statuses, error codes (docs/wire.md lists them all), limits of requests and connections, and how
//! a body becomes rows. The only crate that knows axum and hyper. Must not know what a row means, how an import is
//! carried out, or any database.
//!
//! The way of a request: [`serve`] → `layers` → `routes` → `extract` → engine → `convert` → the answer.

mod convert;
mod error;
pub mod extract;
mod layers;
mod openapi;
mod routes;
mod serve;
mod settings;
mod state;
mod watched_body;
mod workbooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use refract_engine::Engine;

pub use serve::serve;
pub use settings::{HttpSettings, RateLimit};
pub use workbooks::{SheetWanted, WorkbookFault, WorkbookFaultKind, WorkbookHead, WorkbookReader};

/// The API as a service: everything but the connections.
pub fn router(engine: Arc<Engine>, settings: HttpSettings) -> Router {
    router_of(&state::Api::new(engine, settings))
}

fn router_of(api: &state::SharedApi) -> Router {
    let around = from_fn_with_state(Arc::clone(api), layers::around::around);
    routes::routes().layer(around).with_state(Arc::clone(api))
}
