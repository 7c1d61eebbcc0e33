//! Skipping what needs no decision, many bytes at a time: the plain part of a string, and white space.
//!
//! Eight bytes are read as one number and compared at once; the lowest set high bit then names the first byte that
//! matters. Only the lowest is exact (a borrow can spoil those above it), and only the lowest is used.

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
const SPACES: u64 = u64::from_le_bytes([b' '; 8]);

/// Index of the first byte from `at` on that ends a plain run of string text: a quote, a backslash or a control
/// character. `text.len()` if there is none. Bytes above 0x7F are plain here; UTF-8 is checked for the whole value.
#[inline]
pub(super) fn end_of_plain_text(text: &[u8], at: usize) -> usize {
    let mut position = at;
    while let Some(chunk) = text.get(position..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ QUOTES;
        let backslash = word ^ BACKSLASHES;
        let stops = ((quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(SPACES) & !word))
            & HIGH_BITS;
        if stops != 0 {
            return position + (stops.trailing_zeros() / 8) as usize;
        }
        position += 8;
    }
    while let Some(&byte) = text.get(position) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
            break;
        }
        position += 1;
    }
    position
}

/// Index of the first byte from `at` on that is not JSON white space; `text.len()` if there is none.
#[inline]
pub(super) fn end_of_whitespace(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(&byte) if is_whitespace(byte) => end_of_long_whitespace(text, at + 1),
        _ => at,
    }
}

fn end_of_long_whitespace(text: &[u8], at: usize) -> usize {
    let mut position = at;
    while let Some(&byte) = text.get(position) {
        if !is_whitespace(byte) {
            break;
        }
        position += 1;
        while let Some(chunk) = text.get(position..).and_then(|rest| rest.first_chunk::<16>()) {
            // Without early exit, so that it becomes a few vector comparisons.
            let blank = chunk.iter().fold(true, |blank, &byte| blank & is_whitespace(byte));
            if !blank {
                break;
            }
            position += 16;
        }
    }
    position
}

/// The four bytes RFC 8259 calls white space.
#[inline]
pub(super) fn is_whitespace(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\n') | (byte == b'\r') | (byte == b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_each_stopping_byte_and_at_no_other() {
        for stop in 0..=u8::MAX {
            let stops = matches!(stop, b'"' | b'\\' | 0..=0x1F);
            for position in 0..20 {
                for neighbour in [b'a', b'!', b'#', b'[', b']', b' ', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
                    let mut text = vec![neighbour; 21];
                    text[position] = stop;
                    let expected = if stops { position } else { text.len() };
                    assert_eq!(end_of_plain_text(&text, 0), expected, "{stop:#x} at {position} in {neighbour:#x}");
                }
            }
        }
    }

    #[test]
    fn the_first_of_several_stops_wins() {
        let text = b"0123456\x01\"\\\"\"\"\"\"\"";
        assert_eq!(end_of_plain_text(text, 0), 7);
        assert_eq!(end_of_plain_text(text, 8), 8);
        assert_eq!(end_of_plain_text(b"", 0), 0);
    }

    #[test]
    fn whitespace_ends_at_the_first_other_byte() {
        for length in 0..70 {
            for other in [b'a', 0, 0x0B, 0x0C, 0x1F, b'!', 0x85, 0xA0] {
                let mut text: Vec<u8> = b" \n\r\t".iter().copied().cycle().take(length).collect();
                text.push(other);
                text.extend_from_slice(b"   ");
                assert_eq!(end_of_whitespace(&text, 0), length);
            }
            assert_eq!(end_of_whitespace(&vec![b' '; length], 0), length);
        }
    }
}
