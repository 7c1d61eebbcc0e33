//! How long an ended job can be read. Pure arithmetic on instants.

use std::time::Duration;

use crate::clock::Timestamp;

/// The instant from which a job answers 404: `max(created_at + retention, ended_at + retention / 7)`.
///
/// While the job runs (`ended_at` is `None`) it never expires; what is shown meanwhile is `created_at + retention`.
#[must_use]
pub fn expires_at(created_at: Timestamp, ended_at: Option<Timestamp>, retention: Duration) -> Timestamp {
    let from_creation = created_at.plus(retention);
    ended_at.map_or(from_creation, |ended| from_creation.max(ended.plus(retention / 7)))
}

/// Whether a job with these instants is gone at `now`.
#[must_use]
pub fn is_expired(created_at: Timestamp, ended_at: Option<Timestamp>, retention: Duration, now: Timestamp) -> bool {
    ended_at.is_some() && expires_at(created_at, ended_at, retention) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Duration = Duration::from_secs(7 * 86_400);
    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_quick_job_lives_a_week_from_its_creation() {
        assert_eq!(expires_at(Timestamp(0), Some(Timestamp(5)), WEEK), Timestamp(7 * DAY_MS));
    }

    #[test]
    fn a_job_that_ran_for_a_week_can_still_be_read_for_a_day() {
        assert_eq!(expires_at(Timestamp(0), Some(Timestamp(7 * DAY_MS)), WEEK), Timestamp(8 * DAY_MS));
    }

    #[test]
    fn a_running_job_never_expires() {
        assert!(!is_expired(Timestamp(0), None, WEEK, Timestamp(i64::MAX)));
        assert!(!is_expired(Timestamp(0), Some(Timestamp(5)), WEEK, Timestamp(7 * DAY_MS - 1)));
        assert!(is_expired(Timestamp(0), Some(Timestamp(5)), WEEK, Timestamp(7 * DAY_MS)));
    }
}
