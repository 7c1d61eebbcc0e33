//! Base64 as RFC 4648 §4 has it: the standard alphabet, padded, with no stray bits.

/// Whether `text` is the one standard base64 form of some bytes.
pub(super) fn is_base64(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return false;
    }
    let padding = bytes.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let digits = &bytes[..bytes.len() - padding];
    if !digits.iter().all(|byte| six_bits(*byte).is_some()) {
        return false;
    }
    // Bits of the last digit that belong to no byte must be zero, or the same bytes would have several texts.
    let stray_bits = match padding {
        1 => 0b11,
        2 => 0b1111,
        _ => 0,
    };
    digits.last().and_then(|last| six_bits(*last)).is_none_or(|bits| bits & stray_bits == 0)
}

fn six_bits(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_standard_padded_form_passes() {
        for good in ["", "QQ==", "QUI=", "QUJD", "+/+/", "AAAA", "AA=="] {
            assert!(is_base64(good), "{good}");
        }
        for bad in [
            "Q", "QQ", "QQ=", "QUJ", "QR==", "QUJ=", "Q===", "====", "=QQQ", "Q=Q=", "QQ==QUJD", "-_-_", "QU D", "QUé=",
        ] {
            assert!(!is_base64(bad), "{bad}");
        }
    }
}
