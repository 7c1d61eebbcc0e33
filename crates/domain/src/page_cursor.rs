//! Cursors of pages other than those of records: the place where a page ended, good for one question alone.
//!
//! A cursor is a version, a place and a signature, as base64url without padding. The signature is keyed by the
//! installation's secret and covers team and question too, so that a cursor that was changed, made up, or is of another
//! question is no cursor. What a question or a place looks like as bytes is said where it is asked. Cursors of records are
//! in [`crate::query`]; they have a key of their own.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::base64url;
use crate::ids::TeamId;
use crate::key::KeyHasher;

/// What the key of signatures is derived for.
const PURPOSE: &[u8] = b"cursors of pages of jobs and results";

/// The form described above.
const VERSION: u8 = 1;

const SIGNATURE_BYTES: usize = 16;

/// Signs and opens the cursors of one team.
#[derive(Clone)]
pub struct PageSigner {
    key: [u8; 16],
    team_id: TeamId,
}

impl PageSigner {
    /// The signer of a team's cursors, with the installation's secret.
    #[must_use]
    pub fn new(hasher: &KeyHasher, team_id: TeamId) -> Self {
        Self { key: hasher.derived_key(PURPOSE), team_id }
    }

    /// The cursor of a question's page that goes on at `place`.
    #[must_use]
    pub fn sign(&self, question: &[u8], place: &[u8]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(place);
        let signature = self.signature(question, &bytes);
        bytes.extend_from_slice(&signature);
        base64url::encode(&bytes)
    }

    /// The place that a cursor of this question names; `None` for anything else.
    #[must_use]
    pub fn open(&self, question: &[u8], cursor: &str) -> Option<Vec<u8>> {
        let bytes = base64url::decode(cursor)?;
        let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        let (version, place) = said.split_first()?;
        let is_ours = same_bytes(&self.signature(question, said), signature) && *version == VERSION;
        is_ours.then(|| place.to_vec())
    }

    fn signature(&self, question: &[u8], said: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        for part in [self.team_id.as_bytes(), question, said] {
            hasher.write(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.write(part);
        }
        hasher.finish128().as_bytes()
    }
}

/// Compares in a time that tells nothing of where the two differ.
pub(crate) fn same_bytes(expected: &[u8; SIGNATURE_BYTES], given: &[u8]) -> bool {
    let differing = expected.iter().zip(given).fold(0_u8, |sum, (left, right)| sum | (left ^ right));
    given.len() == SIGNATURE_BYTES && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer(secret: u8, team: u8) -> PageSigner {
        PageSigner::new(&KeyHasher::new([secret; 16]), TeamId::from_bytes([team; 16]))
    }

    proptest! {
        #[test]
        fn a_cursor_is_good_for_its_question_alone(question: Vec<u8>, place: Vec<u8>, other: Vec<u8>, flip: usize) {
            let cursor = signer(1, 1).sign(&question, &place);
            prop_assert_eq!(signer(1, 1).open(&question, &cursor), Some(place));
            prop_assert_eq!(signer(2, 1).open(&question, &cursor), None);
            prop_assert_eq!(signer(1, 2).open(&question, &cursor), None);
            if other != question {
                prop_assert_eq!(signer(1, 1).open(&other, &cursor), None);
            }
            let mut bytes = base64url::decode(&cursor).expect("a cursor");
            let flipped = flip % bytes.len();
            bytes[flipped] ^= 1;
            prop_assert_eq!(signer(1, 1).open(&question, &base64url::encode(&bytes)), None);
        }

        #[test]
        fn garbage_is_no_cursor(text: String) {
            prop_assert_eq!(signer(1, 1).open(b"", &text), None);
        }
    }
}
