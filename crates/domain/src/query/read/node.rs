//! A body as a tree, checked through and through: grammar, depth, and that no name stands twice.
//!
//! Knows JSON alone; what the names mean is said elsewhere.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::fault::{QueryCode, QueryFault, member};
use crate::json::{Cursor, Kind, SyntaxError, Text, TextFault, Value, unquote};
use crate::limits::VALUE_DEPTH_MAX;

/// A value of a body.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// What holds no other value.
    Plain(Value<'a>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object, in the order in which it was written. Names that are no text are mended: they name nothing anyway.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Reads a whole body.
    pub(super) fn parse(body: &'a str) -> Result<Self, QueryFault> {
        let mut cursor = Cursor::new(body);
        let node = parse_value(&mut cursor, ".body", 0)?;
        cursor.end().map_err(no_json)?;
        Ok(node)
    }

    /// Whether it is `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Node::Plain(Value::Null))
    }

    /// The start of it as it was written, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Node::Plain(value) => crate::value::excerpt(value.raw()),
            Node::Array(_) => "an array".to_owned(),
            Node::Object(_) => "an object".to_owned(),
        }
    }
}

/// What a string stands for; one that stands for no text is refused.
pub(super) fn text_of<'a>(field: &str, text: &Text<'a>) -> Result<Cow<'a, str>, QueryFault> {
    let refused = |_| QueryFault::invalid(field, "the text holds U+0000 or half of a surrogate pair; remove it");
    text.decode().map_err(refused)
}

fn no_json(error: SyntaxError) -> QueryFault {
    QueryFault::new(QueryCode::InvalidJson, ".body", error.to_string())
}

/// The cursor passes over escapes without a look at them.
fn check_escapes(text: &Text<'_>) -> Result<(), QueryFault> {
    match text.decode() {
        Err(TextFault::BadEscape) => {
            let message = "not valid JSON: a backslash in a string starts no escape";
            Err(QueryFault::new(QueryCode::InvalidJson, ".body", message))
        }
        Ok(_) | Err(TextFault::Nul | TextFault::LoneSurrogate) => Ok(()),
    }
}

/// Recursion ends at [`VALUE_DEPTH_MAX`].
fn parse_value<'a>(cursor: &mut Cursor<'a>, field: &str, depth: usize) -> Result<Node<'a>, QueryFault> {
    let kind = cursor.kind().map_err(no_json)?;
    if !matches!(kind, Kind::Array | Kind::Object) {
        let value = cursor.value().map_err(no_json)?;
        if let Value::Text(text) = &value {
            check_escapes(text)?;
        }
        return Ok(Node::Plain(value));
    }
    if depth == VALUE_DEPTH_MAX {
        return Err(QueryFault::invalid(field, format!("it is nested deeper than {VALUE_DEPTH_MAX} levels")));
    }
    if kind == Kind::Object { parse_object(cursor, field, depth + 1) } else { parse_array(cursor, field, depth + 1) }
}

fn parse_array<'a>(cursor: &mut Cursor<'a>, field: &str, depth: usize) -> Result<Node<'a>, QueryFault> {
    let mut array = cursor.array().map_err(no_json)?;
    let mut elements = Vec::new();
    while array.next_element(cursor).map_err(no_json)? {
        elements.push(parse_value(cursor, field, depth)?);
    }
    Ok(Node::Array(elements))
}

fn parse_object<'a>(cursor: &mut Cursor<'a>, field: &str, depth: usize) -> Result<Node<'a>, QueryFault> {
    let mut object = cursor.object().map_err(no_json)?;
    let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
    let mut names = HashSet::new();
    while let Some(key) = object.next_key(cursor).map_err(no_json)? {
        check_escapes(&key)?;
        let name = unquote(key.raw());
        let here = member(field, &name);
        if !names.insert(name.clone()) {
            return Err(QueryFault::new(QueryCode::DuplicateKey, &here, "it stands twice; send one"));
        }
        let value = parse_value(cursor, &here, depth)?;
        members.push((name, value));
    }
    Ok(Node::Object(members))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(body: &str) -> Result<(), (QueryCode, String)> {
        Node::parse(body).map(drop).map_err(|fault| (fault.code, fault.field))
    }

    #[test]
    fn what_is_no_json_or_says_something_twice_is_refused() {
        for bad in ["", "{", "{}{}", r#"{"a":[1,]}"#, r#"{"a":nul}"#, "[01]", r#"{"boxes":[}]}"#, "\u{feff}{}"] {
            assert_eq!(code(bad), Err((QueryCode::InvalidJson, ".body".to_owned())), "{bad}");
        }
        let twice = r#"{"query":{"select":[],"s\u0065lect":[]}}"#;
        assert_eq!(code(twice), Err((QueryCode::DuplicateKey, ".body.query.select".to_owned())));
        assert_eq!(code(r#"{"a":{"b":1},"c":{"b":1}}"#), Ok(()));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(code(&nested(VALUE_DEPTH_MAX)), Ok(()));
        assert_eq!(code(&nested(VALUE_DEPTH_MAX + 1)), Err((QueryCode::InvalidRequest, ".body".to_owned())));
        assert!(code(&"[".repeat(1_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn it_agrees_with_another_reader_on_what_is_json(body in "[\\[\\]{}\",:\\\\u0-9eE.a-ftrnls \\-]{0,24}") {
            let other = serde_json::from_str::<serde_json::Value>(&body);
            match code(&body) {
                Ok(()) => {
                    // Numbers past f64 and halves of characters are refused where their text is needed.
                    let reason = other.err().map(|error| error.to_string()).unwrap_or_default();
                    let later = ["number out of range", "surrogate", "unexpected end of hex escape"];
                    prop_assert!(reason.is_empty() || later.iter().any(|part| reason.contains(part)), "{body}: {reason}");
                }
                Err((QueryCode::InvalidJson, _)) => prop_assert!(other.is_err(), "{body}"),
                Err(_) => {}
            }
        }
    }
}
