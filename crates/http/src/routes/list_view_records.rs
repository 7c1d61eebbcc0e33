//! `GET /v2/prism/{teamId}/{objectType}/views/{viewId}/records`: a page of the records that a view selects (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::query::PAGE_ROWS_MAX;
use refract_engine::{Access, PageWanted};

use crate::convert::answer::{json, respond};
use crate::convert::record::page;
use crate::convert::view::no_such_view;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ViewPath, ViewRecords};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}/records",
    operation_id = "list_view_records",
    tag = "views",
    summary = "The records of a view",
    description = "Those that its filter holds for: the pinned ones among them first, in their order, then the others in the order of the view. A cursor is good as long as the view asks the same and pins the same records.",
    params(ViewPath, ViewRecords),
    responses((status = 200, description = "A page.", body = refract_wire::Page))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let id = path.view_id().ok_or_else(no_such_view)?;
    let wanted = page_wanted(&Query::of(&parts.uri)?);
    let view = api.engine.view(&caller, object_type, id).await?;
    let found = api.engine.view_records(&caller, &view, &wanted).await?;
    Ok(respond(json(StatusCode::OK, &page(found))))
}

/// The page that a query asks for; more rows than a page has are as many as it has, as in lists of records.
pub(super) fn page_wanted(query: &Query) -> PageWanted {
    let most = |limit: &str| match limit.parse::<u64>() {
        Ok(rows) => rows.min(u64::from(PAGE_ROWS_MAX)).to_string(),
        Err(_) => limit.to_owned(),
    };
    PageWanted {
        cursor: query.get("cursor").map(str::to_owned),
        limit: query.get("limit").map(most),
        page: query.get("page").map(str::to_owned),
    }
}
