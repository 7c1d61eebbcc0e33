//! `POST /v2/prism/{teamId}/imports/{jobId}/retry`: those rows of a job that did not get in, as a new job.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::import::job::JobSpec;

use super::write::Write;
use crate::convert::job;
use crate::convert::options::{RetryOptions, retry_options};
use crate::error::ApiError;
use crate::openapi::{JobPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/imports/{job_id}/retry",
    operation_id = "retry_import",
    tag = "imports",
    summary = "Try the rows again that did not get in",
    description = "A new job of the rows that failed or were not attempted, as they came, under the options of the old job with \
                   those sent here in their place. 409 while the job runs, and when all its rows are in.",
    params(JobPath, WriteHeaders),
    request_body(content = refract_wire::RetryRequest, example = json!({"options": {"create_missing_options": true}})),
    responses((status = 202, description = "Accepted; the rows are safe.", body = refract_wire::ImportJob,
        headers(("location" = String, description = "Where to poll."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let job_id = write.path.job_id().ok_or_else(ApiError::no_such_job)?;
    let retention = api.settings.job_retention;
    let render_for = |_: &RetryOptions| move |spec: &JobSpec| job::accepted_answer(spec, retention);
    let retry = |caller, changes: RetryOptions, idempotent| {
        let options = move |options, to_be: &mut _, object_type| changes.applied_to(options, to_be, object_type);
        api.engine.retry_job(caller, job_id, options, idempotent)
    };
    let received = write.optional_body().await?.and_then(|object| retry_options(object.as_deref()));
    received.carry_out(render_for, retry, ApiError::from).await
}
