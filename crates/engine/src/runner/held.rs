//! A job in the runner's hands.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, TeamId};
use refract_domain::import::job::{JobSnapshot, JobState};
use refract_domain::import::judge::JudgeContext;
use refract_store::{ChunkReceipt, Freshness, Lease};
use tokio::time::Instant;

use super::duplicates::DuplicatesOf;

use crate::Engine;

/// The first pause after a failure; doubled with each that follows.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
/// The longest pause: a store that is back must not wait long for the jobs.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A claimed job with what its next chunk needs.
pub(super) struct HeldJob {
    pub(super) lease: Lease,
    /// What its rows are judged under, once known; dropped when the schema changed.
    pub(super) context: Option<Arc<JudgeContext>>,
    /// How fresh the schema of the next context must be.
    pub(super) freshness: Freshness,
    /// Whether every record's key of the dedupe property is held.
    pub(super) is_keyed: bool,
    /// Which of its rows yield to others of the same key, where the import asks for that; and the search for them.
    pub(super) duplicates: DuplicatesOf,
    /// The most rows of its chunks, because more met records that are too large together.
    pub(super) rows_max: usize,
    /// Up to this row chunks are single rows, because a larger one could not be applied.
    pub(super) one_by_one_until: u32,
    /// A moment at which the lease had not begun to count yet: it lasts at least for its time from here.
    pub(super) leased_since: Instant,
    /// For how long its chunks were carried out here.
    pub(super) served: Duration,
    failures: u32,
    failing_since: Option<Timestamp>,
    not_before: Option<Instant>,
}

impl HeldJob {
    /// A job just claimed, by a claim that began at `leased_since`. Polls of it are answered from memory from now on.
    pub(super) fn new(lease: Lease, leased_since: Instant, engine: &Engine) -> Self {
        let held = Self {
            lease,
            context: None,
            freshness: Freshness::Cached,
            is_keyed: false,
            duplicates: DuplicatesOf::default(),
            rows_max: usize::MAX,
            one_by_one_until: 0,
            leased_since,
            served: Duration::ZERO,
            failures: 0,
            failing_since: None,
            not_before: None,
        };
        held.publish(engine);
        held
    }

    pub(super) fn job_id(&self) -> JobId {
        self.lease.spec.id
    }

    pub(super) fn team_id(&self) -> TeamId {
        self.lease.spec.team_id
    }

    pub(super) fn into_lease(self) -> Lease {
        self.lease
    }

    /// When the job may be tried again, if it may not at once.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Whether the job may be tried at this instant.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|due| due <= now)
    }

    /// Whether a worker died here before, so that rows are noted before they are judged.
    pub(super) fn is_wary(&self) -> bool {
        self.lease.deaths > 0
    }

    /// Takes a committed chunk in. The lease stands at the new cursor already.
    pub(super) fn advanced(&mut self, receipt: &ChunkReceipt, engine: &Engine) {
        self.failures = 0;
        self.failing_since = None;
        self.not_before = None;
        // Large records may be a patch in the import; one try too many costs little.
        self.rows_max = self.rows_max.saturating_add(self.rows_max / 4 + 1);
        // Deaths count at one cursor, and this one is behind us.
        self.lease.deaths = 0;
        self.lease.suspect_row = None;
        self.lease.suspect_deaths = 0;
        if receipt.complete {
            engine.running_jobs.remove(self.job_id());
        } else {
            self.publish(engine);
        }
    }

    /// Takes a failure in and pauses the job; gives back for how long it has been failing, in milliseconds.
    pub(super) fn failed(&mut self, now: Timestamp) -> i64 {
        let since = *self.failing_since.get_or_insert(now);
        let pause = BACKOFF_FIRST.saturating_mul(1 << self.failures.min(10)).min(BACKOFF_MAX);
        self.failures += 1;
        self.not_before = Some(Instant::now() + pause);
        now.0.saturating_sub(since.0)
    }

    /// Judges the next rows under the latest schema.
    pub(super) fn forget_schema(&mut self) {
        self.context = None;
        self.freshness = Freshness::Latest;
    }

    fn publish(&self, engine: &Engine) {
        let snapshot = JobSnapshot {
            spec: (*self.lease.spec).clone(),
            state: JobState::Running { attempt: self.lease.attempt },
            cursor: self.lease.cursor,
            tally: self.lease.tally,
            updated_at: engine.clock.now(),
        };
        engine.running_jobs.put(snapshot, self.leased_since + engine.settings.lease_for);
    }
}
