//! Finds the next byte that needs care, eight at a time.
//!
//! Owns the search on which the speed of reading rests. Must not know what the bytes mean.

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many bytes at the start of `text` are neither `mark` nor anything that JSON escapes: a quotation mark, a backslash,
/// a control character (and so a line end).
#[inline]
pub(crate) fn plain_length(text: &[u8], mark: u8) -> usize {
    let marks = u64::from_ne_bytes([mark; 8]);
    let mut at = 0;
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        let word = <[u8; 8]>::try_from(word).map_or(0, u64::from_le_bytes);
        let hits = zeros(word ^ marks) | zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) | controls(word);
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = words.remainder();
    at + rest.iter().position(|&byte| byte == mark || needs_escape(byte)).unwrap_or(rest.len())
}

/// Whether JSON escapes a byte.
#[inline]
pub(crate) fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);

/// The top bit of each zero byte. Bytes above the first zero may be marked wrongly, which does not matter: only the first
/// is asked for, and the first mark of several such masks together is right in one of them.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// The same for bytes below 0x20.
#[inline]
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & TOPS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            text in prop::collection::vec(prop_oneof![4 => 0x20_u8..0x7f, 1 => any::<u8>()], 0..80),
            mark in prop_oneof![Just(b','), Just(b'\''), Just(b'\t'), Just(0xff_u8)],
        ) {
            let expected = text.iter().position(|&byte| byte == mark || needs_escape(byte)).unwrap_or(text.len());
            prop_assert_eq!(plain_length(&text, mark), expected);
        }
    }
}
