//! How a verb can fail. Each error answers two questions: is trying again of use, and did it happen?

use std::time::Duration;

use thiserror::Error;

/// Whether the effect of a failed verb is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DidItHappen {
    /// Certainly not.
    No,
    /// Nobody can say before reading it back.
    Unknown,
}

/// A verb's failure. The texts are for the log; callers get their own.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or is too busy.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The disk is full.
    #[error("no space left for the store: {0}")]
    StorageFull(String),
    /// A query took longer than the store lets one run; nothing else is wrong.
    #[error("the query took too long: {0}")]
    TimedOut(String),
    /// The commit was sent, its answer was lost.
    #[error("commit outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// Another worker owns the job, or the job has ended: stop quietly.
    #[error("the lease is lost")]
    LeaseLost,
    /// What is to be written was judged under another version of the schema, or of the view that it changes: judge it
    /// again.
    #[error("what was judged by changed meanwhile")]
    SchemaChanged,
    /// The records that the rows of a chunk meet are too large to be in memory together: try with fewer rows.
    #[error("the records that a chunk meets are too large")]
    ChunkTooLarge,
    /// The staged rows of a job are gone.
    #[error("staged rows lost: {0}")]
    StagedRowsLost(String),
    /// Something stored cannot be read as what it must be.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The store is shutting down.
    #[error("the store is closing")]
    Closing,
    /// A mistake in this program or its schema.
    #[error("store failure: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether the same call may succeed later, without anybody's doing.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::StorageFull(_)
            | Self::TimedOut(_)
            | Self::OutcomeUnknown(_)
            | Self::SchemaChanged => true,
            Self::LeaseLost
            | Self::ChunkTooLarge
            | Self::StagedRowsLost(_)
            | Self::Corrupt(_)
            | Self::Closing
            | Self::Internal(_) => false,
        }
    }

    /// Whether the effect may be there all the same.
    #[must_use]
    pub const fn did_it_happen(&self) -> DidItHappen {
        match self {
            Self::OutcomeUnknown(_) => DidItHappen::Unknown,
            Self::Unavailable(_)
            | Self::StorageFull(_)
            | Self::TimedOut(_)
            | Self::LeaseLost
            | Self::SchemaChanged
            | Self::ChunkTooLarge
            | Self::StagedRowsLost(_)
            | Self::Corrupt(_)
            | Self::Closing
            | Self::Internal(_) => DidItHappen::No,
        }
    }

    /// How long a caller should wait before it tries again.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::StorageFull(_) => Duration::from_secs(30),
            _ => Duration::from_secs(1),
        }
    }
}
