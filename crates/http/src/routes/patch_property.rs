//! `PATCH /v2/prism/{teamId}/{objectType}/properties/{propertyId}`: changes or archives a property (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::modelling::ModelRequest;
use refract_engine::SchemaEffect;

use super::write::Write;
use crate::convert::modelling::{named, property_answer, property_patch, read};
use crate::error::ApiError;
use crate::extract::query::Query;
use crate::openapi::{PropertyPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    patch,
    path = "/v2/prism/{team_id}/{object_type}/properties/{property_id}",
    operation_id = "patch_property",
    tag = "properties",
    summary = "Change a property",
    description = "`enabled: false` archives it; its values are kept, and come back with `enabled: true`.",
    params(PropertyPath, WriteHeaders),
    request_body(content = refract_wire::PropertyPatch, example = json!({"type": "str", "name": "Tier"})),
    responses((status = 200, description = "The property as it is now.", body = refract_wire::PropertyDefinition))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let query = Query::of(&write.parts.uri)?;
    let (team_id, request_id) = (write.caller.team_id, write.request_id());
    let render = move |effect: &SchemaEffect| property_answer(effect, StatusCode::OK, team_id, request_id.as_str());
    let change = |caller, request, idempotent| api.engine.change_schema(caller, request, idempotent);
    let path = write.path.clone();
    let received = write.small_body().await?.and_then(|object| {
        let sent: refract_wire::PropertyPatch = read(&object)?;
        let named = named(&path, &query, sent.list_id.as_deref(), sent.property_type.as_deref())?;
        Ok(ModelRequest::PatchProperty(named, property_patch(sent)))
    });
    received.carry_out(|_| render, change, ApiError::from).await
}
