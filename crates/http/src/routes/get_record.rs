//! `GET /v2/prism/{teamId}/{objectType}/{recordId}`: one record, or the values of it that `select` names (contract §3.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;

use crate::convert::answer::{json, respond};
use crate::convert::record::{Selection, etag, not_found, record, selected_values, selection};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::RecordPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}",
    operation_id = "get_record",
    tag = "records",
    summary = "Read a record",
    params(RecordPath, ("select" = Option<String>, Query, description = "Slugs, separated by commas; all when absent.")),
    responses((status = 200, description = "The record.", body = refract_wire::Record,
        headers(("etag" = String, description = "Its version, for `If-Match`."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let query = Query::of(&parts.uri)?;
    let wanted = match query.get("select") {
        None => Selection::All,
        select => selection(select, api.engine.schema(&caller).await?.of(object_type))?,
    };
    let record_id = path.record_id().ok_or_else(not_found)?;
    let found = api.engine.get_record(&caller, object_type, record_id).await?.ok_or_else(not_found)?;

    let values = selected_values(&found.body, &wanted, caller.team_id);
    let mut answer = json(StatusCode::OK, &record(&found, values));
    answer.headers.push(("etag".to_owned(), etag(&found)));
    Ok(respond(answer))
}
