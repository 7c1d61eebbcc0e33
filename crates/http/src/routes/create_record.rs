//! `POST /v2/prism/{teamId}/{objectType}`: one record (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, RecordEffect, RecordScope};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::record::{effect_answer, refusal};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
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
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
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
        move |effect: &RecordEffect| effect_answer(&schema, effect, StatusCode::CREATED, request_id.as_str())
    };
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.create_record(caller, scope, object, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => {
            let error = refusal(error, object_type, ".body");
            write::refuse_late(&api, &caller, &request_id, error, claim).await
        }
    }
}
