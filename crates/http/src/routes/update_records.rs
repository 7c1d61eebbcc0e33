//! `POST /v2/prism/{teamId}/{objectType}/batch/update`: changes up to 100 records, each by itself (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::limits::BATCH_BODY_BYTES_MAX;
use refract_engine::{Access, BatchEffect, RecordScope};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::batch::{batch_answer, update_items};
use crate::convert::record::refusal;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ListScope, TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/batch/update",
    operation_id = "update_records",
    tag = "records",
    summary = "Change many records",
    description = "At most 100, each by itself: what is wrong with one keeps no other from being changed.",
    params(TypePath, ListScope, WriteHeaders),
    request_body(content = refract_wire::UpdateBatch, example = json!({"items": [{"id": "0b8f2d6e-0000-4000-8000-000000000001", "default": {"title": "Countess"}}]})),
    responses(
        (status = 200, description = "What came of each item.", body = refract_wire::BatchResult)
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let scope = RecordScope { object_type, list_id: Query::of(&parts.uri)?.list_id()? };
    let request_id = write::request_id(&api, &parts);
    let sent = write::body_up_to(BATCH_BODY_BYTES_MAX, &api, &caller, &parts, body).await?;
    let item_bytes_max = api.engine.limits().row_bytes_max;
    let (items, ids) = match sent.object.and_then(|object| update_items(&object, item_bytes_max)) {
        Ok(read) => read,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let schema = api.engine.known_schema(&caller).await?;
    let render = move |effect: &BatchEffect| batch_answer(effect, &ids, Some(&*schema));
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.update_records(caller, scope, items, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => {
            let error = refusal(error, object_type, ".body");
            write::refuse_late(&api, &caller, &request_id, error, claim).await
        }
    }
}
