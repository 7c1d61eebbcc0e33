//! What an import sends (contract §2.1), as far as a document can say it: the server reads rows one by one, and judges
//! options name by name to give each fault its own words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::record::RecordBody;

/// The body of an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportRequest {
    /// The rows.
    pub objects: Vec<RecordBody>,
    /// How to match and write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<ImportRequestOptions>,
}

/// Options of an import; unknown names are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequestOptions {
    /// The slug of the property by which rows match records, or an array of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(examples("email"))]
    pub dedupe_by: Option<String>,
    /// Whether matching ignores case; true when absent.
    #[serde(default, rename = "caseInsensitive", skip_serializing_if = "Option::is_none")]
    pub case_insensitive: Option<bool>,
    /// The list that every row's record joins, and in whose scope `list` is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub list_id: Option<String>,
    /// Whether matched records are changed by the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_existing: Option<bool>,
    /// Whether unknown select values become options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_missing_options: Option<bool>,
    /// Whether every row must name a stage of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_list_stage: Option<bool>,
    /// What becomes of values under slugs that no property has: `fail` or `ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(fail|ignore)$")]
    pub unknown_properties: Option<String>,
    /// What becomes of a row without a value to match by: `create`, `fail` or `skip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(create|fail|skip)$")]
    pub on_missing_key: Option<String>,
    /// What becomes of a row that several records match: `fail`, or it means the `oldest` or the `newest` of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(fail|oldest|newest)$")]
    pub on_multiple: Option<String>,
    /// What becomes of a row that no record matches but deleted ones would: they are passed over (`ignore`), the record is
    /// brought back (`restore`), or the row is at fault (`fail`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(ignore|restore|fail)$")]
    pub deleted_matches: Option<String>,
    /// What becomes of rows of the import that have a value to match by in common: they are taken in turn (`sequential`), the
    /// `first` or the `last` of them is taken and the others are passed over, or all of them `fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(sequential|first|last|fail)$")]
    pub duplicates: Option<String>,
    /// Whether all rows are taken or none; for at most 100,000 rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atomic: Option<bool>,
    /// Whether the import only says what it would do: a job whose results can be read and applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// How values are written to records that are there, by slug: `replace`, `fill_if_empty` or `append`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub write: Option<serde_json::Map<String, serde_json::Value>>,
}
