//! API keys as text: how one is made, how a well-formed one is told, and the hash that is kept of it.
//!
//! Owns the format `rk_` + 32 base32 characters (160 random bits) + 6 (the first 30 bits of the SHA-256 of all before
//! them). The checksum lets a mistyped key be told from an unknown one without asking a store. Knows no store.

use std::fmt;

use rand::TryRngCore;
use sha2::{Digest, Sha256};

const PREFIX: &str = "rk_";
const RANDOM_BYTES: usize = 20;
const CHECKSUM_CHARS: usize = 6;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A secret text: it can be shown only on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be sent, or printed to the person who owns it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Makes a key from the operating system's random source.
///
/// # Errors
/// When that source fails.
pub fn generate() -> Result<Secret, String> {
    let mut random = [0u8; RANDOM_BYTES];
    rand::rngs::OsRng
        .try_fill_bytes(&mut random)
        .map_err(|failure| format!("the system's random source failed: {failure}"))?;
    Ok(key_of(&random))
}

fn key_of(random: &[u8; RANDOM_BYTES]) -> Secret {
    let unchecked = format!("{PREFIX}{}", base32(random));
    let checksum = checksum_of(&unchecked);
    Secret(unchecked + &checksum)
}

/// Whether a text has the format and its checksum fits.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    let Some(encoded) = text.strip_prefix(PREFIX) else { return false };
    let fits =
        encoded.len() == RANDOM_BYTES * 8 / 5 + CHECKSUM_CHARS && encoded.bytes().all(|byte| ALPHABET.contains(&byte));
    if !fits {
        return false;
    }
    let (unchecked, checksum) = text.split_at(text.len() - CHECKSUM_CHARS);
    checksum_of(unchecked) == checksum
}

/// Whether a text wants to be such a key: most likely a typing error when it is not well-formed.
#[must_use]
pub fn looks_mistyped(text: &str) -> bool {
    text.starts_with(PREFIX) && !is_well_formed(text)
}

/// What is kept of a key.
#[must_use]
pub fn sha256(key: &Secret) -> [u8; 32] {
    Sha256::digest(key.reveal().as_bytes()).into()
}

fn checksum_of(unchecked: &str) -> String {
    let mut encoded = base32(&Sha256::digest(unchecked.as_bytes()));
    encoded.truncate(CHECKSUM_CHARS);
    encoded
}

/// RFC 4648 base32, lower case, without padding; a last group of fewer than five bits is filled with zeros.
fn base32(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let mut held: u32 = 0;
    let mut held_bits = 0;
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        held_bits += 8;
        while held_bits >= 5 {
            held_bits -= 5;
            encoded.push(char_of(held >> held_bits));
        }
    }
    if held_bits > 0 {
        encoded.push(char_of(held << (5 - held_bits)));
    }
    encoded
}

fn char_of(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_follows_the_standard() {
        assert_eq!(base32(b""), "");
        assert_eq!(base32(b"f"), "my");
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
    }

    #[test]
    fn a_known_key_has_its_known_text() {
        // Python: u = 'rk_' + b32encode(bytes(20)).lower(); u + b32encode(sha256(u).digest())[:6].lower()
        assert_eq!(key_of(&[0; 20]).reveal(), KEY_OF_ZEROS);
    }

    const KEY_OF_ZEROS: &str = "rk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2unipg";

    #[test]
    fn a_made_key_is_well_formed_and_no_two_are_alike() {
        let (one, other) = (generate(), generate());
        let Ok(key) = &one else { panic!("no key: {one:?}") };
        assert_eq!(key.reveal().len(), 41);
        assert!(is_well_formed(key.reveal()));
        assert_ne!(one, other);
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let key = KEY_OF_ZEROS;
        for position in 3..key.len() {
            let mut wrong: Vec<u8> = key.bytes().collect();
            wrong[position] = if wrong[position] == b'b' { b'c' } else { b'b' };
            let text = String::from_utf8(wrong).unwrap_or_default();
            assert!(looks_mistyped(&text), "{text}");
        }
        assert!(!is_well_formed(&key.to_uppercase()));
        assert!(!looks_mistyped("a-key-of-another-kind"));
    }

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "Secret(…)");
    }
}
