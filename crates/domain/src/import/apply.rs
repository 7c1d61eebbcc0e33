//! Applying a dry run: a job of its own that carries the same rows out, each as far as it still comes to what was said.
//!
//! Owns whether a dry run can be applied. What becomes of each row is decided where rows are planned
//! ([`Purpose::Apply`](crate::import::plan::Purpose)).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{ApiKeyId, JobId, RecordIdSpace};
use crate::import::job::{JobKind, JobSnapshot, JobSpec, JobState};
use crate::retention::is_expired;

/// Why a job is not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyRefusal {
    /// The team has no such job.
    NotFound,
    /// It is no dry run.
    NotADryRun,
    /// It has not come to all of its rows yet.
    Unfinished,
    /// It ended before it came to all of its rows.
    Incomplete,
    /// It is all or nothing, and some rows were refused: nothing of it would be done.
    Nothing,
    /// This job has applied it, or is doing so: rows without a key would be taken twice.
    Applied(JobId),
}

/// Why a job may not be applied as it stands, if there is a reason. `applied` is the job that has applied it.
#[must_use]
pub fn refusal(
    dry_run: &JobSnapshot,
    retention: Duration,
    now: Timestamp,
    applied: Option<JobId>,
) -> Option<ApplyRefusal> {
    if is_expired(dry_run.spec.created_at, dry_run.state.ended_at(), retention, now) {
        return Some(ApplyRefusal::NotFound);
    }
    if !dry_run.spec.kind.is_dry_run() {
        return Some(ApplyRefusal::NotADryRun);
    }
    match dry_run.state {
        JobState::Queued | JobState::Running { .. } => Some(ApplyRefusal::Unfinished),
        JobState::Failed { .. } => Some(ApplyRefusal::Incomplete),
        JobState::Complete { .. } if dry_run.spec.options.atomic && dry_run.tally.rejected > 0 => {
            Some(ApplyRefusal::Nothing)
        }
        JobState::Complete { .. } => applied.map(ApplyRefusal::Applied),
    }
}

/// The job that applies `dry_run`.
#[must_use]
pub fn apply_of(dry_run: &JobSpec, id: JobId, key_id: ApiKeyId, record_ids: RecordIdSpace, now: Timestamp) -> JobSpec {
    let (kind, options) = (JobKind::Apply { of: dry_run.id }, dry_run.options.clone());
    JobSpec { id, kind, key_id, record_ids, created_at: now, options, ..*dry_run }
}
