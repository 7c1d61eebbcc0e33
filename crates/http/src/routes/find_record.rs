//! `GET /v2/prism/{teamId}/{objectType}/by/{slug}/{value}`: the one record that a value names (contract §3.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::ids::RecordId;
use refract_domain::limits::CANDIDATES_NAMED_MAX;
use refract_engine::{Access, Found, Wanted};

use super::get_record::view;
use crate::convert::answer::respond;
use crate::convert::record::{not_found, refusal, shown_answer};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{ValuePath, ViewQuery};
use crate::state::SharedApi;

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/{object_type}/by/{slug}/{value}",
    operation_id = "find_record",
    tag = "query",
    summary = "Find the one record with a value",
    description = "Compared as an import compares by default: without case and outer spaces. Several records with the value \
                   are answered 409 `multiple_matches`, some of their ids in `details.ids`.",
    params(ValuePath, ViewQuery),
    responses((status = 200, description = "The record.", body = refract_wire::Record,
        headers(("etag" = String, description = "Its version, for `If-Match`."))))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let view = view(&Query::of(&parts.uri)?)?;
    let (slug, value) = path.slug_and_value().ok_or_else(not_found)?;
    let wanted = Wanted { object_type, slug, value, list_id: view.list_id };
    let found =
        api.engine.find_record(&caller, &wanted).await.map_err(|error| refusal(error, object_type, ".path.value"))?;
    match found {
        Found::None => Err(not_found()),
        Found::One(record) => Ok(respond(shown_answer(api.engine.show_record(&caller, &record, &view).await?))),
        Found::Several(ids) => Err(several(slug, &ids)),
    }
}

/// 409: `ids` are those of some candidates, one more than are named when there are others still.
fn several(slug: &str, ids: &[RecordId]) -> ApiError {
    let named = ids.get(..CANDIDATES_NAMED_MAX).unwrap_or(ids);
    let and_more = if named.len() < ids.len() { " and more" } else { "" };
    let texts: Vec<String> = named.iter().map(ToString::to_string).collect();
    let message =
        format!("{slug:?} matches several records: {}{and_more}. Merge them, or use the id.", texts.join(", "));
    ApiError::multiple_matches(message, named)
}
