//! The endpoints, one a file.
//!
//! Each handler reads as the way of a request: admission, what the path and headers say, the call into the engine, the
//! answer. Fixed words in a path win over ids and types in the same place (contract §1.5).

mod apply_import;
mod cancel_import;
mod count_records;
mod create_list;
mod create_option;
mod create_property;
mod create_record;
mod create_view;
mod delete_option;
mod delete_property;
mod delete_record;
mod delete_records;
mod delete_view;
mod duplicate_record;
mod find_or_create_record;
mod find_record;
mod get_grants;
mod get_import;
mod get_list;
mod get_list_template;
mod get_provenance;
mod get_record;
mod get_view;
mod health;
mod import;
mod import_events;
mod import_failed;
mod import_results;
mod import_summary;
mod list_imports;
mod list_lists;
mod list_properties;
mod list_records;
mod list_templates;
mod list_type_properties;
mod list_view_records;
mod list_views;
mod order_view_records;
mod patch_option;
mod patch_property;
mod patch_record;
mod patch_view;
mod pin_record;
mod preview_import;
mod put_grants;
mod query_records;
mod restore_record;
mod retry_import;
mod undo_import;
mod unknown;
mod unpin_record;
mod update_records;
mod upsert_record;
mod validate_values;
mod write;

use axum::Router;
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi;
use crate::state::SharedApi;

/// All routes, and the document that describes them.
pub(crate) fn routes() -> Router<SharedApi> {
    let (router, document) = described().split_for_parts();
    openapi::with_document(router, document).fallback(unknown::route).method_not_allowed_fallback(unknown::method)
}

/// The routes that the document describes: all but the document itself.
fn described() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::version))
        .routes(routes!(list_imports::handle))
        .routes(routes!(get_import::handle))
        .routes(routes!(import_events::handle))
        .routes(routes!(import_results::handle))
        .routes(routes!(import_summary::handle))
        .routes(routes!(import_failed::handle))
        .routes(routes!(retry_import::handle))
        .routes(routes!(cancel_import::handle))
        .routes(routes!(undo_import::handle))
        .routes(routes!(apply_import::handle))
        .routes(routes!(list_properties::handle))
        .routes(routes!(list_lists::handle, create_list::handle))
        .routes(routes!(get_list::handle))
        .routes(routes!(list_templates::handle))
        .routes(routes!(get_list_template::handle))
        .routes(routes!(list_records::handle, create_record::handle))
        .routes(routes!(import::handle))
        .routes(routes!(preview_import::handle))
        .routes(routes!(count_records::handle))
        .routes(routes!(query_records::handle))
        .routes(routes!(find_record::handle))
        .routes(routes!(list_type_properties::handle, create_property::handle))
        .routes(routes!(validate_values::handle))
        .routes(routes!(patch_property::handle, delete_property::handle))
        .routes(routes!(create_option::handle))
        .routes(routes!(patch_option::handle, delete_option::handle))
        .routes(routes!(get_record::handle, patch_record::handle, delete_record::handle))
        .routes(routes!(get_grants::handle, put_grants::handle))
        .routes(routes!(list_views::handle, create_view::handle))
        .routes(routes!(get_view::handle, patch_view::handle, delete_view::handle))
        .routes(routes!(list_view_records::handle, order_view_records::handle))
        .routes(routes!(pin_record::handle, unpin_record::handle))
        .routes(routes!(restore_record::handle))
        .routes(routes!(get_provenance::handle))
        .routes(routes!(duplicate_record::handle))
        .routes(routes!(upsert_record::handle))
        .routes(routes!(find_or_create_record::handle))
        .routes(routes!(update_records::handle))
        .routes(routes!(delete_records::handle))
        // The older names of routes (contract §1.6); no new client should learn them.
        .route("/v2/prism/{team_id}/view/{object_type}", get(list_views::handle).post(create_view::handle))
        .route(
            "/v2/prism/{team_id}/view/{object_type}/{view_id}",
            get(get_view::handle).patch(patch_view::handle).delete(delete_view::handle),
        )
        .route(
            "/v2/prism/{team_id}/view/{object_type}/{view_id}/records",
            get(list_view_records::handle).patch(order_view_records::handle),
        )
        .route(
            "/v2/prism/{team_id}/view/{object_type}/{view_id}/records/{record_id}",
            post(pin_record::handle).delete(unpin_record::handle),
        )
        .route("/v2/prism/grant/{team_id}/{object_type}/{record_id}", get(get_grants::handle).put(put_grants::handle))
        .route("/v2/prism/query/{team_id}/{object_type}", post(query_records::handle))
        .route("/v2/prism/metadata/properties/{team_id}/{object_type}", get(list_type_properties::handle))
}
