//! The body of every answer that is not a success (contract §5.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The error body. `code` and `message` stand twice, because clients read them in either place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The envelope.
    pub error: ErrorDetail,
    /// The same as in the envelope.
    pub code: String,
    /// The same as in the envelope.
    pub message: String,
}

impl ErrorBody {
    /// A body around `error`.
    #[must_use]
    pub fn new(error: ErrorDetail) -> Self {
        Self { code: error.code.clone(), message: error.message.clone(), error }
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// The request's `x-request-id`.
    pub request_id: String,
    /// Each fault of the request, where there may be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// More about it, as the code says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<ErrorDetails>,
}

/// The records that an error is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorDetails {
    /// Of `multiple_matches`: some of those that the value means, five at most, ascending.
    Ids(Vec<String>),
    /// Of `property_in_use`, `option_in_use` and `required_backfill_needed`: one that stands in the way.
    RecordId(String),
}

/// One fault of a request or of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a path inside the request or the row.
    pub field: String,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_message_stand_in_both_places_and_empty_parts_are_left_out() {
        let detail = ErrorDetail {
            code: "not_found".into(),
            message: "Import job not found".into(),
            request_id: "req_2".into(),
            errors: Vec::new(),
            details: None,
        };
        let text = serde_json::to_string(&ErrorBody::new(detail)).expect("plain data");
        let expected = concat!(
            r#"{"error":{"code":"not_found","message":"Import job not found","request_id":"req_2"},"#,
            r#""code":"not_found","message":"Import job not found"}"#
        );
        assert_eq!(text, expected);
    }
    #[test]
    fn details_name_records() {
        let text = |details: ErrorDetails| serde_json::to_string(&details).expect("plain data");
        assert_eq!(text(ErrorDetails::Ids(vec!["a".into(), "b".into()])), r#"{"ids":["a","b"]}"#);
        assert_eq!(text(ErrorDetails::RecordId("a".into())), r#"{"record_id":"a"}"#);
    }
}
