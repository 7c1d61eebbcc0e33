//! `PATCH /v2/prism/{teamId}/{objectType}/{recordId}`: changes one record, guarded by `If-Match` (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::RecordEffect;

use super::write::Write;
use crate::convert::record::{effect_answer, not_found, refusal};
use crate::error::ApiError;
use crate::extract::headers::precondition;
use crate::openapi::{ListScope, RecordHeaders, RecordPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    patch,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}",
    operation_id = "patch_record",
    tag = "records",
    summary = "Change a record",
    description = "Values that are not named stay; null clears.",
    params(RecordPath, ListScope, WriteHeaders, RecordHeaders),
    request_body(content = refract_wire::RecordBody, example = json!({"default": {"title": "Countess", "city": null}})),
    responses((status = 200, description = "The record as it is now.", body = refract_wire::Record,
        headers(("etag" = String, description = "Its version, for `If-Match`."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let scope = write.scope()?;
    let id = write.path.record_id().ok_or_else(not_found)?;
    let demanded = precondition(&write.parts.headers);
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::OK, request_id.as_str());
    let patch = |caller, object, idempotent| api.engine.patch_record(caller, scope, id, object, demanded, idempotent);
    let refused = |error| refusal(error, scope.object_type, ".body");
    write.small_body().await?.carry_out(|_| render, patch, refused).await
}
