//! What the caller asked of an import, already checked against the schema.

use std::sync::Arc;

use crate::ids::ListId;
use crate::import::policy::{
    DeletedMatches, Duplicates, OnMissingKey, OnMultiple, PropertyRule, decode_rules, encode_rules,
};
use crate::import::table::TableInput;
use crate::json::{checked_members, unquote};

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
    /// What becomes of rows without a key; only with `dedupe_by`.
    pub on_missing_key: OnMissingKey,
    /// What becomes of rows whose key several records hold; only with `dedupe_by`.
    pub on_multiple: OnMultiple,
    /// What becomes of rows whose key deleted records alone have; only with `dedupe_by`.
    pub deleted_matches: DeletedMatches,
    /// What becomes of rows that have a key in common; only with `dedupe_by`.
    pub duplicates: Duplicates,
    /// All rows are taken or none ([`crate::limits::ATOMIC_ROWS_MAX`]).
    pub atomic: bool,
    /// How values are written to records that are there, property by property; the others replace.
    pub write: Vec<PropertyRule>,
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
            on_missing_key: OnMissingKey::Create,
            on_multiple: OnMultiple::Fail,
            deleted_matches: DeletedMatches::Ignore,
            duplicates: Duplicates::Sequential,
            atomic: false,
            write: Vec::new(),
            table: None,
        }
    }
}

impl ImportOptions {
    /// What stores keep of the options that have no column of their own; `None` when none was chosen.
    #[must_use]
    pub fn encode_more(&self) -> Option<String> {
        let ignores = self.unknown_properties == UnknownProperties::Ignore;
        let ignores = ignores.then(|| "\"ignore_unknown\":true".to_owned());
        let missing = (self.on_missing_key != OnMissingKey::default())
            .then(|| format!("\"on_missing_key\":\"{}\"", self.on_missing_key.name()));
        let multiple = (self.on_multiple != OnMultiple::default())
            .then(|| format!("\"on_multiple\":\"{}\"", self.on_multiple.name()));
        let deleted = (self.deleted_matches != DeletedMatches::default())
            .then(|| format!("\"deleted_matches\":\"{}\"", self.deleted_matches.name()));
        let duplicates = (self.duplicates != Duplicates::default())
            .then(|| format!("\"duplicates\":\"{}\"", self.duplicates.name()));
        let atomic = self.atomic.then(|| "\"atomic\":true".to_owned());
        let write = (!self.write.is_empty()).then(|| format!("\"write\":{}", encode_rules(&self.write)));
        let table = self.table.as_deref().map(|table| format!("\"table\":{}", table.encode()));
        let chosen: Vec<String> =
            [ignores, missing, multiple, deleted, duplicates, atomic, write, table].into_iter().flatten().collect();
        (!chosen.is_empty()).then(|| format!("{{{}}}", chosen.join(",")))
    }

    /// Reads what [`Self::encode_more`] gives into these options; `None` for anything else.
    #[must_use]
    pub fn decode_more(self, more: Option<&str>) -> Option<Self> {
        let Some(more) = more else { return Some(self) };
        let mut options = self;
        for (name, raw) in checked_members(more)? {
            match name.as_ref() {
                "ignore_unknown" if raw == "true" => options.unknown_properties = UnknownProperties::Ignore,
                "on_missing_key" => options.on_missing_key = OnMissingKey::parse(&unquote(raw))?,
                "on_multiple" => options.on_multiple = OnMultiple::parse(&unquote(raw))?,
                "deleted_matches" => options.deleted_matches = DeletedMatches::parse(&unquote(raw))?,
                "duplicates" => options.duplicates = Duplicates::parse(&unquote(raw))?,
                "atomic" if raw == "true" => options.atomic = true,
                "write" => options.write = decode_rules(raw)?,
                "table" => options.table = Some(Arc::new(TableInput::decode(raw)?)),
                _ => return None,
            }
        }
        Some(options)
    }
}
