//! The life of an import job.
//!
//! ```text
//!             claim              last chunk
//!   queued ─────────► running ─────────────► complete
//!     │  ▲   release,    │
//!     │  └── lease out ──┤ cannot be carried through, cancel
//!     └──────────────────┴─────────────────► failed
//! ```
//!
//! Only a claim leads to running, only a lease writes to a running job, and nothing leads out of complete or failed
//! but time: an ended job expires. What counts as expired is said in [`crate::retention`].

use crate::clock::Timestamp;
use crate::ids::{ApiKeyId, JobId, RecordIdSpace, TeamId};
use crate::import::options::ImportOptions;
use crate::import::tally::Tally;
use crate::object_type::ObjectType;

/// What a job does, and which other job it does it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Carries the rows of a request out.
    Import,
    /// Carries those rows of a job out again that did not get in.
    Retry {
        /// The job whose rows they were.
        of: JobId,
    },
    /// Takes back what a job wrote.
    Undo {
        /// The job that wrote it.
        of: JobId,
    },
    /// Says what the rows of a request would come to, and writes nothing.
    DryRun,
    /// Carries the rows of a dry run out, as far as they still come to what it said.
    Apply {
        /// The dry run.
        of: JobId,
    },
}

impl JobKind {
    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Retry { .. } => "retry",
            Self::Undo { .. } => "undo",
            Self::DryRun => "dry_run",
            Self::Apply { .. } => "apply",
        }
    }

    /// The job that this one goes back to.
    #[must_use]
    pub const fn of(self) -> Option<JobId> {
        match self {
            Self::Import | Self::DryRun => None,
            Self::Retry { of } | Self::Undo { of } | Self::Apply { of } => Some(of),
        }
    }

    /// Whether it takes back what another job wrote.
    #[must_use]
    pub const fn is_undo(self) -> bool {
        matches!(self, Self::Undo { .. })
    }

    /// Whether it only says what its rows would come to.
    #[must_use]
    pub const fn is_dry_run(self) -> bool {
        matches!(self, Self::DryRun)
    }

    /// The job that staged the rows of a job of this kind and id.
    #[must_use]
    pub const fn rows_of(self, own: JobId) -> JobId {
        match self {
            Self::Apply { of } => of,
            Self::Import | Self::Retry { .. } | Self::Undo { .. } | Self::DryRun => own,
        }
    }

    /// The job that keys the record ids of a job of this kind and id: an undo speaks of the records of the job it undoes.
    #[must_use]
    pub const fn ids_of(self, own: JobId) -> JobId {
        match self {
            Self::Import | Self::Retry { .. } | Self::DryRun | Self::Apply { .. } => own,
            Self::Undo { of } => of,
        }
    }

    /// Reads what stores keep; `None` when the two do not go together.
    #[must_use]
    pub fn parse(name: &str, of: Option<JobId>) -> Option<Self> {
        match (name, of) {
            ("import", None) => Some(Self::Import),
            ("retry", Some(of)) => Some(Self::Retry { of }),
            ("undo", Some(of)) => Some(Self::Undo { of }),
            ("dry_run", None) => Some(Self::DryRun),
            ("apply", Some(of)) => Some(Self::Apply { of }),
            _ => None,
        }
    }
}

/// What never changes about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    /// Public id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// The team it belongs to.
    pub team_id: TeamId,
    /// The key it came in with.
    pub key_id: ApiKeyId,
    /// The type of its records.
    pub object_type: ObjectType,
    /// What was asked.
    pub options: ImportOptions,
    /// Rows in it.
    pub total: u32,
    /// Where its record ids come from; of an undo, those of the job it undoes.
    pub record_ids: RecordIdSpace,
    /// When it was admitted.
    pub created_at: Timestamp,
}

/// Where a job stands; each state holds what exists then and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker holds it, or held it and died.
    Running {
        /// Grows with every claim.
        attempt: u32,
    },
    /// Every row has an outcome.
    Complete {
        /// When the last chunk was committed.
        ended_at: Timestamp,
    },
    /// It could not be carried through; rows not reached are `not_attempted`.
    Failed {
        /// When.
        ended_at: Timestamp,
        /// Why.
        error: JobError,
    },
}

impl JobState {
    /// When the job ended, if it has.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Queued | Self::Running { .. } => None,
            Self::Complete { ended_at } | Self::Failed { ended_at, .. } => Some(*ended_at),
        }
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// The kind.
    pub code: JobErrorCode,
    /// What happened and what to do, for the caller.
    pub message: String,
}

/// The kinds of job failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobErrorCode {
    /// Somebody cancelled it.
    Cancelled,
    /// The staged rows are gone.
    StorageLost,
    /// The staged rows cannot be read.
    PayloadCorrupt,
    /// The list it wrote to is gone.
    ListDeleted,
    /// The property it matches by is gone, or archived.
    PropertyDeleted,
    /// Anything else that will not pass.
    Internal,
}

impl JobErrorCode {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Cancelled,
        Self::StorageLost,
        Self::PayloadCorrupt,
        Self::ListDeleted,
        Self::PropertyDeleted,
        Self::Internal,
    ];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::StorageLost => "storage_lost",
            Self::PayloadCorrupt => "payload_corrupt",
            Self::ListDeleted => "list_deleted",
            Self::PropertyDeleted => "property_deleted",
            Self::Internal => "internal_error",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// A consistent picture of a job at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSnapshot {
    /// What never changes.
    pub spec: JobSpec,
    /// Where it stands.
    pub state: JobState,
    /// Rows that have an outcome; equals `tally.processed()`.
    pub cursor: u32,
    /// The counters.
    pub tally: Tally,
    /// The last commit that touched it.
    pub updated_at: Timestamp,
}

impl JobSnapshot {
    /// Whether its staged rows are kept once it has ended: some did not get in, and may be asked for or tried again, or it
    /// was a dry run and may be applied.
    #[must_use]
    pub fn keeps_rows(&self) -> bool {
        keeps_rows(self.spec.kind, &self.tally, self.spec.total)
    }
}

/// As [`JobSnapshot::keeps_rows`], for stores, which decide it in the transaction that ends the job.
#[must_use]
pub fn keeps_rows(kind: JobKind, tally: &Tally, total: u32) -> bool {
    kind.is_dry_run() || tally.succeeded() < u64::from(total)
}
