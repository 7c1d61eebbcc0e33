//! What all writes of a single thing share: the small JSON body, and the answer that is kept for an idempotency key.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use refract_engine::{Caller, IdempotencyClaim, IdempotentRequest, KeptAnswer};

use crate::convert::answer::respond_to;
use crate::error::ApiError;
use crate::extract::body::{BodyReader, read_small, require_object};
use crate::extract::decode::Encoding;
use crate::extract::headers;
use crate::extract::idempotency::{ClaimedKey, HeldKey};
use crate::layers::RequestId;
use crate::state::Api;

/// The id of the request that these parts belong to.
pub(crate) fn request_id(api: &Api, parts: &Parts) -> RequestId {
    parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| api.request_ids.next())
}

/// A body that was read whole, with the key it came with.
pub(crate) struct SmallBody {
    /// A JSON object, no white space around it, or why it is none.
    pub(crate) object: Result<Vec<u8>, ApiError>,
    pub(crate) key: Option<ClaimedKey>,
}

/// What the head says of a small body.
struct SmallHead {
    encoding: Encoding,
    bytes_max: u64,
}

impl SmallHead {
    fn of(bytes_max: u64, parts: &Parts) -> Result<Self, ApiError> {
        headers::require_json(&parts.headers)?;
        Self::of_any_type(bytes_max, parts)
    }

    fn of_any_type(bytes_max: u64, parts: &Parts) -> Result<Self, ApiError> {
        let encoding = headers::content_encoding(&parts.headers)?;
        headers::check_content_length(&parts.headers, bytes_max)?;
        Ok(Self { encoding, bytes_max })
    }

    fn reader(self, api: &Api, body: Body) -> Result<BodyReader, ApiError> {
        BodyReader::new(body, self.encoding, self.bytes_max, &api.settings)
    }
}

/// Bytes of a row, which is also the most that the body of a single record may have.
fn row_bytes_max(api: &Api) -> u64 {
    api.engine.limits().row_bytes_max as u64
}

/// Reads the body of a write, at most as large as a row may be.
pub(crate) async fn small_body(api: &Api, caller: &Caller, parts: &Parts, body: Body) -> Result<SmallBody, ApiError> {
    body_up_to(row_bytes_max(api), api, caller, parts, body).await
}

/// Reads the body of a write, an object of at most so many bytes.
pub(crate) async fn body_up_to(
    bytes_max: u64,
    api: &Api,
    caller: &Caller,
    parts: &Parts,
    body: Body,
) -> Result<SmallBody, ApiError> {
    let head = SmallHead::of(bytes_max, parts)?;
    let mut held = HeldKey::hold(&api.engine, caller, parts)?;
    let bytes = read_small(head.reader(api, body)?, &mut held).await?;
    let object = require_object(&bytes).map(|text| text.trim().as_bytes().to_vec());
    Ok(SmallBody { object, key: held.map(HeldKey::claim) })
}

/// Passes over the body of a write that needs none: nothing, of whatever type, or an object that nobody asks for.
pub(crate) async fn no_body(api: &Api, caller: &Caller, parts: &Parts, body: Body) -> Result<SmallBody, ApiError> {
    let head = SmallHead::of_any_type(row_bytes_max(api), parts)?;
    let mut held = HeldKey::hold(&api.engine, caller, parts)?;
    let bytes = read_small(head.reader(api, body)?, &mut held).await?;
    let is_nothing = bytes.iter().all(u8::is_ascii_whitespace);
    let object = if is_nothing { Ok(Vec::new()) } else { require_object(&bytes).map(|_| Vec::new()) };
    Ok(SmallBody { object, key: held.map(HeldKey::claim) })
}

/// Reads the body of a question: as [`small_body`], without an idempotency key, since nothing is written.
pub(crate) async fn read_object(api: &Api, parts: &Parts, body: Body) -> Result<String, ApiError> {
    let reader = SmallHead::of(row_bytes_max(api), parts)?.reader(api, body)?;
    let bytes = read_small(reader, &mut None).await?;
    require_object(&bytes).map(str::to_owned)
}

/// The key as the engine takes it, with the way to the answer.
pub(crate) fn idempotent<E>(
    key: Option<ClaimedKey>,
    render: impl Fn(&E) -> KeptAnswer + Send + Sync + 'static,
) -> Option<IdempotentRequest<E>> {
    let ClaimedKey { claim, reservation } = key?;
    Some(IdempotentRequest { claim, reservation, render: Arc::new(render) })
}

/// Answers with an error, and keeps the answer when the request has a key and the error is the request's own.
pub(crate) async fn refuse(
    api: &Api,
    caller: &Caller,
    request_id: &RequestId,
    error: ApiError,
    key: Option<ClaimedKey>,
) -> Result<Response, ApiError> {
    let Some(ClaimedKey { claim, reservation }) = key.filter(|_| error.belongs_to_request()) else {
        return Err(error);
    };
    let answer = error.kept(request_id.as_str());
    let kept = api.engine.keep_answer(caller, claim, answer.clone(), reservation).await?;
    respond_to(kept, |()| answer)
}

/// As [`refuse`], for an error of the engine, which has let the reservation go.
pub(crate) async fn refuse_late(
    api: &Api,
    caller: &Caller,
    request_id: &RequestId,
    error: impl Into<ApiError>,
    claim: Option<IdempotencyClaim>,
) -> Result<Response, ApiError> {
    let key = claim.and_then(|claim| {
        let reservation = api.engine.reserve_key(caller, &claim.key)?;
        Some(ClaimedKey { claim, reservation })
    });
    refuse(api, caller, request_id, error.into(), key).await
}
