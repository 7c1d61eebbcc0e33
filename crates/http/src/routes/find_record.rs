//! `GET /v2/prism/{teamId}/{objectType}/by/{slug}/{value}`: the one record that a value names (contract §3.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::import::judge::ContextError;
use refract_engine::{Access, EngineError, Found, Wanted};

use super::get_record::view;
use crate::convert::answer::respond;
use crate::convert::record::{not_found, shown_answer};
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
                   are answered 409.",
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
    let found = api.engine.find_record(&caller, &wanted).await.map_err(|error| refused(error, object_type.name()))?;
    match found {
        Found::None => Err(not_found()),
        Found::One(record) => Ok(respond(shown_answer(api.engine.show_record(&caller, &record, &view).await?))),
        Found::Several(ids) => Err(several(slug, &ids.iter().map(ToString::to_string).collect::<Vec<_>>())),
    }
}

/// More candidates than are named.
const CANDIDATES_NAMED_MAX: usize = 5;

/// 409: `ids` are those of some candidates, one more than are named when there are others still.
pub(crate) fn several(slug: &str, ids: &[String]) -> ApiError {
    let named = ids.get(..CANDIDATES_NAMED_MAX).unwrap_or(ids);
    let and_more = if named.len() < ids.len() { " and more" } else { "" };
    let message =
        format!("{slug:?} matches several records: {}{and_more}. Merge them, or use the id.", named.join(", "));
    ApiError::multiple_matches(message, named)
}

/// The engine's refusals as they concern a path, not the body of an import.
pub(crate) fn refused(error: EngineError, object_type: &str) -> ApiError {
    match error {
        EngineError::Options(ContextError::UnknownDedupeProperty { slug, nearest }) => {
            let shown: String = slug.chars().take(40).collect();
            let advice = nearest.map_or_else(String::new, |nearest| format!(" Did you mean {nearest:?}?"));
            let message = format!("{object_type} has no property {shown:?}.{advice}");
            ApiError::invalid("unknown_property", ".path.slug", message)
        }
        EngineError::Options(ContextError::NotAKey { slug, property_type }) => ApiError::invalid_field(
            ".path.slug",
            format!("Records cannot be found by {slug:?}: a value of type {property_type} names no record."),
        ),
        EngineError::Options(ContextError::UnknownList(list_id)) => ApiError::invalid_field(
            ".query.list_id",
            format!("The team has no list {list_id}; GET /lists shows those it has."),
        ),
        EngineError::Options(ContextError::ListOfAnotherType { list_id, takes, imported }) => ApiError::invalid_field(
            ".query.list_id",
            format!("The list {list_id} takes {takes} records, not {imported}."),
        ),
        EngineError::Value(error) => ApiError::invalid_field(".path.value", error.first.message.clone()),
        other => other.into(),
    }
}
