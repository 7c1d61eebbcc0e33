//! `GET /v2/prism/{teamId}/imports/{jobId}/failed`: the rows that did not get in, ready to be corrected and sent again.

use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use refract_engine::{Access, RowsLeft};

use crate::convert::failed_cells;
use crate::convert::failed_rows::{RowsForm, forms, rows_body};
use crate::convert::failed_workbook::{self, workbook_body};
use crate::error::ApiError;
use crate::extract::accept::preferred;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{FailedQuery, JobPath};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}/failed",
    operation_id = "get_import_failed_rows",
    tag = "imports",
    summary = "The rows of an import that did not get in",
    description = "As they came, each with what is wrong with it: of JSON under `extended.refract`, of files in the columns \
                   `refract_row`, `refract_code`, `refract_field` and `refract_message`. An import passes both over, so the \
                   answer is the body of the next import once it is corrected.",
    params(JobPath, FailedQuery),
    responses((status = 200, description = "The rows.", content(
        (refract_wire::FailedRows = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv"),
        (String = "text/tab-separated-values"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/vnd.oasis.opendocument.spreadsheet")
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
    let view = api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;
    if view.snapshot.spec.kind.is_undo() {
        return Err(ApiError::conflict("An undo has no rows of its own; ask for the results of the undo."));
    }
    let options = &view.snapshot.spec.options;
    let wanted = wanted.unwrap_or(RowsLeft::Failed);
    let not_attempted = if wanted == RowsLeft::Failed { 0 } else { view.counters.not_attempted };
    let form = preferred(&parts.headers, forms(options, view.counters.failed + not_attempted))?;
    let content_type = match (form, &options.table) {
        (RowsForm::Request, _) => "application/json".to_owned(),
        (RowsForm::Cells, Some(table)) => {
            format!("{}; charset={}", failed_cells::media_type(table.format), table.text.encoding)
        }
        (RowsForm::Csv, Some(table)) => format!("text/csv; charset={}", table.text.encoding),
        (RowsForm::Workbook, Some(table)) => failed_workbook::media_type(table.format).to_owned(),
        _ => "application/x-ndjson".to_owned(),
    };
    let rows = api.engine.rows_left(&caller, &view, wanted);
    let body = match form {
        RowsForm::Workbook => workbook_body(rows).await?,
        form => rows_body(rows, form).await?,
    };
    let mut response = Response::new(body);
    // Encodings are named in ASCII.
    let content_type =
        HeaderValue::from_str(&content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    for (name, value) in [(CACHE_CONTROL, "no-store"), (VARY, "accept")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
