//! Cells as JSON strings, without a serializer between.
//!
//! Owns the escapes. Must not know rows.

/// Appends one byte of UTF-8 text to the inside of a JSON string.
pub(crate) fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 => {
            let [high, low] = [usize::from(byte >> 4), usize::from(byte & 15)];
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[high], HEX[low]]);
        }
        _ => out.push(byte),
    }
}

/// Bytes an escape takes at most.
pub(crate) const ESCAPE_BYTES_MAX: usize = 6;

/// Whether the inside of a JSON string that [`push_escaped`] made is white space alone.
pub(crate) fn is_blank(inside: &[u8]) -> bool {
    let mut rest = inside;
    loop {
        rest = match rest {
            [] => return true,
            [b' ', rest @ ..] | [b'\\', b't' | b'n' | b'r', rest @ ..] => rest,
            // The no-break space, which spreadsheets like to leave behind.
            [0xc2, 0xa0, rest @ ..] => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back_through_a_parser() {
        let text: String = (1_u32..0x300).filter_map(char::from_u32).collect();
        let mut out = vec![b'"'];
        text.bytes().for_each(|byte| push_escaped(&mut out, byte));
        out.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn blank_is_white_space_alone() {
        for inside in ["", "  ", "\\t \\r\\n", "\u{a0}"] {
            assert!(is_blank(inside.as_bytes()), "{inside:?}");
        }
        for inside in [" .", "\\\\t", "\\u0001", "\u{a1}"] {
            assert!(!is_blank(inside.as_bytes()), "{inside:?}");
        }
    }
}
