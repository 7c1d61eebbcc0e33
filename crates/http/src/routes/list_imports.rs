//! `GET /v2/prism/{teamId}/imports`: the team's jobs, the newest first.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use refract_domain::import::listing::{JobFilter, JobStanding};
use refract_domain::object_type::ObjectType;
use refract_engine::Access;
use refract_wire::ImportPage;

use crate::convert::answer::{json, respond};
use crate::convert::job::polled_job;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ImportsQuery, TeamPath};
use crate::state::SharedApi;

/// Jobs on a page when nothing is said.
const LIMIT: u32 = 25;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports",
    operation_id = "list_imports",
    tag = "imports",
    summary = "List imports",
    description = "The team's jobs, the newest first, for as long as they are kept. Imports that were answered at once are no \
                   jobs.",
    params(TeamPath, ImportsQuery),
    responses((status = 200, description = "A page.", body = refract_wire::ImportPage))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let query = Query::of(&parts.uri)?;
    let filter = filter(&query)?;
    let limit = query.positive("limit")?.unwrap_or(LIMIT);
    let page = api.engine.jobs(&caller, &filter, query.get("cursor"), limit).await?;
    let body = ImportPage {
        data: page.jobs.iter().map(polled_job).collect(),
        has_more: page.next_cursor.is_some(),
        next_cursor: page.next_cursor,
    };
    let mut response = respond(json(StatusCode::OK, &body));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn filter(query: &Query) -> Result<JobFilter, ApiError> {
    let standing = query.word("status", &JobStanding::ALL.map(JobStanding::name), JobStanding::parse)?;
    let object_type = query.word("object_type", &ObjectType::ALL.map(ObjectType::name), ObjectType::parse)?;
    let created_after = query.instant("created_after")?;
    let created_before = query.instant("created_before")?;
    Ok(JobFilter { standing, object_type, created_after, created_before })
}
