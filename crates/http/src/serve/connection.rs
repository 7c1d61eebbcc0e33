//! One connection: its requests, how long each part of it may take, and how it ends.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::Phase;
use super::activity::{Activity, AnswerBody, Stage, UntilAnswerOver};
use super::refusal::Refusal;
use super::timed_io::TimedIo;
use crate::layers::refused_keys::PeerAddress;
use crate::settings::HttpSettings;
use crate::state::SharedApi;

/// Headers that the parser takes beyond the limit, so that a request somewhat over it gets an answer with words.
const HEADERS_BEYOND_LIMIT: usize = 28;

/// What the parser holds of a connection: more than the largest head that is allowed, and a piece of a body.
const BUFFER_BYTES: usize = 64 << 10;

/// Bytes swallowed at most on a connection that is closed before its request was read whole.
const LINGER_BYTES_MAX: usize = 64 << 20;

/// What all connections share.
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) api: SharedApi,
    /// Told when a new connection needs the place of one that waits for its next request.
    pub(super) make_room: Notify,
}

/// How a connection came to its end.
enum End {
    /// HTTP is done with it: the last answer is out, or what was sent is no HTTP.
    Done { in_order: bool },
    /// It took too long, or room or time ran out: nothing more is owed to it.
    Dropped,
}

/// Serves one connection to its end.
pub(super) async fn run(stream: TcpStream, peer: IpAddr, shared: Arc<Shared>, mut phase: watch::Receiver<Phase>) {
    // Answers are written in one go; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let settings = &shared.api.settings;
    let activity = Activity::new();
    let io = TokioIo::new(TimedIo::new(stream, Arc::clone(&activity), settings.write_timeout));
    let service = service_fn(|mut request: http::Request<Incoming>| {
        activity.request_begins();
        request.extensions_mut().insert(PeerAddress(peer));
        let (answer, activity) = (shared.router.clone().oneshot(request), Arc::clone(&activity));
        Box::pin(async move {
            let answer = answer.await?;
            if answer.headers().contains_key(CONNECTION) {
                // Only a request that was not read whole is answered with `close`.
                activity.leave_rest_unread();
            }
            Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, UntilAnswerOver(activity))))
        })
    });
    let mut connection = http1::Builder::new()
        // How long a head may take is watched here, since the parser's own clock would run between requests too.
        .header_read_timeout(None)
        .max_headers(settings.headers_max + HEADERS_BEYOND_LIMIT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(io, service);
    let end = drive(&mut connection, &activity, &shared, &mut phase).await;
    if let End::Done { in_order } = end {
        let parts = connection.into_parts();
        let mut stream = parts.io.into_inner();
        if let Some(refusal) = Refusal::of(stream.take_withheld(), &parts.read_buf) {
            let bytes = refusal.bytes(&shared.api.request_ids.next()).await;
            // The client may be gone; nothing more is owed to it then.
            let _ = stream.write_all(&bytes).await;
        }
        let all_read = in_order && !activity.rest_unread() && parts.read_buf.is_empty();
        linger(stream, settings, &mut phase, all_read).await;
    }
}

/// Carries the connection on until it is done, too slow, in the way, or told to end.
async fn drive<S>(
    connection: &mut http1::Connection<TokioIo<TimedIo<TcpStream>>, S>,
    activity: &Activity,
    shared: &Shared,
    phase: &mut watch::Receiver<Phase>,
) -> End
where
    S: hyper::service::HttpService<Incoming, ResBody = AnswerBody> + Unpin,
    S::Future: Unpin,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let settings = &shared.api.settings;
    let mut stage = activity.stage();
    let mut too_late = pin!(sleep(settings.header_read_timeout));
    loop {
        tokio::select! {
            biased;
            // An error means that the client is gone or speaks no HTTP; what can be answered to that has been.
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => {
                return End::Done { in_order: ended.is_ok() };
            }
            () = activity.changed.notified() => {
                stage = activity.stage();
                match stage {
                    Stage::Head => too_late.as_mut().reset(Instant::now() + settings.header_read_timeout),
                    Stage::Idle => too_late.as_mut().reset(Instant::now() + settings.keep_alive_idle),
                    Stage::Busy => {}
                }
            }
            () = too_late.as_mut(), if stage != Stage::Busy => return End::Dropped,
            () = shared.make_room.notified(), if stage == Stage::Idle => return End::Dropped,
            changed = phase.changed() => match (changed, *phase.borrow_and_update()) {
                (Ok(()), Phase::Draining) => std::pin::Pin::new(&mut *connection).graceful_shutdown(),
                (Ok(()), Phase::Serving) => {}
                (Ok(()), Phase::Cut) | (Err(_), _) => return End::Dropped,
            },
        }
    }
}

/// Ends the sending side and swallows what the client still sends, so that the last answer reaches it: closing a socket
/// with unread bytes would make the system tear the answer down.
///
/// A client of which all was read sends no more. What there is to wait for is that it closes its end, which a client that
/// keeps connections in a pool may do much later; once the server is told to stop it does not wait for that.
async fn linger(
    mut stream: TimedIo<TcpStream>,
    settings: &HttpSettings,
    phase: &mut watch::Receiver<Phase>,
    all_read: bool,
) {
    let is_over = |phase: &Phase| *phase == Phase::Cut || (all_read && *phase == Phase::Draining);
    let swallow = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut scrap = vec![0; 16 << 10];
        let mut swallowed = 0;
        while let Ok(bytes @ 1..) = stream.read(&mut scrap).await {
            swallowed += bytes;
            if swallowed > LINGER_BYTES_MAX {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        // First, so that what has arrived by now is swallowed in any case.
        _ = timeout(settings.linger_for, swallow) => {}
        _ = phase.wait_for(is_over) => {}
    }
}
