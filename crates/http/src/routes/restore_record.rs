//! `POST /v2/prism/{teamId}/{objectType}/{recordId}/restore`: brings a hidden record back (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::RecordEffect;

use super::write::Write;
use crate::convert::record::{effect_answer, not_found};
use crate::error::ApiError;
use crate::openapi::{RecordPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}/restore",
    operation_id = "restore_record",
    tag = "records",
    summary = "Bring a hidden record back",
    description = "As it was: its values, its places in lists, its keys. A live record stays as it is.",
    params(RecordPath, WriteHeaders),
    responses(
        (status = 200, description = "The record as it is now.", body = refract_wire::Record,
            headers(("etag" = String, description = "Its version, for `If-Match`.")))
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let id = write.path.record_id().ok_or_else(not_found)?;
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::OK, request_id.as_str());
    let restore = |caller, (), idempotent| api.engine.restore_record(caller, object_type, id, idempotent);
    write.no_body().await?.carry_out(|()| render, restore, ApiError::from).await
}
