//! `POST /v2/prism/{teamId}/imports/{jobId}/undo`: takes back what an import wrote.

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::UndoEffect;

use super::write::Write;
use crate::convert::undo::{job_not_found, undo_answer};
use crate::error::ApiError;
use crate::openapi::{JobPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/imports/{job_id}/undo",
    operation_id = "undo_import",
    tag = "imports",
    summary = "Undo an import",
    description = "A job of its own, polled as any other. Records that the import made are removed for good, those it changed \
                   get their values back, options it made go if nobody uses them. What was changed since stays and is named, \
                   with the code `edited_since`.",
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
    let render = move |effect: &UndoEffect| undo_answer(effect, retention, request_id.as_str());
    let undo = |caller, (), idempotent| api.engine.undo(caller, job_id, idempotent);
    write.no_body().await?.carry_out(|()| render, undo, ApiError::from).await
}
