//! `GET /v2/prism/{teamId}/{objectType}/properties`: the properties of one object type (contract §4.1).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::Access;

use super::list_properties::properties_of;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::{PropertyQuery, TypePath};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/properties",
    operation_id = "list_type_properties",
    tag = "properties",
    summary = "Properties of an object type",
    params(TypePath, PropertyQuery),
    responses((status = 200, description = "By type, then by id.", body = refract_wire::PropertyMap))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    properties_of(&api, &parts, &caller, &[path.object_type()?]).await
}
