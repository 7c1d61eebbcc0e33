//! Why a value is refused, in words: the property, the value shortened, what was expected, and how to mend it.

use crate::error::RowCode;
use crate::json::{Text, TextFault};
use crate::limits::VALUE_EXCERPT_CHARS_MAX;
use crate::property::{Property, PropertyType};

/// A value that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What kind of fault.
    pub(crate) code: RowCode,
    /// For the client; values in it are shortened.
    pub(crate) message: String,
    /// The value as it was written, shortened.
    pub(crate) value: Option<String>,
    /// What to send instead.
    pub(crate) suggestion: Option<String>,
}

impl Refusal {
    pub(crate) fn invalid_value(message: String) -> Self {
        Self { code: RowCode::InvalidValue, message, value: None, suggestion: None }
    }

    /// The value is not of the property's type.
    pub(crate) fn wrong_type(property: &Property, raw_value: &str) -> Self {
        let (expected, remedy) = expectation(property.property_type);
        let message = format!(
            "{:?} takes {expected} ({}), not {}; {remedy}",
            property.slug,
            property.property_type.name(),
            excerpt(raw_value),
        );
        let suggestion = Some(remedy.to_owned());
        Self { value: Some(written_value(raw_value)), suggestion, ..Self::invalid_value(message) }
    }

    /// The value is of the type, but `problem`.
    pub(crate) fn bad_value(property: &Property, raw_value: &str, problem: &str) -> Self {
        let message = format!(
            "{:?} ({}) cannot be {}: {problem}",
            property.slug,
            property.property_type.name(),
            excerpt(raw_value),
        );
        let suggestion = Some(expectation(property.property_type).1.to_owned());
        Self { value: Some(written_value(raw_value)), suggestion, ..Self::invalid_value(message) }
    }

    /// The text holds what no store can keep.
    pub(crate) fn text_fault(property: &Property, text: &Text<'_>, fault: TextFault) -> Self {
        let problem = match fault {
            TextFault::Nul => "it contains the character U+0000; remove it",
            TextFault::LoneSurrogate => {
                "it contains half of a surrogate pair, which is no character; send the pair or neither"
            }
            TextFault::BadEscape => "it contains a backslash that starts no JSON escape",
        };
        Self::bad_value(property, text.raw(), problem)
    }
}

/// What a type takes, and how to write it.
fn expectation(property_type: PropertyType) -> (&'static str, &'static str) {
    match property_type {
        PropertyType::Num => ("a number", "send a JSON number such as 42 or 2.5, or text that is one"),
        PropertyType::Str | PropertyType::Text => ("text", "send one JSON string"),
        PropertyType::Bool => ("true or false", "send true or false, or text that says so"),
        PropertyType::Date => {
            ("a date", "send a day such as 2026-07-31 or a time with its zone such as 2026-07-31T09:30:00Z")
        }
        PropertyType::Byte => ("bytes", "send them as standard base64 text with padding"),
        PropertyType::SelectStr => ("one option", "send the option's slug as a JSON string"),
        PropertyType::MultiselectStr => ("options", "send an array of option slugs"),
        PropertyType::MultiStr => ("texts", "send an array of JSON strings"),
        PropertyType::Jsonb => ("JSON", "send any JSON value"),
        PropertyType::Ref(_) => ("the id of one record", "send its uuid as a JSON string"),
        PropertyType::MultiRef(_) => ("ids of records", "send an array of uuids"),
        PropertyType::EmailAddresses => ("e-mail addresses", "send an array of addresses such as ada@example.com"),
    }
}

/// The start of a value as it was written, on one line: white space between its parts may be line breaks.
pub(crate) fn excerpt(raw_value: &str) -> String {
    let mut characters = raw_value.chars();
    let shown = characters.by_ref().take(VALUE_EXCERPT_CHARS_MAX);
    let mut excerpt: String = shown.map(|character| if character.is_control() { ' ' } else { character }).collect();
    if characters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// A value as a fault shows it: a text without its quotes, anything else as it was written, shortened.
pub(crate) fn written_value(raw_value: &str) -> String {
    let inner = raw_value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    excerpt(inner.unwrap_or(raw_value))
}

/// The start of a text, quoted, with control characters escaped.
pub(crate) fn excerpt_of_text(text: &str) -> String {
    let mut raw = String::new();
    let end = text.char_indices().nth(VALUE_EXCERPT_CHARS_MAX).map_or(text.len(), |(end, _)| end);
    crate::json::push_text(&mut raw, text.get(..end).unwrap_or_default());
    if end < text.len() {
        raw.push('…');
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shortened_at_characters() {
        assert_eq!(excerpt("\"short\""), "\"short\"");
        let long = "é".repeat(VALUE_EXCERPT_CHARS_MAX + 1);
        assert_eq!(excerpt(&long), format!("{}…", "é".repeat(VALUE_EXCERPT_CHARS_MAX)));
        assert_eq!(excerpt(&long[..2 * VALUE_EXCERPT_CHARS_MAX]), long[..2 * VALUE_EXCERPT_CHARS_MAX]);
        assert_eq!(excerpt("[\n1,\u{0}\t2]"), "[ 1,  2]");
        assert_eq!((written_value("\"a\""), written_value("[1]")), ("a".to_owned(), "[1]".to_owned()));
        assert_eq!(excerpt_of_text("a\u{1}"), "\"a\\u0001\"");
        assert_eq!(excerpt_of_text(&long).chars().count(), VALUE_EXCERPT_CHARS_MAX + 3);
    }
}
