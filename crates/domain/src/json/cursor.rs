//! A cursor over JSON text: tokens borrowed in place, containers walked or skipped, no tree and no recursion.

use std::fmt;

use super::text::Text;

/// The text is not JSON at this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset from the start of the cursor's text, in bytes.
    pub at: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "not valid JSON at byte {}", self.at)
    }
}

/// The six kinds of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One JSON value, borrowed from the text it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as written; it follows JSON's grammar.
    Number(&'a str),
    /// A string.
    Text(Text<'a>),
    /// An array, brackets included; what is inside has not been checked.
    Array(&'a str),
    /// An object, braces included; what is inside has not been checked.
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// The value as written.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        match self {
            Self::Null => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(raw) | Self::Array(raw) | Self::Object(raw) => raw,
            Self::Text(text) => text.raw(),
        }
    }
}

/// A position in JSON text. After an error the position is unspecified.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

/// An object that a cursor is walking; get the next key, then take or skip its value, and so on.
#[derive(Debug)]
pub struct Object {
    at_start: bool,
}

/// An array that a cursor is walking; ask for the next element, then take or skip it, and so on.
#[derive(Debug)]
pub struct Array {
    at_start: bool,
}

impl Object {
    /// The next member's key, the cursor standing before its value; `None` after the last, the object left behind.
    #[inline]
    pub fn next_key<'a>(&mut self, cursor: &mut Cursor<'a>) -> Result<Option<Text<'a>>, SyntaxError> {
        if !cursor.next_item(&mut self.at_start, b'}')? {
            return Ok(None);
        }
        if cursor.peek() != Some(b'"') {
            return Err(cursor.error());
        }
        let key = cursor.string()?;
        cursor.expect(b':')?;
        Ok(Some(key))
    }
}

impl Array {
    /// Whether another element follows, the cursor standing before it; otherwise the array is left behind.
    #[inline]
    pub fn next_element(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, SyntaxError> {
        cursor.next_item(&mut self.at_start, b']')
    }
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// The kind of the value that comes next; nothing is taken but white space.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, SyntaxError> {
        match self.peek() {
            Some(b'"') => Ok(Kind::Text),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            _ => Err(self.error()),
        }
    }

    /// Takes the next value.
    #[inline]
    pub fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
        match self.kind()? {
            Kind::Text => self.string().map(Value::Text),
            Kind::Number => self.number().map(Value::Number),
            Kind::Null => self.literal("null", Value::Null),
            Kind::Bool if self.peek() == Some(b't') => self.literal("true", Value::Bool(true)),
            Kind::Bool => self.literal("false", Value::Bool(false)),
            Kind::Array => self.container().map(Value::Array),
            Kind::Object => self.container().map(Value::Object),
        }
    }

    /// Passes over the next value and gives it as written.
    pub fn skip(&mut self) -> Result<&'a str, SyntaxError> {
        self.value().map(|value| value.raw())
    }

    /// Enters the object that comes next.
    pub fn object(&mut self) -> Result<Object, SyntaxError> {
        self.expect(b'{')?;
        Ok(Object { at_start: true })
    }

    /// Enters the array that comes next.
    pub fn array(&mut self) -> Result<Array, SyntaxError> {
        self.expect(b'[')?;
        Ok(Array { at_start: true })
    }

    /// Checks that nothing but white space follows.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        if self.peek().is_some() { Err(self.error()) } else { Ok(()) }
    }

    pub(super) fn error(&self) -> SyntaxError {
        SyntaxError { at: self.position }
    }

    /// The next byte that is not white space; only the white space is taken.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.position) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.position += 1;
        }
        None
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.peek() != Some(byte) {
            return Err(self.error());
        }
        self.position += 1;
        Ok(())
    }

    /// Moves to the next item of a container that `close` ends; false when the container has ended.
    #[inline]
    fn next_item(&mut self, at_start: &mut bool, close: u8) -> Result<bool, SyntaxError> {
        let first = std::mem::replace(at_start, false);
        match self.peek() {
            Some(byte) if byte == close => {
                self.position += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.position += 1;
                // A comma promises an item; a closing bracket here would be a trailing comma.
                if self.peek() == Some(close) { Err(self.error()) } else { Ok(true) }
            }
            _ => Err(self.error()),
        }
    }

    /// The slice from `start` to the position. Both lie beside ASCII bytes, so neither splits a character.
    #[inline]
    fn taken_from(&self, start: usize) -> Result<&'a str, SyntaxError> {
        self.text.get(start..self.position).ok_or(SyntaxError { at: start })
    }

    /// Takes the string whose opening quote is next.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>, SyntaxError> {
        let start = self.position;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        let mut at = start + 1;
        loop {
            at = next_special(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.position = at + 1;
                    return Ok(Text::new(self.taken_from(start)?, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                _ => return Err(SyntaxError { at: at.min(bytes.len()) }),
            }
        }
    }

    #[inline]
    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, SyntaxError> {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.error());
        }
        self.position += word.len();
        Ok(value)
    }

    /// Takes a number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.position;
        self.take_if(|byte| byte == b'-');
        if !self.take_if(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.take_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.take_if(|byte| matches!(byte, b'e' | b'E')) {
            self.take_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        // `01` and `0x10` would otherwise read as a number and garbage after it.
        if self.text.as_bytes().get(self.position).is_some_and(u8::is_ascii_alphanumeric) {
            return Err(self.error());
        }
        self.taken_from(start)
    }

    fn take_if(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.text.as_bytes().get(self.position).is_some_and(|byte| wanted(*byte));
        self.position += usize::from(found);
        found
    }

    /// Takes one digit or more.
    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.take_if(|byte| byte.is_ascii_digit()) {
            return Err(self.error());
        }
        while self.take_if(|byte| byte.is_ascii_digit()) {}
        Ok(())
    }

    /// Passes over a container by counting brackets; what is between them is checked only as far as strings go.
    fn container(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.position;
        let mut depth: usize = 0;
        while let Some(byte) = self.text.as_bytes().get(self.position) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.position += 1;
            if depth == 0 {
                return self.taken_from(start);
            }
        }
        Err(self.error())
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first byte from `at` on that ends or interrupts a string: a quote, a backslash or a control character; the
/// length of `bytes` when there is none.
#[inline]
fn next_special(bytes: &[u8], at: usize) -> usize {
    let mut position = at;
    // Eight bytes at a time: the lowest byte of a hit is always right, higher ones may be false by a borrow.
    while let Some(chunk) = bytes.get(position..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zero_bytes(word ^ (ONES * 0x22));
        let backslashes = zero_bytes(word ^ (ONES * 0x5c));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let hits = quotes | backslashes | controls;
        if hits != 0 {
            return position + (hits.trailing_zeros() / 8) as usize;
        }
        position += 8;
    }
    while let Some(byte) = bytes.get(position) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        position += 1;
    }
    position
}

#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Result<Value<'_>, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.end()?;
        Ok(value)
    }

    #[test]
    fn every_kind_is_read() {
        assert_eq!(value(" null "), Ok(Value::Null));
        assert_eq!(value("true"), Ok(Value::Bool(true)));
        assert_eq!(value("false\n"), Ok(Value::Bool(false)));
        assert_eq!(value("\t-12.5e+3"), Ok(Value::Number("-12.5e+3")));
        assert_eq!(value(r#"["]",{"a":[]}]"#), Ok(Value::Array(r#"["]",{"a":[]}]"#)));
        assert_eq!(value(r#"{"}":1}"#), Ok(Value::Object(r#"{"}":1}"#)));
        let text = value("\"a\\\"b\"");
        assert!(matches!(text, Ok(Value::Text(text)) if text.is_escaped() && text.inner() == "a\\\"b"));
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_stands() {
        for bad in [
            "",
            " ",
            "nul",
            "truefalse",
            "NaN",
            "Infinity",
            "0x10",
            "01",
            ".5",
            "+1",
            "1.",
            "1e",
            "-",
            "--1",
            "\"a",
            "\"a\\",
            "\"a\nb\"",
            "[1",
            "{\"a\":1",
            "]",
            "}",
            "'a'",
            "1 2",
            "\u{feff}1",
        ] {
            assert!(value(bad).is_err(), "{bad:?} passed");
        }
        assert_eq!(value("1 x"), Err(SyntaxError { at: 2 }));
    }

    #[test]
    fn objects_and_arrays_are_walked() {
        let mut cursor = Cursor::new(r#" { "a" : 1 , "b" : [ 2 , 3 ] } "#);
        let mut object = cursor.object().expect("an object");
        let mut keys = Vec::new();
        let mut numbers = Vec::new();
        while let Some(key) = object.next_key(&mut cursor).expect("valid") {
            keys.push(key.inner());
            if cursor.kind() == Ok(Kind::Array) {
                let mut array = cursor.array().expect("an array");
                while array.next_element(&mut cursor).expect("valid") {
                    numbers.push(cursor.skip().expect("valid"));
                }
            } else {
                numbers.push(cursor.skip().expect("valid"));
            }
        }
        assert_eq!((keys, numbers), (vec!["a", "b"], vec!["1", "2", "3"]));
        assert_eq!(cursor.end(), Ok(()));
    }

    #[test]
    fn trailing_commas_and_missing_colons_are_refused() {
        for bad in [r#"{"a":1,}"#, r#"{,"a":1}"#, r#"{"a" 1}"#, r#"{"a":1 "b":2}"#, "{1:2}", "{\"a\":}"] {
            let mut cursor = Cursor::new(bad);
            let mut object = cursor.object().expect("opens");
            let walked = loop {
                match object.next_key(&mut cursor) {
                    Ok(Some(_)) => {
                        if let Err(error) = cursor.value() {
                            break Err(error);
                        }
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            assert!(walked.is_err(), "{bad} passed");
        }
    }

    proptest! {
        #[test]
        fn the_wide_search_finds_what_the_narrow_one_does(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..45) {
            let narrow = (at..bytes.len()).find(|place| matches!(bytes[*place], b'"' | b'\\' | 0..0x20));
            let wide = next_special(&bytes, at);
            match narrow {
                Some(place) => prop_assert_eq!(wide, place),
                None => prop_assert!(wide >= bytes.len()),
            }
        }

        #[test]
        fn no_text_makes_the_cursor_panic(text in "\\PC{0,30}|[\\[\\]{}\",:\\\\0-9eE.a-z\n -]{0,40}") {
            let _ = value(&text);
            let mut cursor = Cursor::new(&text);
            if let Ok(mut object) = cursor.object() {
                while let Ok(Some(_)) = object.next_key(&mut cursor) {
                    let _ = cursor.skip();
                }
            }
        }
    }
}
