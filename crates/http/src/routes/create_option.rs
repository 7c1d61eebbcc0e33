//! `POST /v2/prism/{teamId}/{objectType}/properties/{propertyId}/options`: makes an option (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::modelling::ModelRequest;
use refract_engine::SchemaEffect;

use super::write::Write;
use crate::convert::modelling::{named, new_option, option_answer, read};
use crate::error::ApiError;
use crate::extract::query::Query;
use crate::openapi::{PropertyPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/properties/{property_id}/options",
    operation_id = "create_option",
    tag = "properties",
    summary = "Make an option",
    params(PropertyPath, WriteHeaders),
    request_body(content = refract_wire::NewPropertyOption, example = json!({"type": "select_str", "value": "Gold"})),
    responses((status = 201, description = "The option.", body = refract_wire::PropertyOption))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let query = Query::of(&write.parts.uri)?;
    let request_id = write.request_id();
    let render = move |effect: &SchemaEffect| option_answer(effect, StatusCode::CREATED, request_id.as_str());
    let change = |caller, request, idempotent| api.engine.change_schema(caller, request, idempotent);
    let path = write.path.clone();
    let received = write.small_body().await?.and_then(|object| {
        let sent: refract_wire::NewPropertyOption = read(&object)?;
        let named = named(&path, &query, sent.list_id.as_deref(), sent.property_type.as_deref())?;
        Ok(ModelRequest::CreateOption(named, new_option(sent)))
    });
    received.carry_out(|_| render, change, ApiError::from).await
}
