//! `GET /v2/prism/{teamId}/lists/{listId}`: one list (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;

use crate::convert::answer::{json, respond};
use crate::convert::list::list;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::ListPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/lists/{list_id}",
    operation_id = "get_list",
    tag = "lists",
    summary = "Read a list",
    params(ListPath),
    responses((status = 200, description = "The list.", body = refract_wire::List))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let not_found = || ApiError::not_found("There is no such list; GET /lists shows those there are.");
    let id = path.list_id().ok_or_else(not_found)?;
    let found = api.engine.list(&caller, id).await?.ok_or_else(not_found)?;
    let views = api.engine.views(&caller).await?;
    Ok(respond(json(StatusCode::OK, &list(found, caller.team_id, &views))))
}
