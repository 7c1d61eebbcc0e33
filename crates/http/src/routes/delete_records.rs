//! `POST /v2/prism/{teamId}/{objectType}/batch/delete`: hides up to 100 records, each by itself (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, BatchEffect};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::batch::{batch_answer, delete_ids};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/batch/delete",
    operation_id = "delete_records",
    tag = "records",
    summary = "Hide many records",
    description = "At most 100, each by itself: what is wrong with one keeps no other from being hidden.",
    params(TypePath, WriteHeaders),
    request_body(content = refract_wire::DeleteBatch, example = json!({"ids": ["0b8f2d6e-0000-4000-8000-000000000001"]})),
    responses(
        (status = 200, description = "What came of each item.", body = refract_wire::BatchResult)
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let ids = match sent.object.and_then(|object| delete_ids(&object)) {
        Ok(ids) => ids,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let named: Vec<_> = ids.iter().map(|id| id.as_ref().ok().copied()).collect();
    let render = move |effect: &BatchEffect| batch_answer(effect, &named, None);
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.delete_records(caller, object_type, ids, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => write::refuse_late(&api, &caller, &request_id, error, claim).await,
    }
}
