//! Base64 as RFC 4648 §5 has it, without padding: letters, digits, `-` and `_`, which a URI takes as they are.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let digit = (bits >> (18 - 6 * place)) & 0x3f;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}

/// The bytes of the one text that stands for them; `None` for any other text.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = (bits << 6) | six_bits(*digit)?;
        }
        bits <<= 6 * (4 - group.len());
        let length = match group.len() {
            1 => return None,
            digits => digits - 1,
        };
        let [_, whole @ ..] = bits.to_be_bytes();
        let (kept, beyond) = whole.split_at_checked(length)?;
        // Bits that belong to no byte must be zero, or the same bytes would have several texts.
        if beyond.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

fn six_bits(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (&[0xfb, 0xff], "-_8")] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        for bad in ["Z", "Zh", "Zm9", "Zg==", "Z g", "+/8", "Zm9vZ", "é"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn bytes_have_one_text(bytes in proptest::collection::vec(any::<u8>(), 0..40), other in "[A-Za-z0-9_-]{0,12}") {
            let decoded = decode(&encode(&bytes));
            prop_assert_eq!(decoded.as_deref(), Some(bytes.as_slice()));
            if let Some(read) = decode(&other) {
                prop_assert_eq!(encode(&read), other);
            }
        }
    }
}
