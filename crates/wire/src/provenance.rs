//! Where a record comes from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which import last wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    /// The record.
    pub record_id: String,
    /// The last import job that wrote it, of those that are kept; null when there is none.
    pub import: Option<LastImport>,
    /// Whether something else has written the record since that import; false without one.
    pub edited_since: bool,
}

/// What an import did to a record last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastImport {
    /// The job.
    pub job_id: String,
    /// The row's place in the request, from 0.
    pub row_index: u64,
    /// `created` or `updated`.
    pub outcome: String,
    /// When.
    pub at: String,
}
