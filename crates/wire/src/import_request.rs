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
    /// What becomes of a row without a value to match by: `create` or `fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(create|fail)$")]
    pub on_missing_key: Option<String>,
    /// What becomes of a row that several records match: `fail`, or it means the `oldest` or the `newest` of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(fail|oldest|newest)$")]
    pub on_multiple: Option<String>,
    /// How values are written to records that are there, by slug: `replace`, `fill_if_empty` or `append`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub write: Option<serde_json::Map<String, serde_json::Value>>,
}
