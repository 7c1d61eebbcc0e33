//! The clock and the ids of the work: the same in every run, whatever was done before a death.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use refract_domain::clock::{Clock, Timestamp};
use refract_engine::IdSource;
use uuid::Uuid;

/// When the work begins.
const START: i64 = 1_800_000_000_000;
/// A step of the work takes a minute of this clock.
const STEP_MS: i64 = 60_000;

/// A clock that moves with the steps of the work.
#[derive(Debug)]
pub(crate) struct StepClock(AtomicI64);

impl StepClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(START))
    }

    /// The time of a step.
    pub(crate) fn step(&self, number: u32) {
        self.0.store(START + STEP_MS * i64::from(number), Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Gives the same id to whoever asks within a step; the runner asks once when it starts.
#[derive(Debug, Default)]
pub(crate) struct StepIds {
    step: AtomicU64,
    asked: Mutex<u32>,
}

impl StepIds {
    /// The ids of a step.
    pub(crate) fn step(&self, number: u32) {
        self.step.store(u64::from(number), Ordering::SeqCst);
    }

    /// How often somebody asked.
    pub(crate) fn asked(&self) -> u32 {
        *self.asked.lock().expect("no panic while counting")
    }
}

impl IdSource for StepIds {
    fn random_uuid(&self) -> Uuid {
        *self.asked.lock().expect("no panic while counting") += 1;
        id_of(self.step.load(Ordering::SeqCst))
    }
}

/// An id spread over the bits, shaped as version 4.
pub(crate) fn id_of(number: u64) -> Uuid {
    let spread = (u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    uuid::Builder::from_random_bytes(spread.to_be_bytes()).into_uuid()
}
