//! Counts the transactions that had to begin again, and says how long each waits before it does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Again;

/// The longest pause before the second try; each further one may be twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// How often transactions began again since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retries {
    /// After a deadlock.
    pub deadlocks: u64,
    /// After another transaction was in the way, or the connection was gone.
    pub others: u64,
}

#[derive(Debug)]
pub(crate) struct RetryCounter {
    deadlocks: AtomicU64,
    others: AtomicU64,
    numbers: Spread,
}

impl RetryCounter {
    /// Nothing counted yet; `seed` is random.
    pub(crate) fn new(seed: u64) -> Self {
        Self { deadlocks: AtomicU64::new(0), others: AtomicU64::new(0), numbers: Spread::new(seed) }
    }

    /// Counts one.
    pub(crate) fn count(&self, why: Again) {
        let counter = if why == Again::Deadlock { &self.deadlocks } else { &self.others };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted.
    pub(crate) fn so_far(&self) -> Retries {
        Retries { deadlocks: self.deadlocks.load(Ordering::Relaxed), others: self.others.load(Ordering::Relaxed) }
    }

    /// How long to wait after so many tries: a different time for each, so that those who met do not meet again.
    pub(crate) fn pause(&self, tries: u32) -> Duration {
        let longest = FIRST_PAUSE.saturating_mul(1 << tries.min(6));
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.numbers.next() % micros.max(1))
    }
}

/// Numbers spread over all 64 bits, different in every process. Nothing that must stay secret comes from here.
#[derive(Debug)]
pub(crate) struct Spread {
    state: AtomicU64,
}

impl Spread {
    /// Numbers that begin anywhere.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// The next number (SplitMix64).
    pub(crate) fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut mixed = self.state.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let counter = RetryCounter::new(7);
        let pauses: Vec<_> = (0..100).map(|_| counter.pause(1)).collect();
        assert!(pauses.iter().all(|pause| *pause < Duration::from_millis(20)));
        assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
        assert!((0..100).map(|_| counter.pause(5)).max() > Some(Duration::from_millis(100)));
    }

    #[test]
    fn deadlocks_are_counted_apart() {
        let counter = RetryCounter::new(7);
        counter.count(Again::Deadlock);
        counter.count(Again::Conflict);
        counter.count(Again::Lost);
        assert_eq!(counter.so_far(), Retries { deadlocks: 1, others: 2 });
    }
}
