//! `GET /v2/prism/{teamId}/imports/{jobId}/events`: a job as it gets on, as server-sent events.
//!
//! Events are made when the client has taken the one before: one that is slow sees several changes as one, in order, and
//! always the end.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use refract_domain::import::listing::JobMark;
use refract_engine::{Access, EngineError, JobView, JobWatch, Waited};
use tokio::time::Instant;

use crate::convert::job::polled_job;
use crate::error::ApiError;
use crate::extract::admission::admit;
use crate::extract::path::ApiPath;
use crate::openapi::{EventsHeaders, JobPath};
use crate::state::SharedApi;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Between two events at least: commits can come faster than anybody reads.
const PAUSE: Duration = Duration::from_millis(100);
/// Without an event for so long, a comment says that the connection is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After this long the stream ends, and the client comes again with its key.
const STREAM_MAX: Duration = Duration::from_secs(3_600);
/// When a client whose stream ended before its time comes again.
const RETRY: &str = "retry: 1000\n";

/// One event of the stream, as its lines are called.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only described, never made")]
struct JobEvent {
    /// What it is about.
    #[schema(pattern = "^(snapshot|progress|end)$")]
    event: Option<String>,
    /// The job, in JSON.
    #[schema(content_media_type = "application/json")]
    data: Option<String>,
    /// What to send as `Last-Event-ID` when the stream is opened again.
    id: Option<String>,
    /// After how many milliseconds to open it again.
    retry: Option<u32>,
}

#[utoipa::path(
    get,
    path = "/v2/prism/{team_id}/imports/{job_id}/events",
    operation_id = "watch_import",
    tag = "imports",
    summary = "Watch an import",
    description = "Server-sent events, each with the job as `data`: `snapshot` first, `progress` as it gets on, `end` at last. A \
                   stream that ends without `end` is to be opened again.",
    params(JobPath, EventsHeaders),
    responses((status = 200, description = "The events, one after the other.", body = JobEvent, content_type = "text/event-stream"))
)]
pub(crate) async fn handle(State(api): State<SharedApi>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let path = ApiPath::of(&parts.uri);
    let caller = admit(&api, &parts, &path, Access::Read).await?;
    let job_id = path.job_id().ok_or_else(ApiError::no_such_job)?;
    let watch = api.engine.watch_job(&caller, job_id);
    let view = watch.view().await?.ok_or_else(ApiError::no_such_job)?;
    let seen_before = parts.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let events = Events { watch, until: Instant::now() + STREAM_MAX, next: Next::First(Box::new(view), seen_before) };
    let mut response = Response::new(Body::from_stream(stream::try_unfold(events, Events::step)));
    for (name, value) in [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (X_ACCEL_BUFFERING, "no")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A stream of events.
struct Events {
    watch: JobWatch,
    until: Instant,
    next: Next,
}

/// What comes next in it.
enum Next {
    /// The job as it is, unless the client has seen the event of this id.
    First(Box<JobView>, Option<String>),
    /// What comes after this.
    Beyond(JobMark),
    /// Nothing.
    Over,
}

impl Events {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, EngineError> {
        match std::mem::replace(&mut self.next, Next::Over) {
            Next::First(view, seen_before) => {
                let is_seen = seen_before.is_some_and(|id| id == JobMark::of(&view.snapshot).to_string());
                let event = if is_seen && view.snapshot.state.ended_at().is_none() {
                    self.next = Next::Beyond(JobMark::of(&view.snapshot));
                    ": nothing new\n\n".to_owned()
                } else {
                    self.event("snapshot", &view)
                };
                Ok(Some((Bytes::from(format!("{RETRY}{event}")), self)))
            }
            Next::Beyond(seen) => self.beyond(seen).await,
            Next::Over => Ok(None),
        }
    }

    async fn beyond(mut self, seen: JobMark) -> Result<Option<(Bytes, Self)>, EngineError> {
        self.watch.rest(PAUSE).await;
        let waited = self.watch.beyond(seen, self.until.min(Instant::now() + KEEP_ALIVE)).await;
        let waited = waited.inspect_err(|error| tracing::warn!(%error, "a job can no longer be watched"))?;
        let text = match waited {
            Waited::Changed(view) => self.event("progress", &view),
            Waited::Same(_) if !self.watch.is_over() && Instant::now() < self.until => {
                self.next = Next::Beyond(seen);
                ": still here\n\n".to_owned()
            }
            Waited::Same(_) | Waited::Gone => return Ok(None),
        };
        Ok(Some((Bytes::from(text), self)))
    }

    /// The event of a change, called `end` when it is the last.
    fn event(&mut self, name: &str, view: &JobView) -> String {
        let mark = JobMark::of(&view.snapshot);
        let has_ended = view.snapshot.state.ended_at().is_some();
        self.next = if has_ended { Next::Over } else { Next::Beyond(mark) };
        let name = if has_ended { "end" } else { name };
        // Plain data always serialises, and JSON in short has no line breaks.
        let data = serde_json::to_string(&polled_job(view)).unwrap_or_default();
        format!("id: {mark}\nevent: {name}\ndata: {data}\n\n")
    }
}
