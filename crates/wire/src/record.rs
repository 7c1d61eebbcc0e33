//! Single records (contract §3.1, §3.2).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

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
