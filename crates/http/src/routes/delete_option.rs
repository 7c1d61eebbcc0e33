//! `DELETE /v2/prism/{teamId}/{objectType}/properties/{propertyId}/options/{optionId}`: removes an option that no record
//! holds (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::modelling::ModelRequest;
use refract_engine::SchemaEffect;

use super::write::Write;
use crate::convert::modelling::{gone_answer, named};
use crate::convert::record::not_found;
use crate::error::ApiError;
use crate::extract::query::Query;
use crate::openapi::{OptionPath, PropertyFacts};
use crate::state::SharedApi;

#[utoipa::path(
    delete,
    path = "/v2/prism/{team_id}/{object_type}/properties/{property_id}/options/{option_id}",
    operation_id = "delete_option",
    tag = "properties",
    summary = "Delete an option",
    description = "Refused with 409 `option_in_use` while a record holds it.",
    params(OptionPath, PropertyFacts),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let query = Query::of(&write.parts.uri)?;
    let option_id = write.path.option_id().ok_or_else(not_found)?;
    let request_id = write.request_id();
    let render = move |effect: &SchemaEffect| gone_answer(effect, request_id.as_str());
    let change = |caller, request, idempotent| api.engine.change_schema(caller, request, idempotent);
    let path = write.path.clone();
    let received = write
        .no_body()
        .await?
        .and_then(|()| Ok(ModelRequest::DeleteOption(named(&path, &query, None, None)?, option_id)));
    received.carry_out(|_| render, change, ApiError::from).await
}
