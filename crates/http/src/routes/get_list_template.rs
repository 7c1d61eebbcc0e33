//! `GET /v2/prism/{teamId}/list-templates/{templateId}`: one of what lists can be made from (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::property::list_template;
use refract_engine::Access;

use crate::convert::answer::{json, respond};
use crate::convert::list::template;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TemplatePath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/list-templates/{template_id}",
    operation_id = "get_list_template",
    tag = "lists",
    summary = "Read a list template",
    params(TemplatePath),
    responses((status = 200, description = "The template.", body = refract_wire::ListTemplate))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    admit(&api, &parts, &path, Access::Read).await?;
    let found = path.template_id().and_then(list_template);
    let found =
        found.ok_or_else(|| ApiError::not_found("There is no such template; GET /list-templates shows them."))?;
    Ok(respond(json(StatusCode::OK, &template(found))))
}
