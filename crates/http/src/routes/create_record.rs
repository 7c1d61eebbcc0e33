//! `POST /v2/prism/{teamId}/{objectType}`: one record (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::RecordEffect;

use super::write::Write;
use crate::convert::record::{effect_answer, refusal};
use crate::error::ApiError;
use crate::openapi::{ListScope, TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}",
    operation_id = "create_record",
    tag = "records",
    summary = "Make a record",
    params(TypePath, ListScope, WriteHeaders),
    request_body(content = refract_wire::RecordBody, example = json!({"default": {"email": "ada@example.org"}})),
    responses((status = 201, description = "The record.", body = refract_wire::Record,
        headers(("etag" = String, description = "Its version, for `If-Match`."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let scope = write.scope()?;
    let (schema, request_id) = write.answered_with().await?;
    let render = move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::CREATED, request_id.as_str());
    let create = |caller, object, idempotent| api.engine.create_record(caller, scope, object, idempotent);
    let refused = |error| refusal(error, scope.object_type, ".body");
    write.small_body().await?.carry_out(|_| render, create, refused).await
}
