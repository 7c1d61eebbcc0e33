//! Every answer that is not a success: one place that gives each fault its status, code, words and headers.
//!
//! docs/wire.md lists the codes. Texts from inside (of the store, of the system) go to the log and never to a client.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use refract_domain::error::{Fault as RowFault, RowCode, RowError};
use refract_domain::ids::RecordId;
use refract_domain::import::judge::ContextError;
use refract_domain::limits::{ATOMIC_BYTES_MAX, ATOMIC_ROWS_MAX};
use refract_domain::modelling::{ModelCode, ModelFault};
use refract_engine::{EngineError, KeptAnswer, RetryFault, StoreError, ViewFault};
use refract_wire::{ErrorBody, ErrorDetail, ErrorDetails, FieldError};

use crate::extract::decode::DecodeError;
use crate::extract::splitter::SplitError;

/// The header by which clients are told whether a repetition is of use.
pub(crate) const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// How long callers wait for their own imports to end before they send another.
const WAIT_FOR_JOBS: Duration = Duration::from_secs(5);

/// An answer that is not a success. The layer around all routes gives it its body, which names the request.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(Box<Fault>);

#[derive(Debug, Clone)]
struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    errors: Vec<FieldError>,
    details: Option<ErrorDetails>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Fault { status, code, message, errors: Vec::new(), details: None, headers: Vec::new() }))
    }

    /// 400 `invalid_request`: the request is understood and cannot be carried out as it is.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// 400 `invalid_request` that names the part of the request at fault, such as `.body.options.list_id`.
    pub(crate) fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid_request(message).at(field)
    }

    /// 400 of this code, naming the part of the request at fault.
    pub(crate) fn invalid(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message).at(field)
    }

    /// 400 `invalid_json`.
    pub(crate) fn invalid_json(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", message)
    }

    /// 400 `bad_request`: not HTTP as it should be.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404, the same words for every reason: unknown, expired, another team's, no id at all.
    pub(crate) fn no_such_job() -> Self {
        Self::not_found("Import job not found.")
    }

    /// 409 that will not pass: things are not as the request needs them.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message).should_retry(false)
    }

    /// 403, the same words for every reason: an answer must not tell which team or key exists.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "The API key gives no access to this team.")
    }

    /// 405 with the methods that the path knows.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let message = "The path does not take this method; the Allow header names those it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
            .with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// 413 naming limit and measured size.
    pub(crate) fn payload_too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    /// 408: the client stopped sending.
    pub(crate) fn request_timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message)
    }

    /// 429 with the time to wait.
    pub(crate) fn rate_limited(message: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).retry_after(wait)
    }

    /// 500 without a word about why; the caller has logged it.
    pub(crate) fn internal() -> Self {
        let message = "The server failed at this request. Its log names the request id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// 409: a value names several records; trying again is of no use.
    pub(crate) fn multiple_matches(message: impl Into<String>, candidates: &[RecordId]) -> Self {
        let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
        let mut conflict = Self::new(StatusCode::CONFLICT, "multiple_matches", message).should_retry(false);
        conflict.0.details = Some(ErrorDetails::Ids(ids));
        conflict
    }

    /// What the schema does not allow.
    fn modelling(ModelFault { code, field, message }: ModelFault) -> Self {
        match code {
            ModelCode::Invalid => Self::invalid_field(field, message),
            ModelCode::NotFound => Self::not_found(message),
            ModelCode::Conflict => Self::conflict(message).at(field),
        }
    }

    /// 409: a record stands in the way of a change of the schema; trying again is of no use before it is changed.
    pub(crate) fn blocked(code: &'static str, message: impl Into<String>, record: RecordId) -> Self {
        let mut conflict = Self::new(StatusCode::CONFLICT, code, message).should_retry(false);
        conflict.0.details = Some(ErrorDetails::RecordId(record.to_string()));
        conflict
    }

    /// 503: the query takes longer than one may.
    pub(crate) fn query_timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "query_timeout", message).retry_after(Duration::from_secs(1))
    }

    /// 409: the key is taken by another request; trying again is of no use.
    pub(crate) fn idempotency_key_mismatch() -> Self {
        let message = "The Idempotency-Key was used for another request: method, path or body differ. Use a new key.";
        Self::new(StatusCode::CONFLICT, "idempotency_key_mismatch", message).should_retry(false)
    }

    /// 409: the key is too old; trying again is of no use.
    pub(crate) fn idempotency_key_stale() -> Self {
        let message = "The Idempotency-Key was used more than 24 hours ago. Use a new key.";
        Self::new(StatusCode::CONFLICT, "idempotency_key_stale", message).should_retry(false)
    }

    /// 409: the first request with the key has not been answered yet.
    pub(crate) fn idempotency_key_in_progress() -> Self {
        let message = "A request with this Idempotency-Key is still under way. Try again in a moment.";
        Self::new(StatusCode::CONFLICT, "idempotency_key_in_progress", message).retry_after(Duration::from_secs(1))
    }

    /// What a single record's body is refused for; that a value means several records is a conflict, and a final one.
    pub(crate) fn refused(error: &RowError) -> Self {
        let message = error.first.message.clone();
        let mut refusal = match error.first.code {
            RowCode::MultipleMatches => Self::multiple_matches(message, error.candidates()),
            RowCode::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", message),
            _ => Self::invalid_request(message),
        };
        refusal.0.errors = error
            .faults()
            .map(|fault| {
                let is_forbidden = fault.code == RowCode::Forbidden;
                field_error(fault, if is_forbidden { ".path".to_owned() } else { body_field(&fault.field) })
            })
            .collect();
        refusal
    }

    /// Names the part of the request at fault.
    fn at(mut self, field: impl Into<String>) -> Self {
        let (code, message) = (self.0.code.to_owned(), self.0.message.clone());
        let fault = FieldError { field: field.into(), code, message, value: None, suggestion: None };
        self.0.errors.push(fault);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Says how long to wait: whole seconds, at least one, and the same in milliseconds.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1).to_string();
        let millis = wait.as_millis().max(1).to_string();
        let Ok(seconds) = HeaderValue::from_str(&seconds) else { return self };
        let Ok(millis) = HeaderValue::from_str(&millis) else { return self };
        self.with_header(RETRY_AFTER, seconds).with_header(RETRY_AFTER_MS, millis)
    }

    pub(crate) fn should_retry(self, is_of_use: bool) -> Self {
        self.with_header(X_SHOULD_RETRY, HeaderValue::from_static(if is_of_use { "true" } else { "false" }))
    }

    /// Code, field and message of the first thing at fault.
    pub(crate) fn first_fault(&self) -> (&str, &str, &str) {
        match self.0.errors.first() {
            Some(fault) => (&fault.code, &fault.field, &fault.message),
            None => (self.0.code, "", &self.0.message),
        }
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Whether the answer belongs to the request itself, so that the same request must get it again: neither who asks
    /// nor how often, and nothing that passes.
    pub(crate) fn belongs_to_request(&self) -> bool {
        use StatusCode as S;
        self.0.status.is_client_error()
            && !matches!(
                self.0.status,
                S::UNAUTHORIZED | S::FORBIDDEN | S::TOO_MANY_REQUESTS | S::REQUEST_TIMEOUT
            )
            // What is wrong with the key is not the key's answer.
            && !self.0.code.starts_with("idempotency_key")
            // A job ends without the caller's doing.
            && self.0.code != "import_not_ended"
    }

    /// The body, naming the request.
    fn body(&self, request_id: &str) -> Vec<u8> {
        let detail = ErrorDetail {
            code: self.0.code.to_owned(),
            message: self.0.message.clone(),
            request_id: request_id.to_owned(),
            errors: self.0.errors.clone(),
            details: self.0.details.clone(),
        };
        // Texts and lists of texts always serialise.
        serde_json::to_vec(&ErrorBody::new(detail)).unwrap_or_default()
    }

    /// The answer as it is kept for an idempotency key.
    pub(crate) fn kept(&self, request_id: &str) -> KeptAnswer {
        let text_of = |(name, value): &(HeaderName, HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        KeptAnswer {
            status: self.0.status.as_u16(),
            headers: self.0.headers.iter().filter_map(text_of).collect(),
            body: self.body(request_id),
        }
    }

    /// The whole answer.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body(request_id)));
        *response.status_mut() = self.0.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// An answer without its body: the outermost layer knows the request's id and renders the rest.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// A fault of a row or record, at a place of the request.
pub(crate) fn field_error(fault: &RowFault, field: String) -> FieldError {
    FieldError {
        field,
        code: fault.code.name().to_owned(),
        message: fault.message.clone(),
        value: fault.value.as_deref().map(str::to_owned),
        suggestion: fault.suggestion.as_deref().map(str::to_owned),
    }
}

/// A fault's path inside a record as a path inside the request.
fn body_field(field: &str) -> String {
    if field.is_empty() { ".body".to_owned() } else { format!(".body.{field}") }
}

impl From<SplitError> for ApiError {
    fn from(error: SplitError) -> Self {
        let message = error.to_string();
        match error {
            SplitError::InvalidJson { .. } => Self::invalid_json(message),
            SplitError::DuplicateKey { .. } => Self::new(StatusCode::BAD_REQUEST, "duplicate_key", message),
            SplitError::InvalidRequest { .. } => Self::invalid_field(".body", message),
            SplitError::TooManyRows { .. } | SplitError::RowTooLarge { .. } | SplitError::OptionsTooLarge { .. } => {
                Self::payload_too_large(message)
            }
        }
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        let message = error.to_string();
        match error {
            DecodeError::Unsupported { .. } => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message)
                    .with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))
            }
            DecodeError::InvalidEncoding { .. } => Self::new(StatusCode::BAD_REQUEST, "invalid_encoding", message),
            DecodeError::TooLarge { .. } => Self::payload_too_large(message),
            DecodeError::Unavailable { .. } => {
                tracing::error!(error = %message, "no memory for a decoder");
                Self::internal()
            }
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => Self::from(error),
            EngineError::Options(error) => {
                let field = options_field(&error);
                Self::invalid_field(field, error.to_string())
            }
            EngineError::Body(message) => Self::invalid_field(".body", message),
            EngineError::Query(fault) => Self::invalid(fault.code.name(), fault.field, sentence(&fault.message)),
            EngineError::Model(fault) => Self::modelling(fault),
            EngineError::View(fault) => match fault {
                ViewFault::NoSuchView => crate::convert::view::no_such_view(),
                ViewFault::NoSuchRecord(_) | ViewFault::TooManyPins => {
                    Self::invalid_field(".body.object_ids", sentence(&fault.to_string()))
                }
            },
            EngineError::Retry(RetryFault::NoSuchJob) => Self::no_such_job(),
            EngineError::Retry(RetryFault::NotEnded) => {
                let message = "The import is still being carried out; wait for its end, or cancel it.";
                Self::new(StatusCode::CONFLICT, "import_not_ended", message).retry_after(WAIT_FOR_JOBS)
            }
            EngineError::Retry(RetryFault::OfUndo) => {
                Self::conflict("An undo has no rows of its own. Undo the import again, or send its rows.")
            }
            EngineError::Retry(RetryFault::OfDryRun) => Self::conflict(
                "A dry run takes no rows, so none can be tried again. Apply it, or send the rows to be imported.",
            ),
            EngineError::Retry(RetryFault::NothingLeft) => {
                Self::conflict("All rows of the import are in; there is nothing left to retry.")
            }
            EngineError::RowsLost(text) => {
                tracing::error!(error = %text, "rows of a job are lost");
                Self::conflict("The rows of the import are not there any more. Send them again.")
            }
            EngineError::Value(error) => Self::refused(&error),
            EngineError::Keying => {
                let message = "The property is being made ready to find records by. Try again in a moment.";
                Self::query_timeout(message)
            }
            EngineError::TooManyJobs { limit } => Self::rate_limited(
                format!("The team has {limit} unfinished import jobs, the most it may have. Wait for one to end."),
                WAIT_FOR_JOBS,
            ),
            EngineError::TooManyInline { limit } => Self::rate_limited(
                format!("The team has {limit} imports under way, the most it may have at once. Wait for one to end."),
                Duration::from_secs(1),
            ),
            EngineError::AtomicTooLarge { rows, row_bytes } => Self::payload_too_large(format!(
                "An import of all or nothing takes at most {ATOMIC_ROWS_MAX} rows and {ATOMIC_BYTES_MAX} bytes of them; these \
                 are {rows} rows of {row_bytes} bytes. Split them, or make a dry run and apply it."
            )),
            EngineError::ShuttingDown => shutting_down(),
            EngineError::Internal(text) => {
                tracing::error!(error = %text, "a use case failed");
                Self::internal()
            }
        }
    }
}

/// The words of a fault as a sentence.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '?']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

fn options_field(error: &ContextError) -> &'static str {
    match error {
        ContextError::UnknownDedupeProperty { .. } | ContextError::NotAKey { .. } => ".body.options.dedupe_by",
        ContextError::UnknownList(_) | ContextError::ListOfAnotherType { .. } => ".body.options.list_id",
        ContextError::StageWithoutList => ".body.options.require_list_stage",
        ContextError::RuleWithoutKey { option: "on_missing_key" } => ".body.options.on_missing_key",
        ContextError::RuleWithoutKey { option: "duplicates" } | ContextError::DuplicatesByNewOptions { .. } => {
            ".body.options.duplicates"
        }
        ContextError::RuleWithoutKey { option: "deleted_matches" } => ".body.options.deleted_matches",
        ContextError::RuleWithoutKey { .. } => ".body.options.on_multiple",
        ContextError::UnknownWriteProperty { .. } | ContextError::NotAppendable { .. } => ".body.options.write",
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let wait = error.retry_after();
        match error {
            StoreError::Unavailable(_) | StoreError::SchemaChanged => {
                tracing::warn!(%error, "the store is not available");
                store_unavailable("The store is not available at the moment. Nothing was written.").retry_after(wait)
            }
            StoreError::OutcomeUnknown(_) => {
                tracing::warn!(%error, "the outcome of a commit is unknown");
                let message = "The store did not say whether the request was carried out. Look before you repeat it, or \
                               repeat it with the Idempotency-Key it was sent with.";
                store_unavailable(message).retry_after(wait).should_retry(false)
            }
            StoreError::StorageFull(_) => {
                tracing::error!(%error, "the store's disk is full");
                let message = "The server has no space left. Nothing was written.";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "insufficient_storage", message).retry_after(wait)
            }
            StoreError::TimedOut(_) => {
                tracing::warn!(%error, "a query took too long");
                Self::query_timeout(
                    "The query takes longer than it may. Ask for less at once, or by a property that is searched often.",
                )
            }
            StoreError::Closing => shutting_down(),
            // Chunks of jobs are told apart before anybody is answered.
            StoreError::LeaseLost
            | StoreError::ChunkTooLarge
            | StoreError::StagedRowsLost(_)
            | StoreError::Corrupt(_)
            | StoreError::Internal(_) => {
                tracing::error!(%error, "the store failed");
                Self::internal()
            }
        }
    }
}

fn store_unavailable(message: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message)
}

fn shutting_down() -> ApiError {
    let message = "The server is shutting down. Nothing was written; try again in a moment.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", message).retry_after(Duration::from_secs(1))
}
