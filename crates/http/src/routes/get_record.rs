//! `GET /v2/prism/{teamId}/{objectType}/{recordId}`: one record, or the values of it that `select` names (contract §3.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, View};

use crate::convert::answer::respond;
use crate::convert::record::{not_found, shown_answer};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{RecordPath, ViewQuery};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}",
    operation_id = "get_record",
    tag = "records",
    summary = "Read a record",
    params(RecordPath, ViewQuery),
    responses((status = 200, description = "The record.", body = refract_wire::Record,
        headers(("etag" = String, description = "Its version, for `If-Match`."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let view = view(&Query::of(&parts.uri)?)?;
    let record_id = path.record_id().ok_or_else(not_found)?;
    let shown = api.engine.read_record(&caller, object_type, record_id, &view).await?;
    Ok(respond(shown_answer(shown.ok_or_else(not_found)?)))
}

/// What of a record the query wants to see.
pub(crate) fn view(query: &Query) -> Result<View, ApiError> {
    Ok(View { select: query.get("select").map(str::to_owned), list_id: query.list_id()? })
}
