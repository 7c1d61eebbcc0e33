//! `POST /v2/prism/{teamId}/lists`: a new list (contract §6.1).

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use refract_engine::{Access, WantedList};
use refract_wire::NewList;

use super::write;
use crate::convert::answer::{json, respond, respond_to};
use crate::convert::list::{list, wanted_list};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::idempotency::ClaimedKey;
use crate::extract::path::ApiPath;
use crate::state::SharedApi;

pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let caller = admit(&api, &parts, &ApiPath::of(&parts.uri), Access::Write).await?;
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let wanted = match sent.object.and_then(|object| read_body(&object)) {
        Ok(wanted) => wanted,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let made = api.engine.create_list(&caller, wanted).await?;
    let answer = json(StatusCode::CREATED, &list(made, caller.team_id));
    let Some(ClaimedKey { claim, reservation }) = sent.key else { return Ok(respond(answer)) };
    let kept = api.engine.keep_answer(&caller, claim, answer.clone(), reservation).await?;
    respond_to(kept, |()| answer)
}

fn read_body(object: &[u8]) -> Result<WantedList, ApiError> {
    let body: NewList = serde_json::from_slice(object)
        .map_err(|error| ApiError::invalid_field(".body", format!("The body does not describe a list: {error}.")))?;
    wanted_list(body)
}
