//! What all writes share: admission, the small JSON body, the effect, and the answer that is kept for an idempotency key.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;
use refract_domain::property::Schema;
use refract_engine::{Access, Answered, Caller, EngineError, IdempotentRequest, KeptAnswer, RecordScope};

use crate::convert::answer::respond_to;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::body::{BodyReader, read_small, require_object};
use crate::extract::decode::Encoding;
use crate::extract::headers;
use crate::extract::idempotency::{ClaimedKey, HeldKey};
use crate::extract::path::ApiPath;
use crate::extract::query::Query;
use crate::layers::RequestId;
use crate::state::Api;

/// The id of the request that these parts belong to.
pub(crate) fn request_id(api: &Api, parts: &Parts) -> RequestId {
    parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| api.request_ids.next())
}

/// A write that was let in; its body is not read yet.
pub(crate) struct Write<'a> {
    api: &'a Api,
    pub(crate) caller: Caller,
    pub(crate) path: ApiPath,
    pub(crate) parts: Parts,
    body: Body,
}

impl<'a> Write<'a> {
    /// Lets a request in whose key may write.
    pub(crate) async fn admit(api: &'a Api, request: Request) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let path = ApiPath::of(&parts.uri);
        let caller = admit(api, &parts, &path, Access::Write).await?;
        Ok(Self { api, caller, path, parts, body })
    }

    /// The type that the path names, in the scope of the list that the query names.
    pub(crate) fn scope(&self) -> Result<RecordScope, ApiError> {
        let object_type = self.path.object_type()?;
        Ok(RecordScope { object_type, list_id: Query::of(&self.parts.uri)?.list_id()? })
    }

    /// The id of the request, which errors name.
    pub(crate) fn request_id(&self) -> RequestId {
        request_id(self.api, &self.parts)
    }

    /// What answers are made with: the schema, and the id that errors among them name.
    pub(crate) fn answered_with(&self) -> impl Future<Output = Result<(Arc<Schema>, RequestId), ApiError>> + use<'a> {
        // A body cannot be borrowed across an await.
        let (api, caller, request_id) = (self.api, self.caller, request_id(self.api, &self.parts));
        async move { Ok((api.engine.known_schema(&caller).await?, request_id)) }
    }

    /// Reads the body, an object at most as large as a row may be.
    pub(crate) async fn small_body(self) -> Result<Received<'a, Vec<u8>>, ApiError> {
        let bytes_max = row_bytes_max(self.api);
        self.body_up_to(bytes_max).await
    }

    /// Reads the body, an object of at most so many bytes; no white space is left around it.
    pub(crate) async fn body_up_to(self, bytes_max: u64) -> Result<Received<'a, Vec<u8>>, ApiError> {
        let head = SmallHead::of(bytes_max, &self.parts)?;
        self.read(head, |bytes| require_object(bytes).map(|text| text.trim().as_bytes().to_vec())).await
    }

    /// Passes over the body of a write that needs none: nothing, of whatever type, or an object that nobody asks for.
    pub(crate) async fn no_body(self) -> Result<Received<'a, ()>, ApiError> {
        let head = SmallHead::of_any_type(row_bytes_max(self.api), &self.parts)?;
        let is_nothing = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
        self.read(head, |bytes| if is_nothing(bytes) { Ok(()) } else { require_object(bytes).map(|_| ()) }).await
    }

    /// Reads the body of a write that needs none: nothing, or an object.
    pub(crate) async fn optional_body(self) -> Result<Received<'a, Option<Vec<u8>>>, ApiError> {
        let head = SmallHead::of_any_type(row_bytes_max(self.api), &self.parts)?;
        let is_json = headers::require_json(&self.parts.headers);
        let object = |bytes: &[u8]| {
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(None);
            }
            is_json?;
            require_object(bytes).map(|text| Some(text.trim().as_bytes().to_vec()))
        };
        self.read(head, object).await
    }

    async fn read<T>(
        self,
        head: SmallHead,
        of: impl FnOnce(&[u8]) -> Result<T, ApiError>,
    ) -> Result<Received<'a, T>, ApiError> {
        let Self { api, caller, parts, body, .. } = self;
        let mut held = HeldKey::hold(&api.engine, &caller, &parts)?;
        let bytes = read_small(head.reader(api, body)?, &mut held).await?;
        let request_id = request_id(api, &parts);
        Ok(Received { api, caller, request_id, wanted: of(&bytes), key: held.map(HeldKey::claim) })
    }
}

/// A write whose body was read whole: what it wants, or why that cannot be, and the key it came with.
pub(crate) struct Received<'a, T> {
    pub(crate) api: &'a Api,
    pub(crate) caller: Caller,
    pub(crate) request_id: RequestId,
    pub(crate) wanted: Result<T, ApiError>,
    pub(crate) key: Option<ClaimedKey>,
}

impl<'a, T> Received<'a, T> {
    /// Reads on in what it wants.
    pub(crate) fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, ApiError>) -> Received<'a, U> {
        let Self { api, caller, request_id, wanted, key } = self;
        Received { api, caller, request_id, wanted: wanted.and_then(read), key }
    }

    /// Has the engine do it, and answers. With a key the answer is kept: that of the effect in the effect's own
    /// transaction, that of an error when the error is the request's own.
    ///
    /// `render_for` makes the answer to an effect of what is wanted, `refusal` the error for one of the engine.
    pub(crate) async fn carry_out<E, R, F>(
        self,
        render_for: impl FnOnce(&T) -> R,
        effect: impl FnOnce(Caller, T, Option<IdempotentRequest<E>>) -> F,
        refusal: impl FnOnce(EngineError) -> ApiError,
    ) -> Result<Response, ApiError>
    where
        R: Fn(&E) -> KeptAnswer + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Answered<E>, EngineError>>,
    {
        let Self { api, caller, request_id, wanted, key } = self;
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(error) => return refuse(api, &caller, &request_id, error, key).await,
        };
        let claim = key.as_ref().map(|key| key.claim.clone());
        let render = render_for(&wanted);
        let idempotent = key.map(|ClaimedKey { claim, reservation }| {
            let render = Arc::new(render.clone());
            IdempotentRequest { claim, reservation, render }
        });
        let error = match effect(caller, wanted, idempotent).await {
            Ok(answered) => return respond_to(answered, render),
            Err(error) => refusal(error),
        };
        // The engine has let the reservation go.
        let key = claim.and_then(|claim| {
            let reservation = api.engine.reserve_key(&caller, &claim.key)?;
            Some(ClaimedKey { claim, reservation })
        });
        refuse(api, &caller, &request_id, error, key).await
    }
}

/// Answers with an error, and keeps the answer when the request has a key and the error is the request's own.
async fn refuse(
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

/// Reads the body of a question: an object at most as large as a row may be, without an idempotency key, since nothing
/// is written.
pub(crate) async fn read_object(api: &Api, parts: &Parts, body: Body) -> Result<String, ApiError> {
    let reader = SmallHead::of(row_bytes_max(api), parts)?.reader(api, body)?;
    let bytes = read_small(reader, &mut None).await?;
    require_object(&bytes).map(str::to_owned)
}

/// Bytes of a row, which is also the most that the body of a single record may have.
fn row_bytes_max(api: &Api) -> u64 {
    api.engine.limits().row_bytes_max as u64
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
