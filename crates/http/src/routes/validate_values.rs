//! `POST /v2/prism/{teamId}/{objectType}/properties/validate`: whether values would be taken (contract §4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_domain::ids::ListId;
use refract_engine::{Access, Operation, RecordScope};
use refract_wire::{FieldError, ValidateValues, ValueOperation, ValueScope, ValuesValidity};

use super::write::read_object;
use crate::convert::answer::{json, respond};
use crate::convert::modelling::read;
use crate::convert::record::refusal;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::TypePath;
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/{object_type}/properties/validate",
    operation_id = "validate_values",
    tag = "properties",
    summary = "Look at values before they are written",
    description = "Judged as a write judges them, references included. Nothing is written.",
    params(TypePath),
    request_body(content = refract_wire::ValidateValues, example = json!({
        "scope": {"type": "workspace"},
        "operation": "create",
        "properties": {"description": "a text"}
    })),
    responses((status = 200, description = "What is wrong, if anything.", body = refract_wire::ValuesValidity))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let object_type = path.object_type()?;
    let sent: ValidateValues = read(read_object(&api, &parts, body).await?.as_bytes())?;
    let (group, list_id) = match &sent.scope {
        ValueScope::Workspace {} => ("default", None),
        ValueScope::List { list_id } => ("list", Some(list_of(list_id)?)),
    };
    let operation = match sent.operation {
        ValueOperation::Create => Operation::Create,
        ValueOperation::Update => Operation::Update,
    };
    let scope = RecordScope { object_type, list_id };
    let raw_body = format!("{{\"{group}\":{}}}", sent.properties.get());
    let faults = api.engine.validate(&caller, scope, operation, group, raw_body.as_bytes()).await;
    let faults = faults.map_err(|error| refusal(error, object_type, ".body"))?;
    let errors: Vec<_> = faults
        .into_iter()
        .map(|fault| {
            let slug = fault.field.strip_prefix(group).unwrap_or(&fault.field);
            FieldError {
                field: format!(".body.properties{slug}"),
                code: fault.code.name().into(),
                message: fault.message,
            }
        })
        .collect();
    Ok(respond(json(StatusCode::OK, &ValuesValidity { valid: errors.is_empty(), errors })))
}

fn list_of(text: &str) -> Result<ListId, ApiError> {
    ListId::parse(text)
        .ok_or_else(|| ApiError::invalid_field(".body.scope.list_id", "list_id must be a list's id, a uuid."))
}
