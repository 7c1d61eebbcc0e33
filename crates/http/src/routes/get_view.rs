//! `GET /v2/prism/{teamId}/{objectType}/views/{viewId}`: one view, with a page of its records when that is asked (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::Access;
use refract_wire::{ShownView, ViewWithRecords};

use super::list_view_records::page_wanted;
use crate::convert::answer::{json, respond};
use crate::convert::record::page;
use crate::convert::view::{no_such_view, view};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ViewInclude, ViewPath, ViewRecords};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}",
    operation_id = "get_view",
    tag = "views",
    summary = "Read a view",
    params(ViewPath, ViewInclude, ViewRecords),
    responses((status = 200, description = "The view; with `include=records` as `{view, records}`.", body = refract_wire::ShownView))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let query = Query::of(&parts.uri)?;
    let with_records = match query.get("include") {
        None => false,
        Some("records") => true,
        Some(_) => return Err(ApiError::invalid_field(".query.include", "include must be records, or absent.")),
    };
    let id = path.view_id().ok_or_else(no_such_view)?;
    let found = api.engine.view(&caller, object_type, id).await?;
    let shown = view(&found, caller.team_id);
    if !with_records {
        return Ok(respond(json(StatusCode::OK, &ShownView::Alone(Box::new(shown)))));
    }
    let records = page(api.engine.view_records(&caller, &found, &page_wanted(&query)).await?);
    let whole = Box::new(ViewWithRecords { view: shown, records });
    Ok(respond(json(StatusCode::OK, &ShownView::WithRecords(whole))))
}
