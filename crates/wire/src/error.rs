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
    pub details: Option<serde_json::Value>,
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
    /// The value at fault as it was written, shortened; where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What to send instead; where it can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
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
}
