//! `GET /v2/prism/{teamId}/{objectType}/views`: the views of a type (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;
use refract_wire::ViewPage;

use crate::convert::answer::{json, respond};
use crate::convert::view::view;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TypePath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/views",
    operation_id = "list_views",
    tag = "views",
    summary = "The views of a type",
    params(TypePath),
    responses((status = 200, description = "The views, oldest first.", body = refract_wire::ViewPage))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let views = api.engine.views(&caller).await?.into_iter().filter(|view| view.object_type == object_type);
    let data = views.map(|found| view(&found, caller.team_id)).collect();
    Ok(respond(json(StatusCode::OK, &ViewPage { data })))
}
