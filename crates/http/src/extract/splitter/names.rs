//! Names as written and names as meant: escapes resolved, duplicates found.

use std::collections::HashSet;

use super::error::{JsonFault, SplitError};
use super::runs::{end_of_plain_text, end_of_whitespace};

/// Resolves the escapes of a JSON string given with its quotes. The grammar has been checked, so all that can be wrong
/// is half a surrogate pair, which no text can hold.
pub(super) fn resolve_escapes(quoted: &str) -> Result<String, JsonFault> {
    serde_json::from_str(quoted).map_err(|_| JsonFault::LoneSurrogate)
}

/// Checks that no object within `value` holds a name twice and no string half a surrogate pair.
///
/// `value` is one JSON value whose grammar has been checked, as [`Envelope::options`](super::Envelope::options) is;
/// `offset` is where it begins in the body. The splitter has called this for the options it hands out.
///
/// # Errors
/// [`SplitError::DuplicateKey`] for the first name that stands twice, [`SplitError::InvalidJson`] for half a pair.
pub fn refuse_duplicate_names(value: &str, offset: u64) -> Result<(), SplitError> {
    let bytes = value.as_bytes();
    let mut names_of_open_objects: Vec<HashSet<String>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => names_of_open_objects.push(HashSet::new()),
            b'}' => {
                names_of_open_objects.pop();
            }
            b'"' => {
                let begin = at - 1;
                let begin_in_body = offset + begin as u64;
                at = end_of_string(bytes, at);
                let quoted = value.get(begin..at).unwrap_or_default();
                let text = resolve_escapes(quoted)
                    .map_err(|fault| SplitError::InvalidJson { offset: begin_in_body, fault })?;
                // In a valid document a string before a colon is a name, and nothing else is.
                let is_name = bytes.get(end_of_whitespace(bytes, at)) == Some(&b':');
                if is_name
                    && let Some(names) = names_of_open_objects.last_mut()
                    && let Some(name) = names.replace(text)
                {
                    return Err(SplitError::DuplicateKey { name: shortened(&name), offset: begin_in_body });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Index after the closing quote of a string whose text begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut position = end_of_plain_text(bytes, at);
    while bytes.get(position) == Some(&b'\\') {
        position = end_of_plain_text(bytes, position + 2);
    }
    position + 1
}

/// A name as it may stand in a message: whole if short, else its beginning.
pub(super) fn shortened(name: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    match name.char_indices().nth(SHOWN_CHARS_MAX) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicate(value: &str) -> Option<(String, u64)> {
        match refuse_duplicate_names(value, 100) {
            Ok(()) => None,
            Err(SplitError::DuplicateKey { name, offset }) => Some((name, offset)),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_twice_is_found_at_any_depth_and_in_any_spelling() {
        assert_eq!(duplicate(r#"{"a":1,"b":2,"a":3}"#), Some(("a".into(), 113)));
        assert_eq!(duplicate(r#"{"a":1, "\u0061" : 3}"#), Some(("a".into(), 108)));
        assert_eq!(duplicate(r#"{"x":[{"k\"":1},{"k\"":1,"k\u0022":2}]}"#), Some(("k\"".into(), 125)));
        assert_eq!(duplicate(r#"{"":1,"":2}"#), Some((String::new(), 106)));
    }

    #[test]
    fn the_same_name_in_different_objects_or_as_a_value_is_fine() {
        assert_eq!(duplicate(r#"{"a":{"a":{"a":"a"}},"b":["a","a",{"a":1}],"c":"\\"}"#), None);
        assert_eq!(duplicate("null"), None);
        assert_eq!(duplicate(r#""a:\":""#), None);
    }

    #[test]
    fn half_a_surrogate_pair_is_refused_in_names_and_values() {
        for value in [r#"{"\ud800":1}"#, r#"{"a":"\udc00"}"#, r#"["\ud800\u0041"]"#] {
            let error = refuse_duplicate_names(value, 0).expect_err(value);
            assert!(matches!(error, SplitError::InvalidJson { fault: JsonFault::LoneSurrogate, .. }), "{error:?}");
        }
        assert_eq!(duplicate(r#"{"a":"\ud83d\ude00"}"#), None);
    }

    #[test]
    fn long_names_are_shortened_between_characters() {
        assert_eq!(shortened("ä"), "ä");
        assert_eq!(shortened(&"ä".repeat(64)), "ä".repeat(64));
        assert_eq!(shortened(&"ä".repeat(65)), format!("{}…", "ä".repeat(64)));
    }
}
