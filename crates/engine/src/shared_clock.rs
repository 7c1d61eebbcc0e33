//! The clock that the use cases go by: the store's, where several nodes share a store with a clock of its own.
//!
//! Owns how far that clock is ahead of this process's, learnt whenever the store is asked whether it answers. So that all
//! nodes stamp jobs, and judge what has expired, alike, whatever their own clocks say.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use refract_domain::clock::{Clock, Timestamp};
use refract_store::{SharedStore, StoreError};

/// Milliseconds an answer may take that is still of use.
const ROUND_TRIP_MS_MAX: i64 = 2_000;

/// This process's clock, put right by the store's.
pub(crate) struct SharedClock {
    own: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl SharedClock {
    /// The process's clock as it is, until something is learnt.
    pub(crate) fn new(own: Arc<dyn Clock>) -> Self {
        Self { own, ahead_ms: AtomicI64::new(0) }
    }

    /// Asks the store whether it answers, and what time it has.
    pub(crate) async fn learn(&self, store: &SharedStore) -> Result<(), StoreError> {
        let asked_at = self.own.now();
        if let Some(theirs) = store.ping().await? {
            self.put_right(asked_at, theirs, self.own.now());
        }
        Ok(())
    }

    /// The present.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.own.now().0.saturating_add(self.ahead_ms.load(Ordering::Relaxed)))
    }

    /// The store said `theirs` at some moment between these two.
    fn put_right(&self, asked_at: Timestamp, theirs: Timestamp, answered_at: Timestamp) {
        let took = answered_at.0.saturating_sub(asked_at.0);
        if !(0..=ROUND_TRIP_MS_MAX).contains(&took) {
            return;
        }
        let ahead = theirs.0.saturating_sub(asked_at.0.saturating_add(took / 2));
        let known = self.ahead_ms.load(Ordering::Relaxed);
        // A moment that is not known better than before: time should not jump to and fro.
        if ahead.abs_diff(known) > took.unsigned_abs() / 2 + 1 {
            self.ahead_ms.store(ahead, Ordering::Relaxed);
        }
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still(i64);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }
    }

    fn after(readings: &[(i64, i64, i64)]) -> i64 {
        let clock = SharedClock::new(Arc::new(Still(1_000_000)));
        for (asked_at, theirs, answered_at) in readings {
            clock.put_right(Timestamp(*asked_at), Timestamp(*theirs), Timestamp(*answered_at));
        }
        clock.now().0 - 1_000_000
    }

    #[test]
    fn the_stores_clock_is_taken_for_the_middle_of_the_round_trip() {
        assert_eq!(after(&[]), 0);
        assert_eq!(after(&[(0, 864_000_005, 10)]), 864_000_000);
        assert_eq!(after(&[(864_000_000, 5, 864_000_010)]), -864_000_000);
    }

    #[test]
    fn what_is_not_known_better_changes_nothing() {
        assert_eq!(after(&[(0, 5_005, 10), (100, 5_109, 110)]), 5_000);
        assert_eq!(after(&[(0, 5_005, 10), (100, 6_105, 110)]), 6_000);
    }

    #[test]
    fn a_slow_answer_or_a_clock_that_was_set_meanwhile_is_of_no_use() {
        assert_eq!(after(&[(0, 5_000, 2_001)]), 0);
        assert_eq!(after(&[(10, 5_000, 0)]), 0);
    }
}
