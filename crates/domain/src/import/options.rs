//! What the caller asked of an import, already checked against the schema.

use std::sync::Arc;

use crate::ids::ListId;
use crate::import::table::TableInput;
use crate::json::members;

/// The options of one import (contract §2.1; import-semantics, Matching and Values).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// Slug of the property that matches rows to records; `None` creates a record per row.
    pub dedupe_by: Option<String>,
    /// Whether matching ignores case (NFC and full case folding); otherwise values match byte for byte.
    pub case_insensitive: bool,
    /// Patch a matched record with the row instead of skipping it.
    pub update_existing: bool,
    /// Make unknown select values into new options.
    pub create_missing_options: bool,
    /// Every row must carry `app_stage` for the list.
    pub require_list_stage: bool,
    /// The list the records join, in whose scope `list` values are written.
    pub list_id: Option<ListId>,
    /// What the columns of a file mean; `None` for rows that came as JSON.
    pub table: Option<Arc<TableInput>>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            dedupe_by: None,
            case_insensitive: true,
            update_existing: false,
            create_missing_options: false,
            require_list_stage: false,
            list_id: None,
            table: None,
        }
    }
}

impl ImportOptions {
    /// What stores keep of the options that have no column of their own; `None` when none was chosen.
    #[must_use]
    pub fn encode_more(&self) -> Option<String> {
        let table = self.table.as_deref()?;
        Some(format!("{{\"table\":{}}}", table.encode()))
    }

    /// Reads what [`Self::encode_more`] gives into these options; `None` for anything else.
    #[must_use]
    pub fn decode_more(self, more: Option<&str>) -> Option<Self> {
        let Some(more) = more else { return Some(self) };
        let mut options = self;
        for (name, raw) in members(more) {
            match name.as_ref() {
                "table" => options.table = Some(Arc::new(TableInput::decode(raw)?)),
                _ => return None,
            }
        }
        Some(options)
    }
}
