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
    fn a_record_without_a_list_has_no_list_group_and_keeps_its_values_as_they_are() {
        let default = RawValue::from_string(r#"{"n":1.50}"#.to_owned()).expect("valid JSON");
        let record = Record { id: "0b8f".into(), default, list: None };
        assert_eq!(serde_json::to_string(&record).expect("plain data"), r#"{"id":"0b8f","default":{"n":1.50}}"#);
    }
}
