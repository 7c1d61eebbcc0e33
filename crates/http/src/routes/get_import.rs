//! `GET /v2/prism/{teamId}/imports/{jobId}`: how far a job is, and its results once it has ended (contract §2.8); at once, or
//! when it has got on.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use refract_domain::import::listing::JobMark;
use refract_engine::{Access, JobView, JobWatch, Waited};
use tokio::time::Instant;

use crate::convert::{answer, job};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::headers::has_already;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{JobPath, WaitQuery};
use crate::state::SharedApi;

/// The longest that an answer waits.
const WAIT_MAX: Duration = Duration::from_secs(60);

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}",
    operation_id = "get_import",
    tag = "imports",
    summary = "Poll an import",
    description = "Kept for seven days unless set otherwise. `results` comes once the job has ended. With `wait` the answer comes \
                   when the counters have changed or the job has ended, or after that time.",
    params(JobPath, WaitQuery),
    responses(
        (status = 200, description = "The job.", body = refract_wire::ImportJob,
            headers(("etag" = String, description = "How far it is, for `If-None-Match`."))),
        (status = 304, description = "It has not got on since the answer that `If-None-Match` names.")
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let wait = Query::of(&parts.uri)?.wait(WAIT_MAX)?;
    let view = match wait {
        None => api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?,
        Some(wait) => got_on(api.engine.watch_job(&caller, job_id), wait, &parts.headers).await?,
    };

    let is_processing = view.snapshot.state.ended_at().is_none();
    let mut response = if has_already(&parts.headers, &tag(&view)) == Some(true) {
        answer::respond(answer::empty(StatusCode::NOT_MODIFIED))
    } else if is_processing {
        answer::respond(answer::json(StatusCode::OK, &job::polled_job(&view)))
    } else {
        let mut ended = Response::new(job::ended_job_body(api.engine.outcomes(&caller, &view)));
        ended.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ended
    };
    let headers = response.headers_mut();
    if is_processing {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag(&view)) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The job once it has got on; as it is when it has ended, stands elsewhere than the caller knows, or does not get on in
/// time.
async fn got_on(mut watch: JobWatch, wait: Duration, headers: &HeaderMap) -> Result<JobView, ApiError> {
    let view = watch.view().await?.ok_or_else(ApiError::no_such_job)?;
    if view.snapshot.state.ended_at().is_some() || has_already(headers, &tag(&view)) == Some(false) {
        return Ok(view);
    }
    match watch.beyond(JobMark::of(&view.snapshot), Instant::now() + wait).await? {
        Waited::Changed(view) | Waited::Same(view) => Ok(view),
        Waited::Gone => Err(ApiError::no_such_job()),
    }
}

/// Weak: answers of one mark differ in how fast the job is said to get on.
fn tag(view: &JobView) -> String {
    format!("W/\"{}\"", JobMark::of(&view.snapshot))
}
