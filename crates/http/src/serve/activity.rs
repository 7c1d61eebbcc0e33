//! What a connection is doing, as told by its reads, its requests and its answers; and a body that tells when an answer
//! is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::watched_body::{Watch, WatchedBody};

/// What a connection is doing.
///
/// ```text
///   Head ──request complete──► Busy ──answer over──► Idle ──first byte──► Head
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A request's head is arriving; also at the very beginning.
    Head,
    /// A request is being answered.
    Busy,
    /// Waits for the next request.
    Idle,
}

/// The stage of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    stage: AtomicU8,
    rest_unread: AtomicBool,
    /// Told at every change of the stage.
    pub(super) changed: Notify,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let stage = AtomicU8::new(Stage::Head as u8);
        Arc::new(Self { stage, rest_unread: AtomicBool::new(false), changed: Notify::new() })
    }

    pub(super) fn stage(&self) -> Stage {
        let stage = self.stage.load(Ordering::Relaxed);
        [Stage::Head, Stage::Busy].into_iter().find(|known| *known as u8 == stage).unwrap_or(Stage::Idle)
    }

    pub(super) fn request_begins(&self) {
        self.enter(Stage::Busy);
    }

    pub(super) fn bytes_arrived(&self) {
        if self.stage() == Stage::Idle {
            self.enter(Stage::Head);
        }
    }

    /// Notes that the request is answered before it was read whole: the client may still be sending.
    pub(super) fn leave_rest_unread(&self) {
        self.rest_unread.store(true, Ordering::Relaxed);
    }

    /// Whether a request was answered before it was read whole.
    pub(super) fn rest_unread(&self) -> bool {
        self.rest_unread.load(Ordering::Relaxed)
    }

    fn answer_over(&self) {
        self.enter(Stage::Idle);
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.changed.notify_one();
    }
}

/// An answer's body that tells when it is over, sent or not.
pub(super) type AnswerBody = WatchedBody<UntilAnswerOver>;

/// Tells by being dropped.
pub(super) struct UntilAnswerOver(pub(super) Arc<Activity>);

impl Watch for UntilAnswerOver {
    /// An answer handed over whole may still be waiting to be sent.
    fn passed(&mut self, _bytes: usize, _is_end: bool) {}
}

impl Drop for UntilAnswerOver {
    fn drop(&mut self) {
        self.0.answer_over();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn the_stages_follow_one_another() {
        let activity = Activity::new();
        assert_eq!(activity.stage(), Stage::Head);
        activity.request_begins();
        activity.bytes_arrived();
        assert_eq!(activity.stage(), Stage::Busy, "bytes of a body are no new request");
        drop(AnswerBody::new(Body::empty(), UntilAnswerOver(Arc::clone(&activity))));
        assert_eq!(activity.stage(), Stage::Idle);
        activity.bytes_arrived();
        assert_eq!(activity.stage(), Stage::Head);
    }
}
