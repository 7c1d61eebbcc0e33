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
    /// What becomes of values under slugs that no property has.
    pub unknown_properties: UnknownProperties,
    /// What the columns of a file mean; `None` for rows that came as JSON.
    pub table: Option<Arc<TableInput>>,
}

/// What becomes of values under slugs that no property has, and of columns of a file that go nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownProperties {
    /// They are faults of their rows; such a column, of the file.
    #[default]
    Fail,
    /// They are passed over.
    Ignore,
}

impl UnknownProperties {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Ignore => "ignore",
        }
    }
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
            unknown_properties: UnknownProperties::Fail,
            table: None,
        }
    }
}

impl ImportOptions {
    /// What stores keep of the options that have no column of their own; `None` when none was chosen.
    #[must_use]
    pub fn encode_more(&self) -> Option<String> {
        let ignores =
            (self.unknown_properties == UnknownProperties::Ignore).then(|| "\"ignore_unknown\":true".to_owned());
        let table = self.table.as_deref().map(|table| format!("\"table\":{}", table.encode()));
        let chosen: Vec<String> = ignores.into_iter().chain(table).collect();
        (!chosen.is_empty()).then(|| format!("{{{}}}", chosen.join(",")))
    }

    /// Reads what [`Self::encode_more`] gives into these options; `None` for anything else.
    #[must_use]
    pub fn decode_more(self, more: Option<&str>) -> Option<Self> {
        let Some(more) = more else { return Some(self) };
        let mut options = self;
        for (name, raw) in members(more) {
            match name.as_ref() {
                "ignore_unknown" if raw == "true" => options.unknown_properties = UnknownProperties::Ignore,
                "table" => options.table = Some(Arc::new(TableInput::decode(raw)?)),
                _ => return None,
            }
        }
        Some(options)
    }
}
