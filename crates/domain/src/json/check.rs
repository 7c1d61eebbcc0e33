//! Whether a text is JSON through and through. A cursor looks at what it walks only; this walks everything.

use std::borrow::Cow;

use super::cursor::{Array, Cursor, Kind, Object, SyntaxError, Value};
use super::members;
use super::text::{Text, TextFault};

/// A container that has not ended yet.
enum Open {
    Object(Object),
    Array(Array),
}

/// Checks that `text` is one JSON value, of any depth.
///
/// # Errors
/// Where it is not. Texts that no store can keep are JSON all the same: half a surrogate pair is a fault of its value.
pub fn check(text: &str) -> Result<(), SyntaxError> {
    let mut cursor = Cursor::new(text);
    let mut open = Vec::new();
    loop {
        match cursor.kind()? {
            Kind::Object => open.push(Open::Object(cursor.object()?)),
            Kind::Array => open.push(Open::Array(cursor.array()?)),
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text => {
                if let Value::Text(text) = cursor.value()? {
                    check_escapes(&text, &cursor)?;
                }
            }
        }
        // On to the next value, out of every container that has ended.
        loop {
            let more = match open.last_mut() {
                None => return cursor.end(),
                Some(Open::Array(array)) => array.next_element(&mut cursor)?,
                Some(Open::Object(object)) => match object.next_key(&mut cursor)? {
                    None => false,
                    Some(key) => {
                        check_escapes(&key, &cursor)?;
                        true
                    }
                },
            };
            if more {
                break;
            }
            open.pop();
        }
    }
}

/// The members of a text that is one JSON object through and through: (name, raw value). `None` for anything else.
pub fn checked_members(text: &str) -> Option<impl Iterator<Item = (Cow<'_, str>, &str)>> {
    let is_object = check(text).is_ok() && Cursor::new(text).kind() == Ok(Kind::Object);
    is_object.then(|| members(text))
}

fn check_escapes(text: &Text<'_>, after: &Cursor<'_>) -> Result<(), SyntaxError> {
    let is_bad = text.is_escaped() && text.decode() == Err(TextFault::BadEscape);
    if is_bad { Err(after.error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn faults_are_found_at_any_depth() {
        for good in ["1", " [ ] ", r#"{"a":[{"b":null}],"c":"\u00e9"}"#, r#"["\ud800"]"#, &"[".repeat(9_000)] {
            let closed = if good.len() == 9_000 { format!("{good}{}", "]".repeat(9_000)) } else { good.to_owned() };
            assert_eq!(check(&closed), Ok(()), "{good:.40}");
        }
        for bad in ["", "[oops]", r#"{"a":{b:1}}"#, "[1,]", "[[1}]", "1 2", r#"{"a":"\x"}"#, r#"{"\x":1}"#, "{\"a\":1]"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_another_parser(text in "[\\[\\]{}:,\"\\\\u0a1e.tn \\-]{0,16}") {
            let other = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
            prop_assert_eq!(check(&text).is_ok(), other.is_ok(), "{}", text);
        }
    }
}
