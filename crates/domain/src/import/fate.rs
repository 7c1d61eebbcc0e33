//! What became of a row, in the words that callers know.

use super::job::JobSpec;
use super::outcome::Outcome;

/// What became of a row of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was carried out or rejected.
    Reached(Outcome),
    /// The job ended before it came to the row.
    NotAttempted,
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
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Updated,
        Self::Existing,
        Self::Unchanged,
        Self::Failed,
        Self::NotAttempted,
        Self::Removed,
        Self::Restored,
    ];

    /// The word for what became of a row of this job; the same that the counters go by.
    #[must_use]
    pub const fn of(fate: &Fate, spec: &JobSpec) -> Self {
        match fate {
            Fate::Reached(Outcome::Created { .. }) if spec.kind.is_undo() => Self::Removed,
            Fate::Reached(Outcome::Updated(_)) if spec.kind.is_undo() => Self::Restored,
            Fate::Reached(Outcome::Existing(_)) if spec.kind.is_undo() => Self::Unchanged,
            Fate::Reached(Outcome::Created { .. }) => Self::Created,
            Fate::Reached(Outcome::Updated(_)) => Self::Updated,
            Fate::Reached(Outcome::Existing(_)) if spec.options.update_existing => Self::Unchanged,
            Fate::Reached(Outcome::Existing(_)) => Self::Existing,
            Fate::Reached(Outcome::Rejected(_)) => Self::Failed,
            Fate::NotAttempted => Self::NotAttempted,
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
