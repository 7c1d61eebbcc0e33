//! `GET /v2/prism/{teamId}/{objectType}/{recordId}/provenance`: which import last wrote a record.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::Access;

use crate::convert::answer::respond;
use crate::convert::record::not_found;
use crate::convert::undo::provenance_answer;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::RecordPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}/provenance",
    operation_id = "get_provenance",
    tag = "records",
    summary = "Which import last wrote a record",
    description = "The last import job that wrote the record and its row, for as long as the job is kept.",
    params(RecordPath),
    responses((status = 200, description = "Where it comes from.", body = refract_wire::Provenance))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let record_id = path.record_id().ok_or_else(not_found)?;
    let provenance = api.engine.provenance(&caller, object_type, record_id).await?;
    Ok(respond(provenance_answer(&provenance.ok_or_else(not_found)?)))
}
