//! The ambient inputs: the system's clock and random ids. The only place of the house that reaches for them.

use std::time::{SystemTime, UNIX_EPOCH};

use refract_domain::clock::{Clock, Timestamp};
use refract_engine::IdSource;
use uuid::Uuid;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where the time comes in")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Random uuids of version 4, from the operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RandomIds;

impl IdSource for RandomIds {
    #[allow(clippy::disallowed_methods, reason = "this is where random ids come in")]
    fn random_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
