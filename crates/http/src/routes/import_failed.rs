//! `GET /v2/prism/{teamId}/imports/{jobId}/failed`: the rows that did not get in, ready to be corrected and sent again.

use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use refract_engine::{Access, RowsLeft};

use crate::convert::failed_rows::{RowsForm, rows_body};
use crate::error::ApiError;
use crate::extract::accept::preferred;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{FailedQuery, JobPath};
use crate::state::SharedApi;

const FORMS: [(&str, RowsForm); 2] =
    [("application/json", RowsForm::Request), ("application/x-ndjson", RowsForm::Lines)];

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}/failed",
    operation_id = "get_import_failed_rows",
    tag = "imports",
    summary = "The rows of an import that did not get in",
    description = "As they came, each with what is wrong with it under `extended.refract`, which an import passes over: the answer \
                   is the body of the next import once it is corrected.",
    params(JobPath, FailedQuery),
    responses((status = 200, description = "The rows.", content(
        (refract_wire::FailedRows = "application/json"),
        (String = "application/x-ndjson")
    )))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let query = Query::of(&parts.uri)?;
    let wanted = query.word("include", &["not_attempted"], |word| {
        (word == "not_attempted").then_some(RowsLeft::FailedOrNotAttempted)
    })?;
    let form = preferred(&parts.headers, &FORMS)?;
    let view = api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;
    let rows = api.engine.rows_left(&caller, &view, wanted.unwrap_or(RowsLeft::Failed));
    let mut response = Response::new(rows_body(rows, form).await?);
    let content_type = match form {
        RowsForm::Request => "application/json",
        RowsForm::Lines => "application/x-ndjson",
    };
    for (name, value) in [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (VARY, "accept")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
