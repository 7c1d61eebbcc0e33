//! How a use case can fail. What each becomes on the wire is said in `refract-http`.

use refract_domain::error::RowError;
use refract_domain::import::judge::ContextError;
use refract_domain::modelling::ModelFault;
use refract_domain::query::QueryFault;
use refract_store::StoreError;
use thiserror::Error;

use crate::retry::RetryFault;
use crate::views::ViewFault;

/// A use case's failure.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The options do not fit the team's schema; the text is for the caller.
    #[error("{0}")]
    Options(ContextError),
    /// The body of a single record is not of the shape it must have; the text is for the caller.
    #[error("{0}")]
    Body(String),
    /// A question that cannot be asked.
    #[error(transparent)]
    Query(QueryFault),
    /// The schema does not allow a change of properties or options.
    #[error(transparent)]
    Model(ModelFault),
    /// A saved view cannot be as it is wanted.
    #[error(transparent)]
    View(#[from] ViewFault),
    /// A job cannot be tried again.
    #[error(transparent)]
    Retry(#[from] RetryFault),
    /// The rows of a job as they came in are not there any more, or cannot be read.
    #[error("the rows of a job cannot be read: {0}")]
    RowsLost(String),
    /// A value that a record is looked for by is none of the property's type.
    #[error("{}", .0.first.message)]
    Value(Box<RowError>),
    /// The property that records are looked for by is being made keyed; in a moment it is.
    #[error("the property is being made ready to find records by")]
    Keying,
    /// The team has as many unfinished jobs as it may.
    #[error("the team has {limit} unfinished import jobs already")]
    TooManyJobs {
        /// The limit.
        limit: u32,
    },
    /// The team has as many inline imports under way as it may.
    #[error("the team has {limit} imports under way already")]
    TooManyInline {
        /// The limit.
        limit: usize,
    },
    /// More rows than can be taken all or not at all.
    #[error("{rows} rows of {row_bytes} bytes are more than can be taken all or not at all")]
    AtomicTooLarge {
        /// The rows.
        rows: u64,
        /// Their bytes, as they were sent.
        row_bytes: u64,
    },
    /// The process is about to end.
    #[error("shutting down")]
    ShuttingDown,
    /// A mistake in this program.
    #[error("{0}")]
    Internal(String),
}
