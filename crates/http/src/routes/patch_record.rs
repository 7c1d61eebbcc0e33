//! `PATCH /v2/prism/{teamId}/{objectType}/{recordId}`: changes one record, guarded by `If-Match` (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, RecordEffect, RecordScope};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::record::{effect_answer, not_found, refusal};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::headers::precondition;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
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
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let record_id = path.record_id().ok_or_else(not_found)?;
    let scope = RecordScope { object_type, list_id: Query::of(&parts.uri)?.list_id()? };
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let object = match sent.object {
        Ok(object) => object,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let render = {
        let (request_id, schema) = (request_id.clone(), api.engine.known_schema(&caller).await?);
        move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::OK, request_id.as_str())
    };
    let idempotent = write::idempotent(sent.key, render.clone());
    let demanded = precondition(&parts.headers);
    match api.engine.patch_record(caller, scope, record_id, object, demanded, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => {
            let error = refusal(error, object_type, ".body");
            write::refuse_late(&api, &caller, &request_id, error, claim).await
        }
    }
}
