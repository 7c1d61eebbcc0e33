//! `POST /v2/prism/{teamId}/{objectType}/views/{viewId}/records/{recordId}`: pins a record (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{ViewChange, ViewEffect};

use super::write::Write;
use crate::convert::record::not_found;
use crate::convert::view::{no_such_view, order_answer, pin_refusal};
use crate::error::ApiError;
use crate::openapi::{PinPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}/records/{record_id}",
    operation_id = "pin_record",
    tag = "views",
    summary = "Pin a record to a view",
    description = "One that is pinned stays where it is.",
    params(PinPath, WriteHeaders),
    responses((status = 204, description = "It is pinned, below those that were."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let id = write.path.view_id().ok_or_else(no_such_view)?;
    let record = write.path.pinned_id().ok_or_else(not_found)?;
    let request_id = write.request_id();
    let render = move |effect: &ViewEffect| order_answer(effect, request_id.as_str());
    let pin =
        |caller, (), idempotent| api.engine.change_view(caller, object_type, id, ViewChange::Pin(record), idempotent);
    write.no_body().await?.carry_out(|_| render, pin, pin_refusal).await
}
