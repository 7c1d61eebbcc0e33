//! JSON as rows and stored bodies need it: read in place, without a tree, and written in one canonical form.
//!
//! Owns the grammar: a cursor over text, texts with their escapes, and what canonical text looks like. Knows nothing of
//! properties. Nothing here panics, whatever the bytes; intake has validated rows, but a judge must not rely on it.

mod check;
mod cursor;
mod text;

pub use check::{check, checked_members};
pub use cursor::{Cursor, Kind, Object, SyntaxError, Value};
pub use text::{Text, TextFault, push_text, unquote};

use std::borrow::Cow;

/// The members of a canonical body, in its order: (slug, raw canonical value).
///
/// Ends early at the first byte that is not JSON, which a canonical body has not.
pub fn members(body: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let mut cursor = Cursor::new(body);
    let mut object = cursor.object().ok();
    std::iter::from_fn(move || {
        let name = object.as_mut()?.next_key(&mut cursor).ok().flatten()?;
        let raw_value = cursor.skip().ok()?;
        Some((unquote(name.raw()), raw_value))
    })
}

/// The elements of a canonical array, raw, in its order; nothing for what is not an array.
pub fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut cursor = Cursor::new(array);
    let mut elements = cursor.array().ok();
    std::iter::from_fn(
        move || {
            if elements.as_mut()?.next_element(&mut cursor).ok()? { cursor.skip().ok() } else { None }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_come_in_order() {
        let body = r#"{"a":1,"b":[true,"x]"],"c":{"d":"}"}}"#;
        let read: Vec<_> = members(body).map(|(slug, raw)| (slug.into_owned(), raw)).collect();
        let expected = [("a", "1"), ("b", r#"[true,"x]"]"#), ("c", r#"{"d":"}"}"#)];
        assert_eq!(read, expected.map(|(slug, raw)| (slug.to_owned(), raw)));
        assert_eq!(elements(r#"[true,"x]",{"a":[]}]"#).collect::<Vec<_>>(), ["true", "\"x]\"", r#"{"a":[]}"#]);
        assert_eq!(members("{}").count(), 0);
        assert_eq!(elements("[]").count(), 0);
    }

    #[test]
    fn what_is_not_json_ends_the_reading() {
        assert_eq!(members("[1]").count(), 0);
        assert_eq!(members(r#"{"a":1,"b"}"#).count(), 1);
        assert_eq!(members(r#"{"a":1 "b":2}"#).count(), 1);
        assert_eq!(elements("[1,]").count(), 1);
        assert_eq!(elements("{}").count(), 0);
    }
}
