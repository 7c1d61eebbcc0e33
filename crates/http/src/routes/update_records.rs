//! `POST /v2/prism/{teamId}/{objectType}/batch/update`: changes up to 100 records, each by itself (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::import::row::RawChunk;
use refract_domain::limits::BATCH_BODY_BYTES_MAX;
use refract_engine::BatchEffect;

use super::write::Write;
use crate::convert::batch::{batch_answer, update_items};
use crate::convert::record::refusal;
use crate::error::ApiError;
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
    let write = Write::admit(&api, request).await?;
    let scope = write.scope()?;
    let (schema, _) = write.answered_with().await?;
    let render_for = |(_, ids): &(RawChunk, Vec<_>)| {
        let ids = ids.clone();
        move |effect: &BatchEffect| batch_answer(effect, &ids, Some(&*schema))
    };
    let update = |caller, (items, _), idempotent| api.engine.update_records(caller, scope, items, idempotent);
    let refused = |error| refusal(error, scope.object_type, ".body");
    let item_bytes_max = api.engine.limits().row_bytes_max;
    let received = write.body_up_to(BATCH_BODY_BYTES_MAX).await?;
    received.and_then(|object| update_items(&object, item_bytes_max)).carry_out(render_for, update, refused).await
}
