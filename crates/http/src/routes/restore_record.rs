//! `POST /v2/prism/{teamId}/{objectType}/{recordId}/restore`: brings a hidden record back (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, RecordEffect};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::record::{effect_answer, not_found};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
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
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let record_id = path.record_id().ok_or_else(not_found)?;
    let request_id = write::request_id(&api, &parts);
    let sent = write::no_body(&api, &caller, &parts, body).await?;
    if let Err(error) = sent.object {
        return write::refuse(&api, &caller, &request_id, error, sent.key).await;
    }

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let render = {
        let (request_id, schema) = (request_id.clone(), api.engine.known_schema(&caller).await?);
        move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::OK, request_id.as_str())
    };
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.restore_record(caller, object_type, record_id, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => write::refuse_late(&api, &caller, &request_id, error, claim).await,
    }
}
