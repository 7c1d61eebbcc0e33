//! `GET /v2/prism/{teamId}/imports/{jobId}`: how far a job is, and its results once it has ended (contract §2.8).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use refract_engine::Access;

use crate::convert::{answer, job};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::JobPath;
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}",
    operation_id = "get_import",
    tag = "imports",
    summary = "Poll an import",
    description = "Kept for seven days unless set otherwise. `results` comes once the job has ended.",
    params(JobPath),
    responses((status = 200, description = "The job.", body = refract_wire::ImportJob))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let view = api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;

    let mut response = if view.snapshot.state.ended_at().is_none() {
        let mut processing = answer::respond(answer::json(StatusCode::OK, &job::polled_job(&view)));
        processing.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        processing
    } else {
        let body: Body = job::ended_job_body(api.engine.outcomes(&caller, &view));
        let mut ended = Response::new(body);
        ended.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ended
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
