//! From text back into the encoding of a file.
//!
//! Owns the encodings that the library only reads (UTF-16). Must not know rows.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Appends `text` in the encoding of this label, and answers how many characters it does not have: each became a `?`.
/// A label that is not known means UTF-8.
///
/// The text of a file goes back whole into the file's own encoding; only what is added to it, such as a message, may not.
pub fn encode(text: &str, label: &str, out: &mut Vec<u8>) -> u64 {
    let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(UTF_8);
    if encoding == UTF_16LE {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        return 0;
    }
    if encoding == UTF_16BE {
        out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        return 0;
    }
    match encoding.encode(text) {
        (Cow::Borrowed(bytes), _, false) => {
            out.extend_from_slice(bytes);
            0
        }
        (Cow::Owned(bytes), _, false) => {
            out.extend(bytes);
            0
        }
        (_, _, true) => encode_with_gaps(text, encoding, out),
    }
}

/// The byte order mark of an encoding; empty where it has none.
pub fn byte_order_mark(label: &str) -> &'static [u8] {
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => b"\xef\xbb\xbf",
        Some(encoding) if encoding == UTF_16LE => b"\xff\xfe",
        Some(encoding) if encoding == UTF_16BE => b"\xfe\xff",
        _ => b"",
    }
}

fn encode_with_gaps(text: &str, encoding: &'static Encoding, out: &mut Vec<u8>) -> u64 {
    let mut encoder = encoding.new_encoder();
    let mut rest = text;
    let mut gaps = 0;
    loop {
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, reserve(out, rest), true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return gaps,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => {
                gaps += 1;
                out.push(b'?');
            }
        }
    }
}

/// Room for any character and its change of state, at least.
fn reserve<'o>(out: &'o mut Vec<u8>, text: &str) -> &'o mut Vec<u8> {
    out.reserve(text.len() + 32);
    out
}
