//! `PATCH /v2/prism/{teamId}/{objectType}/views/{viewId}/records`: the order of pinned records (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{ViewChange, ViewEffect};

use super::write::Write;
use crate::convert::view::{no_such_view, order_answer, record_order};
use crate::error::ApiError;
use crate::openapi::{ViewPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    patch,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}/records",
    operation_id = "order_view_records",
    tag = "views",
    summary = "Order the pinned records of a view",
    params(ViewPath, WriteHeaders),
    request_body(content = refract_wire::RecordOrder, example = json!({"object_ids": []})),
    responses((status = 204, description = "They are in this order."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let id = write.path.view_id().ok_or_else(no_such_view)?;
    let request_id = write.request_id();
    let render = move |effect: &ViewEffect| order_answer(effect, request_id.as_str());
    let order =
        |caller, ids, idempotent| api.engine.change_view(caller, object_type, id, ViewChange::Reorder(ids), idempotent);
    write
        .small_body()
        .await?
        .and_then(|object| record_order(&object))
        .carry_out(|_| render, order, ApiError::from)
        .await
}
