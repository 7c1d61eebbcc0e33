//! `PATCH /v2/prism/{teamId}/{objectType}/properties/{propertyId}/options/{optionId}`: changes or archives an option
//! (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::modelling::ModelRequest;
use refract_engine::SchemaEffect;

use super::write::Write;
use crate::convert::modelling::{named, option_answer, option_patch, read};
use crate::convert::record::not_found;
use crate::error::ApiError;
use crate::extract::query::Query;
use crate::openapi::{OptionPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    patch,
    path = "/v2/prism/{team_id}/{object_type}/properties/{property_id}/options/{option_id}",
    operation_id = "patch_option",
    tag = "properties",
    summary = "Change an option",
    description = "`enabled: false` archives it: records keep it, no other gets it.",
    params(OptionPath, WriteHeaders),
    request_body(content = refract_wire::PropertyOptionPatch, example = json!({"type": "select_str", "value": "Gold"})),
    responses((status = 200, description = "The option as it is now.", body = refract_wire::PropertyOption))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let query = Query::of(&write.parts.uri)?;
    let option_id = write.path.option_id().ok_or_else(not_found)?;
    let request_id = write.request_id();
    let render = move |effect: &SchemaEffect| option_answer(effect, StatusCode::OK, request_id.as_str());
    let change = |caller, request, idempotent| api.engine.change_schema(caller, request, idempotent);
    let path = write.path.clone();
    let received = write.small_body().await?.and_then(|object| {
        let sent: refract_wire::PropertyOptionPatch = read(&object)?;
        let named = named(&path, &query, sent.list_id.as_deref(), sent.property_type.as_deref())?;
        Ok(ModelRequest::PatchOption(named, option_id, option_patch(sent)))
    });
    received.carry_out(|_| render, change, ApiError::from).await
}
