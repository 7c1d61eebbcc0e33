//! Idempotency keys: the answer of a write is kept in the transaction of the write itself (import-semantics,
//! Idempotency).
//!
//! A store knows neither statuses nor bodies: the caller brings a function that renders the answer from the effect,
//! and the store keeps what it returns. Keys are scoped by team and API key.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;

/// How long an answer is replayed.
pub const REPLAYED_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long a key is remembered as used; until then it answers [`Answered::Stale`].
pub const REMEMBERED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// The key of one request and what it stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The caller's key, 1 to 255 characters.
    pub key: String,
    /// A hash of method, path and decoded body.
    pub fingerprint: [u8; 32],
}

/// What a key that was used before means for the request that bears it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Used so long ago that it counts as new.
    Forgotten,
    /// Used too long ago to be answered again.
    Stale,
    /// Used for another request.
    Mismatch,
    /// Used for this request: its answer is kept.
    Same,
}

impl IdempotencyClaim {
    /// What it means that the key was used at `used_at` for a request of this fingerprint. For backends.
    #[must_use]
    pub fn reuse(&self, used_at: Timestamp, fingerprint: &[u8], now: Timestamp) -> Reuse {
        if used_at.plus(REMEMBERED_FOR) <= now {
            Reuse::Forgotten
        } else if used_at.plus(REPLAYED_FOR) <= now {
            Reuse::Stale
        } else if fingerprint != self.fingerprint {
            Reuse::Mismatch
        } else {
            Reuse::Same
        }
    }
}

/// An answer as it was first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Status code; never 5xx.
    pub status: u16,
    /// Headers that belong to the answer, such as `location`; not those of the transport.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
}

/// Renders the answer of an effect, inside its transaction; pure and quick. Shared, because a write may have to be
/// tried again.
pub type Render<E> = Arc<dyn Fn(&E) -> KeptAnswer + Send + Sync>;

/// A claim with the way to the answer that must be kept for it.
pub struct Idempotent<E> {
    /// The key.
    pub claim: IdempotencyClaim,
    /// Makes the answer from the effect.
    pub render: Render<E>,
}

impl<E> Clone for Idempotent<E> {
    fn clone(&self) -> Self {
        Self { claim: self.claim.clone(), render: Arc::clone(&self.render) }
    }
}

/// What came of a write that may carry an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered<E> {
    /// It was carried out.
    Fresh(E),
    /// The same request was answered before: nothing was done, this is the answer.
    Replay(KeptAnswer),
    /// The key was used within [`REPLAYED_FOR`] for another request: nothing was done.
    Mismatch,
    /// The key was used longer ago than [`REPLAYED_FOR`]: nothing was done.
    Stale,
}
