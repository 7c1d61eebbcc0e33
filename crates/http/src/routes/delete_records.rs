//! `POST /v2/prism/{teamId}/{objectType}/batch/delete`: hides up to 100 records, each by itself (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::ids::RecordId;
use refract_engine::BatchEffect;

use super::write::Write;
use crate::convert::batch::{batch_answer, delete_ids};
use crate::error::ApiError;
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
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let render_for = |ids: &Vec<Result<RecordId, _>>| {
        let named: Vec<_> = ids.iter().map(|id| id.as_ref().ok().copied()).collect();
        move |effect: &BatchEffect| batch_answer(effect, &named, None)
    };
    let delete = |caller, ids, idempotent| api.engine.delete_records(caller, object_type, ids, idempotent);
    let received = write.small_body().await?.and_then(|object| delete_ids(&object));
    received.carry_out(render_for, delete, ApiError::from).await
}
