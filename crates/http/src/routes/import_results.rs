//! `GET /v2/prism/{teamId}/imports/{jobId}/results`: what became of a job's rows, all or those of one outcome.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use refract_domain::import::fate::FateWord;
use refract_engine::Access;

use crate::convert::result_forms::{results_csv, results_lines, results_page};
use crate::error::ApiError;
use crate::extract::accept::preferred;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{JobPath, ResultsQuery};
use crate::state::SharedApi;

/// Rows on a page when nothing is said.
const LIMIT: u32 = 100;

#[derive(Clone, Copy)]
enum Form {
    Page,
    Lines,
    Csv,
}

const FORMS: [(&str, Form); 3] =
    [("application/json", Form::Page), ("application/x-ndjson", Form::Lines), ("text/csv", Form::Csv)];

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}/results",
    operation_id = "list_import_results",
    tag = "imports",
    summary = "What became of the rows of an import",
    description = "In the rows' order. As JSON a page: while the job runs, and where a rare outcome is looked for in many rows, a \
                   page may be short and `has_more` true. As NDJSON or CSV, by `Accept`, all that is known at once.",
    params(JobPath, ResultsQuery),
    responses((status = 200, description = "The results.", content(
        (refract_wire::ImportResultPage = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv")
    )))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let query = Query::of(&parts.uri)?;
    let wanted = query.word("outcome", &FateWord::ALL.map(FateWord::name), FateWord::parse)?;
    let limit = query.positive("limit")?.unwrap_or(LIMIT);
    let form = preferred(&parts.headers, &FORMS)?;
    let view = api.engine.job(&caller, job_id).await?.ok_or_else(ApiError::no_such_job)?;

    let (body, content_type) = match form {
        Form::Page => {
            let spec = &view.snapshot.spec;
            let asked = wanted.map_or("", FateWord::name);
            let holds = |fate: &_| wanted.is_none_or(|wanted| wanted == FateWord::of(fate, spec));
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let page = api.engine.outcomes_page(&caller, &view, (asked, holds), query.get("cursor"), limit).await?;
            (Body::from(results_page(&view, &page)), "application/json")
        }
        Form::Lines => (results_lines(api.engine.outcomes(&caller, &view), wanted), "application/x-ndjson"),
        Form::Csv => (results_csv(api.engine.outcomes(&caller, &view), wanted), "text/csv; charset=utf-8"),
    };
    let mut response = Response::new(body);
    for (name, value) in [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (VARY, "accept")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
