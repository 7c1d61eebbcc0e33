//! `GET /v2/prism/{teamId}/{objectType}`: a page of records, by a query in short (contract §3.4).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, Question};

use crate::convert::answer::{json, respond};
use crate::convert::record::page;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ListQuery, TypePath};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}",
    operation_id = "list_records",
    tag = "query",
    summary = "List records",
    description = "A query in short. Any other name is the slug of a property that must equal the value; given more than once, \
                   one of them.",
    params(TypePath, ListQuery),
    responses((status = 200, description = "A page.", body = refract_wire::Page))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let query = Query::of(&parts.uri)?;
    let found = api.engine.query(&caller, object_type, Question::Parameters(query.pairs())).await?;
    Ok(respond(json(StatusCode::OK, &page(found))))
}
