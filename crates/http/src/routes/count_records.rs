//! `GET /v2/prism/{teamId}/{objectType}/count`: how many records there are, of the type or of a list (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;
use refract_wire::Count;

use super::list_properties::require_list;
use crate::convert::answer::{json, respond};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::TypePath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/count",
    operation_id = "count_records",
    tag = "query",
    summary = "Count records",
    params(TypePath, ("list_id" = Option<String>, Query, format = Uuid, description = "Only members of this list.")),
    responses((status = 200, description = "How many there are.", body = refract_wire::Count))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let list_id = Query::of(&parts.uri)?.list_id()?;
    if let Some(list_id) = list_id {
        require_list(&*api.engine.schema(&caller).await?, list_id)?;
    }
    let total = api.engine.count_records(&caller, object_type, list_id).await?;
    Ok(respond(json(StatusCode::OK, &Count { total })))
}
