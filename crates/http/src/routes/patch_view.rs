//! `PATCH /v2/prism/{teamId}/{objectType}/views/{viewId}`: changes a view (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{ViewChange, ViewEffect};

use super::write::Write;
use crate::convert::view::{no_such_view, settings, view_answer};
use crate::error::ApiError;
use crate::openapi::{ViewPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    patch,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}",
    operation_id = "patch_view",
    tag = "views",
    summary = "Change a view",
    params(ViewPath, WriteHeaders),
    request_body(content = refract_wire::View, example = json!({"name": "Won", "icon": null})),
    responses((status = 200, description = "The view as it is now.", body = refract_wire::View))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let (team_id, request_id) = (write.caller.team_id, write.request_id());
    let id = write.path.view_id().ok_or_else(no_such_view)?;
    let render = move |effect: &ViewEffect| view_answer(effect, StatusCode::OK, team_id, request_id.as_str());
    let change = |caller, change, idempotent| api.engine.change_view(caller, object_type, id, change, idempotent);
    let received = write.small_body().await?;
    let received = received.and_then(|object| Ok(ViewChange::Set(settings(&object, team_id)?.1)));
    received.carry_out(|_| render, change, ApiError::from).await
}
