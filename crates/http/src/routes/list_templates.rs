//! `GET /v2/prism/{teamId}/list-templates`: what lists can be made from (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::property::LIST_TEMPLATES;
use refract_engine::Access;
use refract_wire::ListTemplatePage;

use crate::convert::answer::{json, respond};
use crate::convert::list::template;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TeamPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/list-templates",
    operation_id = "list_list_templates",
    tag = "lists",
    summary = "What lists can be made from",
    params(TeamPath),
    responses((status = 200, description = "All templates.", body = refract_wire::ListTemplatePage))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    admit(&api, &parts, &ApiPath::of(&parts.uri), Access::Read).await?;
    let data = LIST_TEMPLATES.iter().map(template).collect();
    Ok(respond(json(StatusCode::OK, &ListTemplatePage { data })))
}
