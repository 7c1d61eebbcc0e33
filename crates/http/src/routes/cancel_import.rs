//! `POST /v2/prism/{teamId}/imports/{jobId}/cancel`: ends a job that has not ended.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, Cancelled};

use crate::convert::{answer, job};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::JobPath;
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/imports/{job_id}/cancel",
    operation_id = "cancel_import",
    tag = "imports",
    summary = "Cancel an import",
    description = "Rows that are written stay; those that the job did not come to are `not_attempted`. A job that is cancelled \
                   already is answered as it is, one that has ended otherwise with 409.",
    params(JobPath),
    responses((status = 200, description = "The job, `failed` as `cancelled`, without its results.",
        body = refract_wire::ImportJob))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let cancelled = api.engine.cancel_job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;
    match cancelled {
        Cancelled::Now(view) => Ok(answer::respond(job::cancelled_answer(&view))),
        Cancelled::EndedBefore(view) if job::is_cancelled(&view) => Ok(answer::respond(job::cancelled_answer(&view))),
        Cancelled::EndedBefore(_) => Err(ApiError::conflict("The import has ended; there is nothing left to cancel.")),
    }
}
