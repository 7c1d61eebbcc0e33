//! `POST /v2/prism/{teamId}/imports/{jobId}/apply`: does what a dry run said.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::ApplyEffect;

use super::write::Write;
use crate::convert::dry_run::apply_answer;
use crate::convert::undo::job_not_found;
use crate::error::ApiError;
use crate::openapi::{JobPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/imports/{job_id}/apply",
    operation_id = "apply_import",
    tag = "imports",
    summary = "Apply a dry run",
    description = "A job of its own, polled as any other. Each row is carried out if it still comes to what the dry run said of \
                   it; a row whose record has changed since is reported with the code `stale` and not written. A dry run is \
                   applied once.",
    params(JobPath, WriteHeaders),
    responses(
        (status = 202, description = "Accepted; a result a row once it has ended.", body = refract_wire::ImportJob,
            headers(("location" = String, description = "Where to poll."))),
    )
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let job_id = write.path.job_id().ok_or_else(job_not_found)?;
    let (request_id, retention) = (write.request_id(), api.settings.job_retention);
    let render = move |effect: &ApplyEffect| apply_answer(effect, retention, request_id.as_str());
    let apply = |caller, (), idempotent| api.engine.apply_dry_run(caller, job_id, idempotent);
    write.no_body().await?.carry_out(|()| render, apply, ApiError::from).await
}
