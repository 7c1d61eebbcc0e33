//! `GET /v2/prism/{teamId}/lists`: the team's lists (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;
use refract_wire::ListPage;

use crate::convert::answer::{json, respond};
use crate::convert::list::list;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TeamPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/lists",
    operation_id = "list_lists",
    tag = "lists",
    summary = "The team's lists",
    params(TeamPath),
    responses((status = 200, description = "The lists, oldest first.", body = refract_wire::ListPage))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let caller = admit(&api, &parts, &ApiPath::of(&parts.uri), Access::Read).await?;
    let lists = api.engine.lists(&caller).await?;
    let views = api.engine.views(&caller).await?;
    let data = lists.into_iter().map(|one| list(one, caller.team_id, &views)).collect();
    Ok(respond(json(StatusCode::OK, &ListPage { data })))
}
