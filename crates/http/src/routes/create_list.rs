//! `POST /v2/prism/{teamId}/lists`: a new list (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, List, WantedList};
use refract_wire::NewList;

use super::write;
use crate::convert::answer::{json, respond_to};
use crate::convert::list::{list, wanted_list};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::{TeamPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    post,
    path = "/v2/prism/{team_id}/lists",
    operation_id = "create_list",
    tag = "lists",
    summary = "Make a list",
    params(TeamPath, WriteHeaders),
    request_body(content = refract_wire::NewList, example = json!({"template_id": "sales_deals", "name": "Spring"})),
    responses((status = 201, description = "The list.", body = refract_wire::List))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let caller = admit(&api, &parts, &ApiPath::of(&parts.uri), Access::Write).await?;
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let wanted = match sent.object.and_then(|object| read_body(&object)) {
        Ok(wanted) => wanted,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let render = move |made: &List| json(StatusCode::CREATED, &list(made.clone(), caller.team_id));
    match api.engine.create_list(caller, wanted, write::idempotent(sent.key, render)).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => write::refuse_late(&api, &caller, &request_id, error, claim).await,
    }
}

fn read_body(object: &[u8]) -> Result<WantedList, ApiError> {
    let body: NewList = serde_json::from_slice(object)
        .map_err(|error| ApiError::invalid_field(".body", format!("The body does not describe a list: {error}.")))?;
    wanted_list(body)
}
