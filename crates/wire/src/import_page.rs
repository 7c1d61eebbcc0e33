//! Jobs beside each other, and what became of their rows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::import::{ImportJob, ImportResult};
use crate::import_request::ImportRequestOptions;

/// A page of jobs, the newest first, without their results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportPage {
    /// The jobs.
    pub data: Vec<ImportJob>,
    /// Whether there is another page.
    pub has_more: bool,
    /// What asks for it; `null` exactly when there is none.
    pub next_cursor: Option<String>,
}

/// A page of results, in the rows' order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResultPage {
    /// The results, each with its `outcome`.
    pub data: Vec<ImportResult>,
    /// Whether there is another page, or may be once the job has gone on.
    pub has_more: bool,
    /// What asks for it; `null` exactly when there is none.
    pub next_cursor: Option<String>,
}

/// What is wrong with the rows of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportSummary {
    /// The job, without its results.
    pub job: ImportJob,
    /// Faults by code and field, those of most rows first.
    pub errors: Vec<FaultGroup>,
    /// Faults that are in none of `errors`, since only so many kinds are told apart.
    pub errors_left_out: u64,
}

/// Rows that have a fault of one code in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaultGroup {
    /// Stable, for programs.
    pub code: String,
    /// Where: a path inside the row.
    pub field: String,
    /// How many rows have it.
    pub rows: u64,
    /// Which, as first and last row of each range; only so many ranges.
    pub row_ranges: Vec<[u32; 2]>,
    /// Rows after those.
    pub more_rows: u64,
    /// The message of the first.
    pub message: String,
    /// The value of the first, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What to send instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Rows that did not get in: the body of the next import, once they are corrected. Described only; it is streamed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FailedRows {
    /// The rows as they came, with what is wrong with each under `extended.refract`.
    pub objects: Vec<serde_json::Value>,
    /// The options of the job.
    pub options: ImportRequestOptions,
}

/// The body of a retry.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Options that take the place of the old job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<ImportRequestOptions>,
}
