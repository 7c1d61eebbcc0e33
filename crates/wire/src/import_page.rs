//! Pages of jobs, and of what became of their rows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::import::{ImportJob, ImportResult};

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
