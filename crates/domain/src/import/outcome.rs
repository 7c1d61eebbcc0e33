//! The outcome of a row, and the compact form in which stores keep outcomes.
//!
//! A created record's id is a function of the job and the row, so its outcome is a single byte. Matched rows take 17
//! bytes. Owns the format; it is versioned by its tags and must stay readable for as long as jobs are kept.

use crate::error::{Fault, RowCode, RowError};
use crate::ids::{RecordId, RecordIdSpace};

/// What became of one row.
///
/// In a job that undoes another, what was taken back of the row of this index: `Created` removed the record that it had
/// made, `Updated` gave the record its values from before, `Existing` had nothing to take back, `Rejected` left the record
/// as it is. The stored form, the counters and their law are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A record was made.
    Created {
        /// The id that the row carried; `None` when the id is the one of the row in the job's id space.
        given_id: Option<RecordId>,
    },
    /// The row matched this record and left it as it was.
    Existing(RecordId),
    /// The row changed this record.
    Updated(RecordId),
    /// The import passes such rows over: nothing was written, and nothing is wrong.
    Skipped(Skip),
    /// Nothing was written.
    Rejected(Box<RowError>),
}

/// Why a row was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It has no value of the property that matches.
    MissingKey,
    /// It has the key of this row, which was taken in its place.
    DuplicateOf(u32),
}

impl Skip {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingKey => "missing_key",
            Self::DuplicateOf(_) => "duplicate_row",
        }
    }
}

impl Outcome {
    /// The id of the record that the row made or matched.
    #[must_use]
    pub fn record_id(&self, ids: &RecordIdSpace, row: u32) -> Option<RecordId> {
        match self {
            Self::Created { given_id } => Some(given_id.unwrap_or_else(|| ids.record_id(row))),
            Self::Existing(id) | Self::Updated(id) => Some(*id),
            Self::Skipped(_) | Self::Rejected(_) => None,
        }
    }
}

const CREATED: u8 = 0;
const CREATED_WITH_ID: u8 = 1;
const EXISTING: u8 = 2;
const UPDATED: u8 = 3;
/// As outcomes were kept whose faults named neither value nor suggestion; read, and not written any more.
const REJECTED_IN_SHORT: u8 = 4;
const REJECTED: u8 = 5;
const SKIPPED_WITHOUT_KEY: u8 = 6;
const SKIPPED_AS_DUPLICATE: u8 = 7;

/// Appends the stored form of `outcomes` to `bytes`.
pub fn encode(outcomes: &[Outcome], bytes: &mut Vec<u8>) {
    bytes.reserve(outcomes.len());
    for outcome in outcomes {
        match outcome {
            Outcome::Created { given_id: None } => bytes.push(CREATED),
            Outcome::Created { given_id: Some(id) } => encode_id(CREATED_WITH_ID, *id, bytes),
            Outcome::Existing(id) => encode_id(EXISTING, *id, bytes),
            Outcome::Updated(id) => encode_id(UPDATED, *id, bytes),
            Outcome::Skipped(Skip::MissingKey) => bytes.push(SKIPPED_WITHOUT_KEY),
            Outcome::Skipped(Skip::DuplicateOf(row)) => {
                bytes.push(SKIPPED_AS_DUPLICATE);
                bytes.extend_from_slice(&row.to_le_bytes());
            }
            Outcome::Rejected(error) => {
                bytes.push(REJECTED);
                encode_error(error, bytes);
            }
        }
    }
}

/// Reads stored outcomes one after the other.
///
/// Yields `None` in place of an outcome, once, when the bytes are not what [`encode`] writes; nothing follows then.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = Option<Outcome>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let outcome = decode_one(&mut rest);
        if outcome.is_none() {
            rest = &[];
        }
        Some(outcome)
    })
}

fn encode_id(tag: u8, id: RecordId, bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend_from_slice(id.as_bytes());
}

fn encode_error(error: &RowError, bytes: &mut Vec<u8>) {
    let count = u32::try_from(1 + error.rest.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    for fault in error.faults() {
        bytes.push(fault.code.number());
        encode_text(&fault.field, bytes);
        encode_text(&fault.message, bytes);
        encode_optional(fault.value.as_deref(), bytes);
        encode_optional(fault.suggestion.as_deref(), bytes);
    }
}

pub(super) fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// A length that no text has stands for none.
const NONE: u32 = u32::MAX;

pub(super) fn encode_optional(text: Option<&str>, bytes: &mut Vec<u8>) {
    match text {
        Some(text) => encode_text(text, bytes),
        None => bytes.extend_from_slice(&NONE.to_le_bytes()),
    }
}

fn decode_one(rest: &mut &[u8]) -> Option<Outcome> {
    let outcome = match take(rest, 1)?[0] {
        CREATED => Outcome::Created { given_id: None },
        CREATED_WITH_ID => Outcome::Created { given_id: Some(decode_id(rest)?) },
        EXISTING => Outcome::Existing(decode_id(rest)?),
        UPDATED => Outcome::Updated(decode_id(rest)?),
        SKIPPED_WITHOUT_KEY => Outcome::Skipped(Skip::MissingKey),
        SKIPPED_AS_DUPLICATE => Outcome::Skipped(Skip::DuplicateOf(decode_u32(rest)?)),
        REJECTED_IN_SHORT => Outcome::Rejected(Box::new(decode_error(rest, |_| Some((None, None)))?)),
        REJECTED => {
            let more = |rest: &mut &[u8]| Some((decode_optional(rest)?, decode_optional(rest)?));
            Outcome::Rejected(Box::new(decode_error(rest, more)?))
        }
        _ => return None,
    };
    Some(outcome)
}

fn decode_id(rest: &mut &[u8]) -> Option<RecordId> {
    take(rest, 16)?.try_into().ok().map(RecordId::from_bytes)
}

/// `more` reads the value and the suggestion of a fault.
fn decode_error(
    rest: &mut &[u8],
    more: impl Fn(&mut &[u8]) -> Option<(Option<Box<str>>, Option<Box<str>>)>,
) -> Option<RowError> {
    let count = decode_u32(rest)?;
    let mut faults = Vec::new();
    for _ in 0..count {
        let code = RowCode::from_number(take(rest, 1)?[0])?;
        let (field, message) = (decode_text(rest)?, decode_text(rest)?);
        let (value, suggestion) = more(rest)?;
        faults.push(Fault { field, code, message, value, suggestion });
    }
    RowError::of(faults)
}

pub(super) fn decode_text(rest: &mut &[u8]) -> Option<String> {
    let length = decode_u32(rest)?;
    let bytes = take(rest, usize::try_from(length).ok()?)?;
    String::from_utf8(bytes.to_vec()).ok()
}

/// The outer `None`: this is no optional text.
pub(super) fn decode_optional(rest: &mut &[u8]) -> Option<Option<Box<str>>> {
    if rest.starts_with(&NONE.to_le_bytes()) {
        decode_u32(rest)?;
        return Some(None);
    }
    decode_text(rest).map(|text| Some(text.into()))
}

pub(super) fn decode_u32(rest: &mut &[u8]) -> Option<u32> {
    take(rest, 4)?.try_into().ok().map(u32::from_le_bytes)
}

pub(super) fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        let id = any::<[u8; 16]>().prop_map(RecordId::from_bytes);
        let optional = || proptest::option::of(".{0,9}");
        let fault = (".{0,12}", 0..RowCode::ALL.len(), ".{0,30}", optional(), optional()).prop_map(
            |(field, code, message, value, suggestion)| Fault {
                field,
                code: RowCode::ALL[code],
                message,
                value: value.map(Into::into),
                suggestion: suggestion.map(Into::into),
            },
        );
        prop_oneof![
            proptest::option::of(id.clone()).prop_map(|given_id| Outcome::Created { given_id }),
            id.clone().prop_map(Outcome::Existing),
            id.prop_map(Outcome::Updated),
            Just(Outcome::Skipped(Skip::MissingKey)),
            any::<u32>().prop_map(|row| Outcome::Skipped(Skip::DuplicateOf(row))),
            proptest::collection::vec(fault, 1..4)
                .prop_map(|faults| Outcome::Rejected(Box::new(RowError::of(faults).expect("one at least")))),
        ]
    }

    proptest! {
        #[test]
        fn outcomes_come_back_as_they_were(outcomes in proptest::collection::vec(any_outcome(), 0..50)) {
            let mut bytes = Vec::new();
            encode(&outcomes, &mut bytes);
            let read: Option<Vec<_>> = decode(&bytes).collect();
            prop_assert_eq!(read, Some(outcomes));
        }

        #[test]
        fn garbage_ends_the_reading_and_never_panics(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).count() <= bytes.len());
        }
    }

    #[test]
    fn outcomes_of_before_are_still_read() {
        let mut bytes = vec![CREATED, 4, 2, 0, 0, 0];
        for (code, field, message) in [(1, "default.emial", "no such property"), (0, "", "")] {
            bytes.push(code);
            for text in [field, message] {
                bytes.extend_from_slice(&u32::try_from(text.len()).expect("short").to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        bytes.push(CREATED);
        let faults = vec![
            Fault::new("default.emial", RowCode::UnknownProperty, "no such property"),
            Fault::new("", RowCode::InvalidRow, ""),
        ];
        let error = RowError::of(faults).expect("two");
        let created = || Outcome::Created { given_id: None };
        let read: Option<Vec<_>> = decode(&bytes).collect();
        assert_eq!(read, Some(vec![created(), Outcome::Rejected(Box::new(error)), created()]));
    }

    #[test]
    fn a_created_row_takes_one_byte_and_a_matched_one_seventeen() {
        let mut bytes = Vec::new();
        encode(&[Outcome::Created { given_id: None }], &mut bytes);
        assert_eq!(bytes.len(), 1);
        encode(&[Outcome::Existing(RecordId::from_bytes([7; 16]))], &mut bytes);
        assert_eq!(bytes.len(), 18);
    }
}
