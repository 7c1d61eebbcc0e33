//! `DELETE /v2/prism/{teamId}/{objectType}/{recordId}`: hides one record (contract §1.4). It takes no body and no
//! idempotency key.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::Access;

use super::write;
use crate::convert::answer::respond;
use crate::convert::record::{deleted_answer, not_found};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::headers::precondition;
use crate::extract::path::ApiPath;
use crate::openapi::{RecordHeaders, RecordPath};
use crate::state::SharedApi;

#[utoipa::path(
    delete,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}",
    operation_id = "delete_record",
    tag = "records",
    summary = "Hide a record",
    params(RecordPath, RecordHeaders),
    responses((status = 204, description = "Hidden; it can be restored."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let record_id = path.record_id().ok_or_else(not_found)?;
    let effect = api.engine.delete_record(caller, object_type, record_id, precondition(&parts.headers)).await?;
    let request_id = write::request_id(&api, &parts);
    Ok(respond(deleted_answer(&effect, request_id.as_str())))
}
