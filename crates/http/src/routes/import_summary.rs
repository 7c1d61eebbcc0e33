//! `GET /v2/prism/{teamId}/imports/{jobId}/summary`: what is wrong with a job's rows, in short.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use refract_engine::Access;

use crate::convert::answer::{json, respond};
use crate::convert::job::summary;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::JobPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}/summary",
    operation_id = "get_import_summary",
    tag = "imports",
    summary = "What is wrong with the rows of an import",
    description = "Faults by code and field, those of most rows first: how many rows and which, a value, what to do. Of a job that \
                   runs, as far as it is.",
    params(JobPath),
    responses((status = 200, description = "The counters and the faults.", body = refract_wire::ImportSummary))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let view = api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;
    let (groups, left_out) = api.engine.fault_groups(&caller, &view).await?;
    let mut response = respond(json(StatusCode::OK, &summary(&view, &groups, left_out)));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
