//! `POST /v2/prism/{teamId}/{objectType}/query`: a page of the records that a query asks for (contract §3.5). It
//! writes nothing, so it needs no more than the right to read, and an idempotency key says nothing here.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, Question};

use super::write::read_object;
use crate::convert::answer::{json, respond};
use crate::convert::record::page;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TypePath;
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/query",
    operation_id = "query_records",
    tag = "query",
    summary = "Query records",
    params(TypePath),
    request_body(content = refract_wire::QueryRequest, example = json!({"query": {
        "select": ["description"],
        "filter": [{"description": {"contains": "meeting"}}],
        "sort": [{"updated_at": "desc"}],
        "limit": 25
    }})),
    responses((status = 200, description = "A page.", body = refract_wire::Page))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let object = read_object(&api, &parts, body).await?;
    let found = api.engine.query(&caller, object_type, Question::Body(&object)).await?;
    Ok(respond(json(StatusCode::OK, &page(found))))
}
