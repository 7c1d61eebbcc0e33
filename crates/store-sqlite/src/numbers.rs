//! Record numbers: the ordered part of a record's id as a positive integer, which is the record table's key.
//!
//! Owns the packing and the allocation of number ranges. A range is given once: what a rolled back transaction took is
//! never given again by this process, and after a restart everything in the database counts as given.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{RECORD_INDEX_MAX, RecordId, RecordIdSpace, ordered_part};
use uuid::Uuid;

use crate::error::{Failure, Outcome};

/// 2020-01-01T00:00:00Z: millisecond 0 of record numbers. Their 40 bits of milliseconds last until 2054.
const EPOCH_MS: u64 = 1_577_836_800_000;

/// Bits of the index within a millisecond.
const INDEX_BITS: u32 = RECORD_INDEX_MAX.count_ones();

/// The number of the record at this place, unless no number can say it.
fn pack(millis: u64, index: u32) -> Option<i64> {
    let since_epoch = millis.checked_sub(EPOCH_MS).filter(|since| *since < 1 << 40)?;
    i64::try_from((since_epoch << INDEX_BITS) | u64::from(index)).ok()
}

/// The number that an id claims to have, when it is shaped like one that a [`RecordIdSpace`] makes.
pub(crate) fn claimed_number(id: RecordId) -> Option<i64> {
    let (millis, index) = ordered_part(id)?;
    pack(millis, index)
}

/// The least number that a record of this millisecond can have; of one that no number can say, the nearest that one can.
pub(crate) fn first_of_millisecond(millis: i64) -> i64 {
    let since_epoch = millis.saturating_sub(i64::try_from(EPOCH_MS).unwrap_or(i64::MAX)).clamp(0, (1 << 40) - 1);
    since_epoch << INDEX_BITS
}

/// Where the record ids of a job or a write come from, whose row 0 has number `first_number`.
pub(crate) fn id_space(first_number: i64, source: Uuid) -> RecordIdSpace {
    let number = u64::try_from(first_number).unwrap_or(0);
    let first_index = u32::try_from(number & u64::from(RECORD_INDEX_MAX)).unwrap_or(0);
    RecordIdSpace { created_ms: EPOCH_MS + (number >> INDEX_BITS), first_index, source }
}

/// The number of row 0 of a space made by [`id_space`].
pub(crate) fn first_number(space: &RecordIdSpace) -> Outcome<i64> {
    pack(space.created_ms, space.first_index)
        .ok_or_else(|| Failure::internal("record ids outside the range of numbers"))
}

/// Gives ranges of record numbers away, each once, ascending.
#[derive(Debug)]
pub(crate) struct RecordNumbers {
    /// The smallest number that was never given.
    next: i64,
}

impl RecordNumbers {
    /// Goes on after everything that was given before: `next` is the smallest number that was not.
    pub(crate) fn starting_at(next: i64) -> Self {
        Self { next: next.max(0) }
    }

    /// Takes `count` consecutive numbers of one millisecond, the present one unless it or a later one is in use: the
    /// clock may go back, the numbers do not.
    pub(crate) fn take(&mut self, count: u32, now: Timestamp) -> Outcome<i64> {
        let out_of_range = || Failure::internal("no record numbers are left");
        if count > RECORD_INDEX_MAX {
            return Err(Failure::internal(format!("{count} rows are more than one source of record ids can number")));
        }
        let present = pack(now.millis().max(EPOCH_MS), 0).ok_or_else(out_of_range)?;
        let mut first = self.next.max(present);
        let index = first & i64::from(RECORD_INDEX_MAX);
        if index + i64::from(count) > i64::from(RECORD_INDEX_MAX) {
            first = ((first >> INDEX_BITS) + 1) << INDEX_BITS;
        }
        self.next = first.checked_add(i64::from(count)).ok_or_else(out_of_range)?;
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn source() -> Uuid {
        Uuid::from_u128(7)
    }

    #[test]
    fn a_number_leads_to_its_space_and_an_id_back_to_its_number() {
        let mut numbers = RecordNumbers::starting_at(0);
        numbers.take(5, NOW).expect("a range");
        let first = numbers.take(10, NOW).expect("a range");
        let space = id_space(first, source());
        assert_eq!((space.created_ms, space.first_index), (NOW.millis(), 5));
        assert_eq!(first_number(&space).expect("a number"), first);
        for row in 0..10 {
            assert_eq!(claimed_number(space.record_id(row)), Some(first + i64::from(row)));
        }
        assert_eq!(claimed_number(RecordId(Uuid::from_u128(3))), None);
    }

    #[test]
    fn ranges_never_overlap_and_never_go_back() {
        let mut numbers = RecordNumbers::starting_at(0);
        let first = numbers.take(3, NOW).expect("a range");
        let same_millisecond = numbers.take(1, NOW).expect("a range");
        assert_eq!(same_millisecond, first + 3);
        let clock_went_back = numbers.take(1, Timestamp(NOW.0 - 5_000)).expect("a range");
        assert_eq!(clock_went_back, first + 4);
        let later = numbers.take(1, Timestamp(NOW.0 + 1)).expect("a range");
        assert_eq!(id_space(later, source()).created_ms, NOW.millis() + 1);
        assert_eq!(id_space(later, source()).first_index, 0);
    }

    #[test]
    fn a_range_that_does_not_fit_goes_to_the_next_millisecond() {
        let mut numbers = RecordNumbers::starting_at(0);
        numbers.take(5_000_000, NOW).expect("a range");
        let second = numbers.take(5_000_000, NOW).expect("a range");
        assert_eq!(id_space(second, source()).created_ms, NOW.millis() + 1);
        assert_eq!(id_space(second, source()).first_index, 0);
        assert!(numbers.take(RECORD_INDEX_MAX + 1, NOW).is_err());
    }

    #[test]
    fn a_clock_before_2020_starts_at_2020_and_one_after_2054_fails() {
        let mut numbers = RecordNumbers::starting_at(0);
        assert_eq!(numbers.take(1, Timestamp(0)).expect("a range"), 0);
        assert_eq!(numbers.take(1, Timestamp(-5)).expect("a range"), 1);
        assert!(numbers.take(1, Timestamp(4_000_000_000_000)).is_err());
    }
}
