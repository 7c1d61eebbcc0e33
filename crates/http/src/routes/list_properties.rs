//! `GET /v2/prism/{teamId}/properties`: the properties of all object types (contract §4.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_engine::{Access, Caller};

use crate::convert::answer::{json, respond};
use crate::convert::property::{PropertyFilter, property_map};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::openapi::{PropertyQuery, TeamPath};
use crate::state::{Api, SharedApi};

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/properties",
    operation_id = "list_properties",
    tag = "properties",
    summary = "Properties of all object types",
    params(TeamPath, PropertyQuery),
    responses((status = 200, description = "By type, then by id.", body = refract_wire::PropertyMap))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let caller = admit(&api, &parts, &ApiPath::of(&parts.uri), Access::Read).await?;
    properties_of(&api, &parts, &caller, &ObjectType::ALL).await
}

/// The properties of these types that the query lets through.
pub(crate) async fn properties_of(
    api: &Api,
    parts: &Parts,
    caller: &Caller,
    object_types: &[ObjectType],
) -> Result<Response, ApiError> {
    let query = Query::of(&parts.uri)?;
    let filter = PropertyFilter {
        term: query.get("term").map(str::to_owned),
        list_id: query.list_id()?,
        include_options: query.flag("include_options", true)?,
        include_archived: query.flag("include_archived", false)?,
    };
    let schema = api.engine.schema(caller).await?;
    if let Some(list_id) = filter.list_id {
        require_list(&schema, list_id)?;
    }
    Ok(respond(json(StatusCode::OK, &property_map(&schema, object_types, &filter, caller.team_id))))
}

/// Refuses a list that the team has not; another team's and none at all are answered alike.
pub(crate) fn require_list(schema: &Schema, list_id: ListId) -> Result<(), ApiError> {
    if schema.lists.contains_key(&list_id) {
        return Ok(());
    }
    Err(ApiError::invalid_field(".query.list_id", "The team has no list of this id; GET /lists shows those it has."))
}
