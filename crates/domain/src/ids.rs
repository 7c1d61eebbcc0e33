//! Identifiers, each a type of its own so that one cannot stand in for another.
//!
//! Owns how record ids are made from a job and a row index. Knows neither clocks nor random sources: both are
//! passed in as values.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use uuid::Uuid;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated or simple form, in either case; anything else is `None`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                parse_uuid(text).map(Self)
            }

            /// The id from its 16 bytes, big-endian, as stores keep it.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes, big-endian; they sort as the ids do.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

uuid_newtype!(
    /// A team: the tenant that owns records, jobs, lists and API keys.
    TeamId
);
uuid_newtype!(
    /// An API key's public id; the key itself is a secret and is never kept.
    ApiKeyId
);
uuid_newtype!(
    /// An import job.
    JobId
);
uuid_newtype!(
    /// A record of any object type; unique within its team, across types.
    RecordId
);
uuid_newtype!(
    /// A property definition.
    PropertyId
);
uuid_newtype!(
    /// One option of a select property.
    OptionId
);
uuid_newtype!(
    /// A list.
    ListId
);
uuid_newtype!(
    /// A saved view.
    ViewId
);

/// Only the 36- and 32-character forms: the braces and `urn:` forms that the uuid crate also reads are not ids here.
fn parse_uuid(text: &str) -> Option<Uuid> {
    match text.len() {
        36 | 32 => Uuid::try_parse(text).ok(),
        _ => None,
    }
}

/// Largest number of rows one space of record ids can number: 2^23.
///
/// 23 bits, because an embedded store may pack the ordered part of an id (40 bits of milliseconds, 23 of index) into
/// a positive 63-bit record number.
pub const RECORD_INDEX_MAX: u32 = (1 << 23) - 1;

/// Where a job's, an inline import's or a single write's record ids come from: a function of (source, row index).
///
/// Ids made here are shaped as UUIDv7: the creation millisecond, then the row's index counted from `first_index`, then
/// 51 bits keyed by the source. They ascend with the rows, and a redo makes the same ids again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordIdSpace {
    /// Milliseconds since the Unix epoch; 48 bits are used.
    pub created_ms: u64,
    /// The index of row 0, so that several sources can share a millisecond.
    pub first_index: u32,
    /// A secret that callers cannot know beforehand: [`crate::key::KeyHasher::record_id_source`] of a job, a random value
    /// for an inline import or a single write.
    pub source: Uuid,
}

impl RecordIdSpace {
    /// The id of the record that row `row` makes, should it make one.
    #[must_use]
    pub fn record_id(&self, row: u32) -> RecordId {
        let index = u128::from((self.first_index + row) & RECORD_INDEX_MAX);
        let millis = u128::from(self.created_ms) & 0xffff_ffff_ffff;
        let keyed = u128::from(self.keyed_bits(row)) & ((1 << 51) - 1);
        // 48 bits of time, version 7, the 12 high bits of the index, variant 10, its 11 low bits, 51 keyed bits.
        let bits =
            (millis << 80) | (0x7 << 76) | ((index >> 11) << 64) | (0b10 << 62) | ((index & 0x7ff) << 51) | keyed;
        RecordId(Uuid::from_u128(bits))
    }

    /// The row that would make the record of this id; `None` when no row would.
    #[must_use]
    pub fn row_of(&self, id: RecordId) -> Option<u32> {
        let (_, index) = ordered_part(id)?;
        index.checked_sub(self.first_index).filter(|row| self.record_id(*row) == id)
    }

    fn keyed_bits(&self, row: u32) -> u64 {
        let mut hasher = SipHasher24::new_with_key(self.source.as_bytes());
        hasher.write_u32(row);
        hasher.finish()
    }
}

/// The ordered part of an id that [`RecordIdSpace`] may have made: (milliseconds, index). `None` for other shapes.
///
/// A match proves nothing: a caller can send any uuid of this shape.
#[must_use]
pub fn ordered_part(id: RecordId) -> Option<(u64, u32)> {
    let bits = id.0.as_u128();
    if (bits >> 76) & 0xf != 0x7 || (bits >> 62) & 0b11 != 0b10 {
        return None;
    }
    let millis = u64::try_from(bits >> 80).ok()?;
    let high = u32::try_from((bits >> 64) & 0xfff).ok()?;
    let low = u32::try_from((bits >> 51) & 0x7ff).ok()?;
    Some((millis, (high << 11) | low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn space(created_ms: u64, first_index: u32, source: u128) -> RecordIdSpace {
        RecordIdSpace { created_ms, first_index, source: Uuid::from_u128(source) }
    }

    proptest! {
        #[test]
        fn ids_ascend_with_rows_and_a_redo_makes_them_again(
            millis in 0u64..(1 << 48), first in 0u32..1000, a in 0u32..5_000_000, b in 0u32..5_000_000, source: u128,
        ) {
            let ids = space(millis, first, source);
            prop_assert_eq!(ids.record_id(a), ids.record_id(a));
            prop_assert_eq!(ids.row_of(ids.record_id(a)), Some(a));
            prop_assert_eq!(space(millis, first, !source).row_of(ids.record_id(a)), None);
            prop_assert_eq!(ids.record_id(a).cmp(&ids.record_id(b)), a.cmp(&b));
        }

        #[test]
        fn the_ordered_part_can_be_read_back(millis in 0u64..(1 << 48), first in 0u32..1000, row in 0u32..5_000_000, source: u128) {
            let id = space(millis, first, source).record_id(row);
            prop_assert_eq!(ordered_part(id), Some((millis, first + row)));
            prop_assert_eq!(id.0.get_version_num(), 7);
        }
    }

    #[test]
    fn another_source_in_the_same_millisecond_makes_other_ids() {
        assert_ne!(space(7, 0, 1).record_id(0), space(7, 0, 2).record_id(0));
    }

    #[test]
    fn only_plain_forms_are_ids() {
        assert!(TeamId::parse("0B8F2D6e-0000-4000-8000-000000000001").is_some());
        assert!(TeamId::parse("{0b8f2d6e-0000-4000-8000-000000000001}").is_none());
        assert!(TeamId::parse("0b8f").is_none());
        assert_eq!(ordered_part(RecordId::from_bytes([0; 16])), None);
    }
}
