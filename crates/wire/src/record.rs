//! Single records (contract §3.1, §3.2).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::import::RowError;

/// A record as it is read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Its values: an object, slug → value.
    #[schema(value_type = Object)]
    pub default: Box<RawValue>,
    /// Its values in a list; only where a list is the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub list: Option<Box<RawValue>>,
}

/// A record as it is written: the body of create and patch, and the shape of a row.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RecordBody {
    /// Values of workspace-wide properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub default: Option<Box<RawValue>>,
    /// Values in the scope of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub list: Option<Box<RawValue>>,
    /// Taken and ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub extended: Option<Box<RawValue>>,
}

/// A record as a page shows it (contract §3.1).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What of it was selected: an object, slug → value.
    #[schema(value_type = Object)]
    pub properties: Box<RawValue>,
}

/// A page of records.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// The records, in the order asked for.
    pub data: Vec<Row>,
    /// Whether there is another page.
    pub has_more: bool,
    /// What asks for it; `null` exactly when there is none.
    pub next_cursor: Option<String>,
    /// How many records there are on all pages; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// The body of a batch update.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBatch {
    /// Bodies of records with their `id`.
    #[schema(value_type = Vec<BatchUpdate>)]
    pub items: Vec<Box<RawValue>>,
}

/// An item of a batch update; described only, since each is read by itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchUpdate {
    /// The record.
    #[schema(format = Uuid)]
    pub id: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub body: RecordBody,
}

/// The body of a batch delete.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteBatch {
    /// Ids of records.
    #[schema(value_type = Vec<String>)]
    pub ids: Vec<serde_json::Value>,
}

/// What came of a batch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// One an item, in their order.
    pub results: Vec<BatchItem>,
    /// How many went well.
    pub summary: BatchSummary,
}

/// What came of one item of a batch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchItem {
    /// The record that the item names; null when it names none.
    pub id: Option<String>,
    /// Whether it was written.
    pub status: BatchStatus,
    /// Why it was not written; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RowError>,
    /// The record as the whole batch leaves it; absent from one that was not written, or is hidden now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

/// Whether an item was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// It was.
    Ok,
    /// It was not.
    Error,
}

/// How many items of a batch went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchSummary {
    /// All.
    pub total: usize,
    /// Those that were written.
    pub succeeded: usize,
    /// Those that were not.
    pub failed: usize,
}

/// The body of find-or-create.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindOrCreate {
    /// What the record is known by: one name with its value.
    #[serde(rename = "match")]
    #[schema(value_type = Object)]
    pub matched: serde_json::Map<String, serde_json::Value>,
    /// Values of a record that is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub defaults: Option<Box<RawValue>>,
}

/// The answer of find-or-create.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FoundOrCreated {
    /// Whether the record was made.
    pub created: bool,
    /// The record.
    pub record: Record,
}

/// How many records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// How many.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_a_cursor_that_is_null() {
        let page = Page { data: Vec::new(), has_more: false, next_cursor: None, total: None };
        let text = serde_json::to_string(&page).expect("plain data");
        assert_eq!(text, r#"{"data":[],"has_more":false,"next_cursor":null}"#);
    }

    #[test]
    fn a_row_keeps_its_values_as_they_are() {
        let properties = RawValue::from_string(r#"{"n":1.50}"#.to_owned()).expect("valid JSON");
        let row = Row { id: "0b8f".into(), properties };
        assert_eq!(serde_json::to_string(&row).expect("plain data"), r#"{"id":"0b8f","properties":{"n":1.50}}"#);
    }

    #[test]
    fn a_record_without_a_list_has_no_list_group_and_keeps_its_values_as_they_are() {
        let default = RawValue::from_string(r#"{"n":1.50}"#.to_owned()).expect("valid JSON");
        let record = Record { id: "0b8f".into(), default, list: None };
        assert_eq!(serde_json::to_string(&record).expect("plain data"), r#"{"id":"0b8f","default":{"n":1.50}}"#);
    }
}
