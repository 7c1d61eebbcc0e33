//! `POST /v2/prism/{teamId}/lists`: a new list (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{List, WantedList};
use refract_wire::NewList;

use super::write::Write;
use crate::convert::answer::json;
use crate::convert::list::{list, wanted_list};
use crate::error::ApiError;
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
    let write = Write::admit(&api, request).await?;
    let team_id = write.caller.team_id;
    let render = move |made: &List| json(StatusCode::CREATED, &list(made.clone(), team_id, &[]));
    let create = |caller, wanted, idempotent| api.engine.create_list(caller, wanted, idempotent);
    let received = write.small_body().await?.and_then(|object| read_body(&object));
    received.carry_out(|_| render, create, ApiError::from).await
}

fn read_body(object: &[u8]) -> Result<WantedList, ApiError> {
    let body: NewList = serde_json::from_slice(object)
        .map_err(|error| ApiError::invalid_field(".body", format!("The body does not describe a list: {error}.")))?;
    wanted_list(body)
}
