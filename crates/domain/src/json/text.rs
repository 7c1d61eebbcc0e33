//! JSON strings: read with their escapes, written in the one canonical form.

use std::borrow::Cow;

/// A JSON string as it was written, quotes included; every value made by the cursor starts and ends with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

/// Why a JSON string is not a text that every store can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// U+0000, which PostgreSQL refuses.
    Nul,
    /// Half of a surrogate pair, which is no character.
    LoneSurrogate,
    /// A backslash that starts no escape of JSON.
    BadEscape,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The token as written, quotes included.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Whether the token holds a backslash; without one it is canonical as it stands.
    #[must_use]
    pub fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The token as written, without its quotes.
    #[must_use]
    pub fn inner(&self) -> &'a str {
        strip_quotes(self.raw)
    }

    /// The text that the token stands for; borrowed when it holds no escape.
    pub fn decode(&self) -> Result<Cow<'a, str>, TextFault> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.inner()));
        }
        let mut decoded = String::with_capacity(self.raw.len());
        unescape(self.inner(), &mut |piece| {
            piece.map(|text| match text {
                Piece::Plain(plain) => decoded.push_str(plain),
                Piece::Character(character) => decoded.push(character),
            })
        })?;
        Ok(Cow::Owned(decoded))
    }

    /// Appends the token in canonical form.
    pub fn push_canonical(&self, out: &mut String) -> Result<(), TextFault> {
        if self.escaped {
            push_text(out, &self.decode()?);
        } else {
            out.push_str(self.raw);
        }
        Ok(())
    }
}

fn strip_quotes(raw: &str) -> &str {
    raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw)
}

enum Piece<'a> {
    Plain(&'a str),
    Character(char),
}

/// Walks `inner`; `each` decides whether a fault ends the walk (`Err`) or is mended by it (`Ok`).
fn unescape<'a>(
    inner: &'a str,
    each: &mut dyn FnMut(Result<Piece<'a>, TextFault>) -> Result<(), TextFault>,
) -> Result<(), TextFault> {
    let mut rest = inner;
    while let Some(backslash) = rest.find('\\') {
        let (plain, escape) = rest.split_at(backslash);
        if !plain.is_empty() {
            each(Ok(Piece::Plain(plain)))?;
        }
        let (character, length) = read_escape(escape);
        each(character.map(Piece::Character))?;
        rest = escape.get(length..).unwrap_or_default();
    }
    if rest.is_empty() { Ok(()) } else { each(Ok(Piece::Plain(rest))) }
}

/// What the escape at the start of `escape` stands for, and how many bytes it takes.
fn read_escape(escape: &str) -> (Result<char, TextFault>, usize) {
    let character = match escape.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return read_unicode_escape(escape),
        _ => return (Err(TextFault::BadEscape), 1),
    };
    (Ok(character), 2)
}

fn read_unicode_escape(escape: &str) -> (Result<char, TextFault>, usize) {
    let Some(unit) = read_unit(escape) else {
        return (Err(TextFault::BadEscape), 1);
    };
    if unit == 0 {
        return (Err(TextFault::Nul), 6);
    }
    if let Some(character) = char::from_u32(unit) {
        return (Ok(character), 6);
    }
    let low = escape.get(6..).and_then(read_unit).filter(|low| (0xdc00..0xe000).contains(low));
    let pair = low.filter(|_| unit < 0xdc00).map(|low| 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    match pair.and_then(char::from_u32) {
        Some(character) => (Ok(character), 12),
        None => (Err(TextFault::LoneSurrogate), 6),
    }
}

/// The number of the `\uXXXX` at the start of `escape`.
fn read_unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// Appends `text` as a JSON string in canonical form: only what must be escaped is, the short way where there is one.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Bytes will do: what is escaped is ASCII, and no byte of another character looks like it.
    while let Some(position) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, special) = rest.split_at(position);
        out.push_str(plain);
        push_escape(out, special.as_bytes()[0]);
        rest = &special[1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn push_escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' => '"',
        b'\\' => '\\',
        0x8 => 'b',
        0xc => 'f',
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        _ => {
            out.push_str("\\u00");
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 0xf)]));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

/// The text of a raw JSON string; of anything else, the raw text itself (a number or `true` as written).
///
/// Meant for canonical values, which hold neither U+0000 nor half surrogates; elsewhere each becomes U+FFFD.
#[must_use]
pub fn unquote(raw: &str) -> Cow<'_, str> {
    let inner = strip_quotes(raw);
    if inner.len() == raw.len() || !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut decoded = String::with_capacity(inner.len());
    let mended = unescape(inner, &mut |piece| {
        match piece {
            Ok(Piece::Plain(plain)) => decoded.push_str(plain),
            Ok(Piece::Character(character)) => decoded.push(character),
            Err(_) => decoded.push(char::REPLACEMENT_CHARACTER),
        }
        Ok(())
    });
    debug_assert!(mended.is_ok(), "every fault was mended");
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(raw: &str) -> Result<String, TextFault> {
        Text::new(raw, raw.contains('\\')).decode().map(Cow::into_owned)
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(decode(r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#), Ok("\"\\/\u{8}\u{c}\n\r\té😀".into()));
        assert_eq!(decode(r#""a\u0041b""#), Ok("aAb".into()));
    }

    #[test]
    fn texts_that_no_store_keeps_are_told_apart() {
        assert_eq!(decode(r#""a\u0000""#), Err(TextFault::Nul));
        for lone in [r#""\ud800""#, r#""\ud800x""#, r#""\udc00\ud800""#, r#""\ud800\u0041""#, r#""\ud800\ud800""#] {
            assert_eq!(decode(lone), Err(TextFault::LoneSurrogate), "{lone}");
        }
        for bad in [r#""\x""#, r#""\u12""#, r#""\u+123""#, r#""\uéé""#, "\"\\\""] {
            assert_eq!(decode(bad), Err(TextFault::BadEscape), "{bad}");
        }
    }

    #[test]
    fn the_canonical_form_escapes_only_what_it_must() {
        let mut out = String::new();
        push_text(&mut out, "\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}é😀");
        assert_eq!(out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\u{7f}é😀\"");
    }

    #[test]
    fn what_is_no_string_is_its_own_text() {
        assert_eq!(unquote("12.5"), "12.5");
        assert_eq!(unquote("true"), "true");
        assert_eq!(unquote(r#""a\ud800b""#), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(text in "\\PC*|[\\x01-\\x20\"\\\\é]*") {
            let mut raw = String::new();
            push_text(&mut raw, &text);
            prop_assert_eq!(unquote(&raw), text.as_str());
            prop_assert_eq!(decode(&raw), Ok(text));
        }

        #[test]
        fn decoding_never_panics(inner in "[\\\\u0dDc8\"a-fé/]{0,24}") {
            let raw = format!("\"{inner}\"");
            drop(decode(&raw));
            drop(unquote(&raw));
        }
    }
}
