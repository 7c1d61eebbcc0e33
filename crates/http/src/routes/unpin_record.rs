//! `DELETE /v2/prism/{teamId}/{objectType}/views/{viewId}/records/{recordId}`: lets a pinned record go (contract §6.2).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, ViewChange};

use super::write::request_id;
use crate::convert::answer::respond_to;
use crate::convert::record::not_found;
use crate::convert::view::{no_such_view, order_answer};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::PinPath;
use crate::state::SharedApi;

#[utoipa::path(
    delete,
    path = "/v2/prism/{team_id}/{object_type}/views/{view_id}/records/{record_id}",
    operation_id = "unpin_record",
    tag = "views",
    summary = "Unpin a record from a view",
    params(PinPath),
    responses((status = 204, description = "It is not pinned."))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let id = path.view_id().ok_or_else(no_such_view)?;
    let record = path.pinned_id().ok_or_else(not_found)?;
    let change = ViewChange::Unpin(record);
    let answered = api.engine.change_view(caller, object_type, id, change, None).await?;
    let request_id = request_id(&api, &parts);
    respond_to(answered, |effect| order_answer(effect, request_id.as_str()))
}
