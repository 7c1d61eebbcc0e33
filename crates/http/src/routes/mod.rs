//! The endpoints, one a file.
//!
//! Each handler reads as the way of a request: admission, what the path and headers say, the call into the engine, the
//! answer. Fixed words in a path win over ids and types in the same place (contract §1.5).

mod count_records;
mod create_list;
mod create_record;
mod delete_record;
mod find_record;
mod get_import;
mod get_record;
mod health;
mod import;
mod list_lists;
mod list_properties;
mod list_records;
mod list_type_properties;
mod patch_record;
mod query_records;
mod unknown;
mod write;

use axum::Router;
use axum::routing::{get, post};

use crate::state::SharedApi;

/// All routes.
pub(crate) fn routes() -> Router<SharedApi> {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/v2/prism/{team_id}/imports/{job_id}", get(get_import::handle))
        .route("/v2/prism/{team_id}/properties", get(list_properties::handle))
        .route("/v2/prism/{team_id}/lists", get(list_lists::handle).post(create_list::handle))
        .route("/v2/prism/{team_id}/{object_type}", get(list_records::handle).post(create_record::handle))
        .route("/v2/prism/{team_id}/{object_type}/import", post(import::handle))
        .route("/v2/prism/{team_id}/{object_type}/count", get(count_records::handle))
        .route("/v2/prism/{team_id}/{object_type}/query", post(query_records::handle))
        .route("/v2/prism/{team_id}/{object_type}/by/{slug}/{value}", get(find_record::handle))
        .route("/v2/prism/{team_id}/{object_type}/properties", get(list_type_properties::handle))
        .route("/v2/prism/query/{team_id}/{object_type}", post(query_records::handle))
        .route("/v2/prism/metadata/properties/{team_id}/{object_type}", get(list_type_properties::handle))
        .route(
            "/v2/prism/{team_id}/{object_type}/{record_id}",
            get(get_record::handle).patch(patch_record::handle).delete(delete_record::handle),
        )
        .fallback(unknown::route)
        .method_not_allowed_fallback(unknown::method)
}
