//! `DELETE /v2/prism/{teamId}/{objectType}/views/{viewId}`: drops a view; its records stay (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, KeptAnswer};

use crate::convert::answer::respond;
use crate::convert::view::no_such_view;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::ViewPath;
use crate::state::SharedApi;

#[utoipa::path(
    delete,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}",
    operation_id = "delete_view",
    tag = "views",
    summary = "Delete a view",
    params(ViewPath),
    responses((status = 204, description = "It is gone; its records stay."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let id = path.view_id().ok_or_else(no_such_view)?;
    if !api.engine.delete_view(caller, object_type, id).await? {
        return Err(no_such_view());
    }
    let status = StatusCode::NO_CONTENT.as_u16();
    Ok(respond(KeptAnswer { status, headers: Vec::new(), body: Vec::new() }))
}
