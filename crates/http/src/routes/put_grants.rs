//! `PUT /v2/prism/{teamId}/{objectType}/{id}/grant`: says who may do what with a record (contract §6.3).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_domain::grants::Grants;

use super::write::Write;
use crate::convert::grants::{grants_answer, wanted_grants};
use crate::convert::record::not_found;
use crate::error::ApiError;
use crate::openapi::{RecordPath, WriteHeaders};
use crate::state::SharedApi;

#[utoipa::path(
    put,
    path = "/v2/prism/{team_id}/{object_type}/{record_id}/grant",
    operation_id = "put_grants",
    tag = "records",
    summary = "Say who may do what with a record",
    description = "In the place of what was said before. The key's own team may do everything unless it is named: with `r` its \
                   keys only read the record, and this call gives the rest back. What is said of people, groups and other \
                   teams is kept and shown.",
    params(RecordPath, WriteHeaders),
    request_body(content = refract_wire::Grants, example = json!({"user_id": [{"3f0e1c52-6f5e-4f3b-9d53-2f1d1f6a7b10": "w"}]})),
    responses((status = 200, description = "The grants as they are now.", body = refract_wire::Grants))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let write = Write::admit(&api, request).await?;
    let object_type = write.path.grantable_type()?;
    let id = write.path.record_id().ok_or_else(not_found)?;
    let (team_id, request_id) = (write.caller.team_id, write.request_id());
    let render = move |grants: &Option<Grants>| grants_answer(grants.as_ref(), request_id.as_str());
    let put = |caller, grants, idempotent| api.engine.put_grants(caller, object_type, id, grants, idempotent);
    let received = write.small_body().await?.and_then(|object| wanted_grants(&object, team_id));
    received.carry_out(|_| render, put, ApiError::from).await
}
