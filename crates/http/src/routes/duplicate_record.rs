//! `POST /v2/prism/{teamId}/{objectType}/{recordId}/duplicate`: a further record of the same values (contract §1.4).

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
    path = "/v2/prism/{team_id}/{object_type}/{record_id}/duplicate",
    operation_id = "duplicate_record",
    tag = "records",
    summary = "Copy a record",
    description = "A further record of the same values, which is a member of no list.",
    params(RecordPath, WriteHeaders),
    responses(
        (status = 201, description = "The copy.", body = refract_wire::Record,
            headers(("etag" = String, description = "Its version, for `If-Match`.")))
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let id = write.path.record_id().ok_or_else(not_found)?;
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::CREATED, request_id.as_str());
    let duplicate = |caller, (), idempotent| api.engine.duplicate_record(caller, object_type, id, idempotent);
    write.no_body().await?.carry_out(|()| render, duplicate, ApiError::from).await
}
