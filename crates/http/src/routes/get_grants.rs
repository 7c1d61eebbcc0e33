//! `GET /v2/prism/{teamId}/{objectType}/{id}/grant`: who may do what with a record (contract §6.3).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::Access;

use super::write::request_id;
use crate::convert::answer::respond;
use crate::convert::grants::grants_answer;
use crate::convert::record::not_found;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::RecordPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}/grant",
    operation_id = "get_grants",
    tag = "records",
    summary = "Read who may do what with a record",
    description = "Of `deal`, `action`, `document`, `event` and `engagement`; other types answer 405.",
    params(RecordPath),
    responses((status = 200, description = "The grants.", body = refract_wire::Grants))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.grantable_type()?;
    let id = path.record_id().ok_or_else(not_found)?;
    let grants = api.engine.grants(&caller, object_type, id).await?;
    Ok(respond(grants_answer(grants.as_ref(), request_id(&api, &parts).as_str())))
}
