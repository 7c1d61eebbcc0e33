//! Dedupe keys: how a text is folded, and the keyed hash by which records are matched; and the secret of a job's record ids.
//!
//! Owns case folding and hashing with the installation's secret. Knows neither what a value's texts are (that is [`crate::value`]) nor where keys lie.

use std::borrow::Cow;
use std::hash::Hasher;

use caseless::Caseless;
use siphasher::sip128::{Hasher128, SipHasher24};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};
use uuid::Uuid;

use crate::ids::{JobId, TeamId};
use crate::object_type::ObjectType;

/// A dedupe key: a 128-bit keyed hash of (team, object type, property, folded text).
///
/// Two texts share a hash only when they fold alike: at 128 bits a chance collision is not a case to plan for, and the
/// secret keeps callers from making one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash([u8; 16]);

impl KeyHash {
    /// The hash of these stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes as stores keep them; they sort as the hashes do.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Keeps the sources of record ids apart from dedupe keys, which begin with a team's id.
const RECORD_ID_SOURCE: &[u8] = b"source of the record ids of job ";

/// Makes the keys of one installation. Its secret must never change while keys are stored.
#[derive(Clone)]
pub struct KeyHasher {
    secret: [u8; 16],
}

impl KeyHasher {
    /// A hasher with the installation's secret.
    #[must_use]
    pub const fn new(secret: [u8; 16]) -> Self {
        Self { secret }
    }

    /// The keys of one property of one object type of one team.
    #[must_use]
    pub fn scope(&self, team_id: TeamId, object_type: ObjectType, slug: &str) -> KeyScope {
        let mut prefilled = SipHasher24::new_with_key(&self.secret);
        prefilled.write(team_id.as_bytes());
        prefilled.write(&[object_type.number()]);
        // The length in front keeps slug and text apart: ("ab", "c") is not ("a", "bc").
        prefilled.write(&u64::try_from(slug.len()).unwrap_or(u64::MAX).to_le_bytes());
        prefilled.write(slug.as_bytes());
        KeyScope { prefilled }
    }

    /// A key of its own for another purpose. Hashes under it tell nothing of dedupe keys, nor the other way round; the
    /// purpose must be no beginning of another one, nor a team's id.
    pub(crate) fn derived_key(&self, purpose: &[u8]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(purpose);
        hasher.finish128().as_bytes()
    }

    /// The source of a job's record ids ([`crate::ids::RecordIdSpace::source`]).
    ///
    /// Made of the job's id, so that nothing needs to be kept and every process makes the same; with the secret, so that
    /// who knows a waiting job's id cannot give one of its coming record ids to a row of another import.
    #[must_use]
    pub fn record_id_source(&self, job_id: JobId) -> Uuid {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(RECORD_ID_SOURCE);
        hasher.write(job_id.as_bytes());
        Uuid::from_bytes(hasher.finish128().as_bytes())
    }
}

/// Hashes the texts of one property. Cheap to clone.
#[derive(Clone)]
pub struct KeyScope {
    prefilled: SipHasher24,
}

impl KeyScope {
    /// The key of a text that the caller has trimmed; it is folded here.
    #[must_use]
    pub fn hash(&self, key_text: &str) -> KeyHash {
        let mut hasher = self.prefilled;
        if key_text.is_ascii() {
            // ASCII folds byte by byte, so no text is allocated; most keys are e-mail addresses and domains.
            let mut folded = [0_u8; 64];
            for piece in key_text.as_bytes().chunks(folded.len()) {
                let folded_piece = &mut folded[..piece.len()];
                folded_piece.copy_from_slice(piece);
                folded_piece.make_ascii_lowercase();
                hasher.write(folded_piece);
            }
        } else {
            hasher.write(fold(key_text).as_bytes());
        }
        KeyHash(hasher.finish128().as_bytes())
    }
}

impl KeyScope {
    /// Tells texts apart byte for byte. Nothing that is stored; not to be compared with [`Self::hash`].
    #[must_use]
    pub fn hash_exact(&self, key_text: &str) -> KeyHash {
        let mut hasher = self.prefilled;
        hasher.write(key_text.as_bytes());
        KeyHash(hasher.finish128().as_bytes())
    }
}

/// Rounds after which folding gives up looking for the fixpoint. Every character alone is there after two (a test goes
/// through all of them); the bound keeps a surprise in newer tables from becoming an endless loop.
const FOLD_ROUNDS_MAX: usize = 8;

/// The form in which texts are compared when case does not count: Unicode NFC and full case folding.
///
/// One round can leave a text that another would change (folding `ǰ` takes it apart, NFC puts it together again; letters
/// with a iota below change their order), so rounds follow until nothing changes: `fold(fold(x)) == fold(x)`.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Borrowed(text);
        }
        return Cow::Owned(text.to_ascii_lowercase());
    }
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let mut folded = fold_once(text);
    for _ in 1..FOLD_ROUNDS_MAX {
        if is_folded(&folded) {
            break;
        }
        folded = fold_once(&folded);
    }
    Cow::Owned(folded)
}

fn fold_once(text: &str) -> String {
    let folded: String = composed(text).chars().default_case_fold().collect();
    composed(&folded).into_owned()
}

fn composed(text: &str) -> Cow<'_, str> {
    // The quick check spares most texts the normalisation, which costs far more.
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether another round would change nothing.
fn is_folded(text: &str) -> bool {
    if text.chars().default_case_fold().eq(text.chars()) {
        return is_nfc(text);
    }
    // A character such as `ǰ` is taken apart and put together again: only the whole round tells.
    fold_once(text) == text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(secret: u8, team: u8, object_type: ObjectType, slug: &str) -> KeyScope {
        KeyHasher::new([secret; 16]).scope(TeamId::from_bytes([team; 16]), object_type, slug)
    }

    #[test]
    fn case_folds_as_unicode_says() {
        assert_eq!(fold("Straße"), "strasse");
        assert_eq!(fold("STRAẞE"), "strasse");
        assert_eq!(fold("ΣΊΣΥΦΟΣ"), fold("σίσυφος"));
        assert_eq!(fold("Ǆ"), "ǆ");
        assert_eq!(fold("ǅ"), "ǆ");
        assert_eq!(fold("\u{212a}elvin"), "kelvin");
        // Full folding keeps the dot of the Turkish capital, so it is another letter than `i`.
        assert_eq!(fold("İ"), "i\u{307}");
        assert_ne!(fold("İ"), fold("i"));
        assert_ne!(fold("ı"), fold("i"));
        assert_eq!(fold("CAFE\u{301}"), "café");
    }

    #[test]
    fn texts_that_fold_already_are_borrowed() {
        assert!(matches!(fold("ada@example.com"), Cow::Borrowed(_)));
        assert!(matches!(fold("zürich"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_round_that_one_pass_misses_is_made() {
        for text in ["ǰ", "J\u{30c}", "ᾳ\u{301}", "α\u{301}\u{345}", "ΐ", "Ω\u{345}\u{300}", "İ\u{323}"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
        assert_eq!(fold("J\u{30c}"), fold("ǰ"));
    }

    #[test]
    fn every_character_is_folded_after_two_rounds() {
        for character in '\0'..=char::MAX {
            let twice = fold_once(&fold_once(&character.to_string()));
            assert_eq!(fold_once(&twice), twice, "{character:?}");
        }
    }

    #[test]
    fn the_two_ways_of_hashing_agree_and_every_part_of_the_scope_counts() {
        let email = scope(1, 1, ObjectType::Contact, "email");
        let long = "Ab".repeat(200);
        assert_eq!(email.hash(&long), email.hash(&long.to_lowercase()));
        // The Kelvin sign leaves the fast path and folds to ASCII: both ways must meet.
        assert_eq!(email.hash("\u{212a}elvin"), email.hash("KELVIN"));
        let long_kelvin = format!("\u{212a}{long}");
        assert_eq!(email.hash(&long_kelvin), email.hash(&format!("k{long}")));
        let here = email.hash("a");
        assert_ne!(here, scope(2, 1, ObjectType::Contact, "email").hash("a"));
        assert_ne!(here, scope(1, 2, ObjectType::Contact, "email").hash("a"));
        assert_ne!(here, scope(1, 1, ObjectType::Identity, "email").hash("a"));
        assert_ne!(here, scope(1, 1, ObjectType::Contact, "emai").hash("la"));
    }

    #[test]
    fn hashes_never_change_between_versions() {
        // Stored keys would stop matching: whoever changes this must rebuild every key table.
        let hash = scope(7, 9, ObjectType::Contact, "email").hash("Ada@Example.com");
        let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "092aa0c75aab1687461386d9b575ba63");
        assert_eq!(KeyHash::from_bytes(*hash.as_bytes()), hash);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,12}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }

        #[test]
        fn folding_any_character_is_stable_between_marks(base: char, marks in "[\u{300}\u{301}\u{30c}\u{323}\u{345}\u{308}]{0,4}") {
            let text = format!("{base}{marks}");
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
            // Canonically equal texts fold alike.
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&decomposed), once.as_str());
        }

        #[test]
        fn hashing_is_of_the_folded_text(text in "\\PC{0,90}") {
            let name = scope(3, 3, ObjectType::Organization, "name");
            prop_assert_eq!(name.hash(&text), name.hash(&fold(&text)));
        }
    }
}
