//! `POST /v2/prism/{teamId}/{objectType}/properties`: makes a property (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::modelling::ModelRequest;
use refract_engine::SchemaEffect;

use super::write::Write;
use crate::convert::modelling::{new_property, property_answer, read};
use crate::error::ApiError;
use crate::openapi::{TypePath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/properties",
    operation_id = "create_property",
    tag = "properties",
    summary = "Make a property",
    description = "Of the workspace, or of the list that `list_id` names. Slug and type never change.",
    params(TypePath, WriteHeaders),
    request_body(content = refract_wire::NewProperty, example = json!({
        "name": "Tier",
        "type": "select_str",
        "options": [{"value": "Gold"}, {"value": "Silver"}]
    })),
    responses((status = 201, description = "The property.", body = refract_wire::PropertyDefinition))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.object_type()?;
    let (team_id, request_id) = (write.caller.team_id, write.request_id());
    let render =
        move |effect: &SchemaEffect| property_answer(effect, StatusCode::CREATED, team_id, request_id.as_str());
    let change = |caller, request, idempotent| api.engine.change_schema(caller, request, idempotent);
    let received = write.small_body().await?;
    let received = received.and_then(|object| new_property(read(&object)?));
    let received = received.and_then(|wanted| Ok(ModelRequest::CreateProperty(object_type, wanted)));
    received.carry_out(|_| render, change, ApiError::from).await
}
