//! Answers of two servers as text that is the same when the answers are: ids become numbers in the order in which they
//! were first seen, instants and the ids of requests are left out.

use std::collections::HashMap;

use serde_json::Value;

/// Letters of an id as text.
const ID_LETTERS: usize = 36;

/// The ids that one server has shown.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, usize>);

impl Names {
    /// The text with names in place of ids.
    pub(crate) fn name(&mut self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if let Some(id) = rest.get(..ID_LETTERS).filter(|candidate| is_id(candidate)) {
                let next = self.0.len();
                named += &format!("<id {}>", self.0.entry(id.to_owned()).or_insert(next));
                rest = &rest[ID_LETTERS..];
            } else {
                named.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        named
    }

    /// A body with names in place of ids.
    pub(crate) fn body(&mut self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(value) => {
                let comparable = comparable(value).to_string();
                self.name(&comparable)
            }
            Err(_) => self.name(text),
        }
    }
}

/// Without what may differ; what is keyed by ids becomes a list in the order of the contents.
fn comparable(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(comparable).collect()),
        Value::Object(members) => {
            if !members.is_empty() && members.keys().all(|name| is_id(name)) {
                let mut contents: Vec<Value> = members.into_iter().map(|(_, content)| comparable(content)).collect();
                contents.sort_by_cached_key(|content| Names::default().name(&content.to_string()));
                return Value::Array(contents);
            }
            let told = members.into_iter().filter(|(name, _)| !name.ends_with("_at") && name != "request_id");
            Value::Object(told.map(|(name, content)| (name, comparable(content))).collect())
        }
        other => other,
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LETTERS
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[test]
fn ids_are_named_in_their_order_and_instants_go() {
    let (one, other) = ("5d1c7e0a-0000-4000-8000-000000000001", "5d1c7e0a-0000-4000-8000-000000000002");
    let mut names = Names::default();
    let body = format!(r#"{{"id":"{one}","text":"ä {other}, {one}","created_at":"2026-01-01T00:00:00Z"}}"#);
    assert_eq!(names.body(&body), r#"{"id":"<id 0>","text":"ä <id 1>, <id 0>"}"#);
    assert_eq!(names.body(&format!("\"{other}\"")), r#""<id 1>""#);
    let keyed = [(one, "b"), (other, "a")].map(|(id, slug)| (id.to_owned(), Value::from(slug)));
    assert_eq!(comparable(Value::Object(keyed.into_iter().collect())).to_string(), r#"["a","b"]"#);
}
