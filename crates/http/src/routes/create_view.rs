//! `POST /v2/prism/{teamId}/{objectType}/views`: a new view (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::ViewEffect;

use super::write::Write;
use crate::convert::view::{new_view, view_answer};
use crate::error::ApiError;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/views",
    operation_id = "create_view",
    tag = "views",
    summary = "Make a view",
    description = "Like a query with a name; what it shows is judged now, and again when it is asked.",
    params(TypePath, WriteHeaders),
    request_body(content = refract_wire::View, example = json!({"name": "Open", "view_type": "table", "filter": [{"name": {"contains": "a"}}], "sort": [{"name": "asc"}]})),
    responses((status = 201, description = "The view.", body = refract_wire::View))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let (team_id, request_id) = (write.caller.team_id, write.request_id());
    let render = move |effect: &ViewEffect| view_answer(effect, StatusCode::CREATED, team_id, request_id.as_str());
    let create =
        |caller, (id, settings), idempotent| api.engine.create_view(caller, object_type, id, settings, idempotent);
    let received = write.small_body().await?.and_then(|object| new_view(&object, team_id));
    received.carry_out(|_| render, create, ApiError::from).await
}
