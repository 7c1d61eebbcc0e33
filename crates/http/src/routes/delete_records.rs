//! `POST /v2/prism/{teamId}/{objectType}/batch/delete`: hides up to 100 records, each by itself (contract §1.4).

use axum::extract::{Request, State};
use axum::response::Response;
use refract_engine::{Access, BatchEffect};

use super::write;
use crate::convert::answer::respond_to;
use crate::convert::batch::{batch_answer, delete_ids};
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::state::SharedApi;

pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Write).await?;
    let object_type = path.object_type()?;
    let request_id = write::request_id(&api, &parts);
    let sent = write::small_body(&api, &caller, &parts, body).await?;
    let ids = match sent.object.and_then(|object| delete_ids(&object)) {
        Ok(ids) => ids,
        Err(error) => return write::refuse(&api, &caller, &request_id, error, sent.key).await,
    };

    let claim = sent.key.as_ref().map(|key| key.claim.clone());
    let named: Vec<_> = ids.iter().map(|id| id.as_ref().ok().copied()).collect();
    let render = move |effect: &BatchEffect| batch_answer(effect, &named, false);
    let idempotent = write::idempotent(sent.key, render.clone());
    match api.engine.delete_records(caller, object_type, ids, idempotent).await {
        Ok(answered) => respond_to(answered, render),
        Err(error) => write::refuse_late(&api, &caller, &request_id, error, claim).await,
    }
}
