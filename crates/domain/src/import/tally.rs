//! The counters of an import. They are sums of outcomes and of nothing else.

use std::ops::AddAssign;

use super::outcome::Outcome;

/// How many rows came to which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows that made a record.
    pub created: u64,
    /// Rows that matched a record and left it as it was.
    pub existing: u64,
    /// Rows that changed the record they matched.
    pub updated: u64,
    /// Rows that were passed over on purpose.
    pub skipped: u64,
    /// Rows that were rejected.
    pub rejected: u64,
}

impl Tally {
    /// Rows attempted.
    #[must_use]
    pub fn processed(&self) -> u64 {
        self.succeeded() + self.rejected
    }

    /// Rows of which nothing is left to do; an existing or skipped row counts (import-semantics, Job).
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.created + self.existing + self.updated + self.skipped
    }

    /// Counts one more outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Created { .. } => self.created += 1,
            Outcome::Existing(_) => self.existing += 1,
            Outcome::Updated(_) => self.updated += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Rejected(_) => self.rejected += 1,
        }
    }

    /// The counts of these outcomes.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            tally.count(outcome);
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.existing += other.existing;
        self.updated += other.updated;
        self.skipped += other.skipped;
        self.rejected += other.rejected;
    }
}
