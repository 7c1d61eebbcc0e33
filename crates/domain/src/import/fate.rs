//! What became of a row, in the words that callers know.

use super::forecast::FieldChange;
use super::job::JobSpec;
use super::outcome::Outcome;
use crate::error::RowError;

/// What became of a row of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was carried out or rejected.
    Reached(Outcome),
    /// A dry run says that this would become of it, and how the record that it met would change.
    Foreseen(Outcome, Box<[FieldChange]>),
    /// The job ended before it came to the row.
    NotAttempted,
}

impl Fate {
    /// What became of the row, or would; `None` of one that the job did not come to.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Reached(outcome) | Self::Foreseen(outcome, _) => Some(outcome),
            Self::NotAttempted => None,
        }
    }

    /// Why the row was rejected, or would be.
    #[must_use]
    pub fn error(&self) -> Option<&RowError> {
        match self.outcome() {
            Some(Outcome::Rejected(error)) => Some(error),
            _ => None,
        }
    }
}

/// The words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FateWord {
    /// It made a record.
    Created,
    /// It changed the record it met.
    Updated,
    /// It met a record and was passed over.
    Existing,
    /// It was to change the record it met, and had nothing new to say.
    Unchanged,
    /// It was passed over on purpose.
    Skipped,
    /// It was rejected.
    Failed,
    /// The job did not come to it.
    NotAttempted,
    /// Of an undo: the record that the row made is gone.
    Removed,
    /// Of an undo: the record that the row changed is as it was.
    Restored,
}

impl FateWord {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Updated,
        Self::Existing,
        Self::Unchanged,
        Self::Skipped,
        Self::Failed,
        Self::NotAttempted,
        Self::Removed,
        Self::Restored,
    ];

    /// The word for what became of a row of this job; the same that the counters go by.
    #[must_use]
    pub const fn of(fate: &Fate, spec: &JobSpec) -> Self {
        let Some(outcome) = fate.outcome() else { return Self::NotAttempted };
        match outcome {
            Outcome::Created { .. } if spec.kind.is_undo() => Self::Removed,
            Outcome::Updated(_) if spec.kind.is_undo() => Self::Restored,
            Outcome::Existing(_) if spec.kind.is_undo() => Self::Unchanged,
            Outcome::Created { .. } => Self::Created,
            Outcome::Updated(_) => Self::Updated,
            Outcome::Existing(_) if spec.options.update_existing => Self::Unchanged,
            Outcome::Existing(_) => Self::Existing,
            Outcome::Skipped(_) => Self::Skipped,
            Outcome::Rejected(_) => Self::Failed,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Existing => "existing",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::NotAttempted => "not_attempted",
            Self::Removed => "removed",
            Self::Restored => "restored",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}
