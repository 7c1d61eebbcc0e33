//! The counters of a job as its caller reads them, and the law they keep.
//!
//! An ended job accounts for every row: `total = created + updated + unchanged + existing + skipped + failed +
//! not_attempted`. Nothing here trusts that the store kept it: a job whose numbers disagree has no counters to show.

use std::fmt;

use super::job::{JobSnapshot, JobSpec, JobState};
use super::options::ImportOptions;
use super::tally::Tally;

/// What became of a job's rows, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Rows in it.
    pub total: u64,
    /// Rows that made a record.
    pub created: u64,
    /// Rows that changed the record they met.
    pub updated: u64,
    /// Rows that were to change the record they met, and had nothing new to say.
    pub unchanged: u64,
    /// Rows that met a record and were passed over, since no changes were asked for.
    pub existing: u64,
    /// Rows that were passed over because an option says so of their kind.
    pub skipped: u64,
    /// Rows that were rejected.
    pub failed: u64,
    /// Rows that an ended job did not come to; 0 while it may still come to them.
    pub not_attempted: u64,
}

/// A job's numbers do not add up. That is a mistake of the program or of the disk, never of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumbersDisagree(Box<JobSnapshot>);

impl fmt::Display for NumbersDisagree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JobSnapshot { spec, state, cursor, tally, .. } = &*self.0;
        write!(
            formatter,
            "the numbers of job {} do not add up: {cursor} of {} rows, {tally:?}, {state:?}",
            spec.id, spec.total
        )
    }
}

impl std::error::Error for NumbersDisagree {}

impl Counters {
    /// The counters of rows that came to this tally under these options, none of them left.
    #[must_use]
    pub fn of_tally(tally: &Tally, options: &ImportOptions) -> Self {
        let (unchanged, existing) = if options.update_existing { (tally.existing, 0) } else { (0, tally.existing) };
        Self {
            total: tally.processed(),
            created: tally.created,
            updated: tally.updated,
            unchanged,
            existing,
            skipped: tally.skipped,
            failed: tally.rejected,
            not_attempted: 0,
        }
    }

    /// Of an undo, which makes nothing: a record that is removed or restored is one that changed.
    fn of_job(spec: &JobSpec, tally: &Tally) -> Self {
        let counters = Self::of_tally(tally, &spec.options);
        if !spec.kind.is_undo() {
            return counters;
        }
        let (updated, unchanged) = (tally.created + tally.updated, tally.existing);
        Self { created: 0, existing: 0, updated, unchanged, ..counters }
    }

    /// The counters of a job.
    ///
    /// # Errors
    /// [`NumbersDisagree`] when its tally is not that of the rows before its cursor, or not every row of an ended job is
    /// accounted for.
    pub fn of(snapshot: &JobSnapshot) -> Result<Self, NumbersDisagree> {
        let JobSnapshot { spec, state, cursor, tally, .. } = snapshot;
        let total = u64::from(spec.total);
        let left = total.checked_sub(u64::from(*cursor));
        let counters = left.map(|left| Self {
            total,
            not_attempted: if state.ended_at().is_some() { left } else { 0 },
            ..Self::of_job(spec, tally)
        });
        let agrees = |counters: &Self| {
            let all_reached = !matches!(state, JobState::Complete { .. }) || counters.not_attempted == 0;
            let accounted = if state.ended_at().is_some() { total } else { u64::from(*cursor) };
            all_reached && tally.processed() == u64::from(*cursor) && counters.sum() == accounted
        };
        counters.filter(agrees).ok_or_else(|| NumbersDisagree(Box::new(snapshot.clone())))
    }

    /// Rows attempted.
    #[must_use]
    pub const fn processed(&self) -> u64 {
        self.succeeded() + self.failed
    }

    /// Rows that are in; one that was passed over counts.
    #[must_use]
    pub const fn succeeded(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.existing + self.skipped
    }

    /// Rows that are accounted for.
    const fn sum(&self) -> u64 {
        self.processed() + self.not_attempted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::{ApiKeyId, JobId, RecordIdSpace, TeamId};
    use crate::import::job::{JobError, JobErrorCode, JobKind, JobSpec};
    use crate::object_type::ObjectType;

    fn snapshot(total: u32, cursor: u32, tally: Tally, state: JobState, update_existing: bool) -> JobSnapshot {
        let spec = JobSpec {
            id: JobId(Uuid::from_u128(9)),
            kind: JobKind::Import,
            team_id: TeamId(Uuid::from_u128(1)),
            key_id: ApiKeyId(Uuid::from_u128(2)),
            object_type: ObjectType::Contact,
            options: ImportOptions { update_existing, ..ImportOptions::default() },
            total,
            record_ids: RecordIdSpace { created_ms: 0, first_index: 0, source: Uuid::from_u128(9) },
            created_at: Timestamp(0),
        };
        JobSnapshot { spec, state, cursor, tally, updated_at: Timestamp(1) }
    }

    fn states() -> [JobState; 4] {
        let error = JobError { code: JobErrorCode::Cancelled, message: String::new() };
        let ended_at = Timestamp(1);
        [
            JobState::Queued,
            JobState::Running { attempt: 1 },
            JobState::Complete { ended_at },
            JobState::Failed { ended_at, error },
        ]
    }

    proptest! {
        /// Whatever a store says, the law holds for what is shown, or nothing is shown.
        #[test]
        fn ended_jobs_account_for_every_row_or_are_not_shown(
            counts in proptest::array::uniform5(0_u64..5), cursor in 0_u32..27, total in 0_u32..27,
            state in 0_usize..4, update_existing: bool,
        ) {
            let [created, existing, updated, skipped, rejected] = counts;
            let tally = Tally { created, existing, updated, skipped, rejected };
            let state = states()[state].clone();
            let (has_ended, is_complete) = (state.ended_at().is_some(), matches!(state, JobState::Complete { .. }));
            let right = tally.processed() == u64::from(cursor) && cursor <= total && (!is_complete || cursor == total);
            let shown = Counters::of(&snapshot(total, cursor, tally, state, update_existing));
            prop_assert_eq!(shown.is_ok(), right);
            if let Ok(Counters { total, created, updated, unchanged, existing, skipped, failed, not_attempted }) = shown {
                let sum = created + updated + unchanged + existing + skipped + failed + not_attempted;
                prop_assert_eq!(sum, if has_ended { total } else { u64::from(cursor) });
                prop_assert!(has_ended || not_attempted == 0);
                prop_assert_eq!(if update_existing { existing } else { unchanged }, 0);
            }
        }
    }
}
