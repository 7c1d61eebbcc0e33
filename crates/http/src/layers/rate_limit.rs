//! How fast one API key may send requests. Counts in this process only; off unless set.

use std::time::Duration;

use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};
use refract_domain::ids::ApiKeyId;

use crate::error::ApiError;
use crate::settings::RateLimit;

/// The counters of all keys. Only keys that were found are counted, so there are no more counters than keys.
pub(crate) struct RateLimits {
    limiter: Option<DefaultKeyedRateLimiter<ApiKeyId>>,
}

impl RateLimits {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        let quota = limit.map(|limit| Quota::per_second(limit.per_second).allow_burst(limit.burst));
        Self { limiter: quota.map(DefaultKeyedRateLimiter::keyed) }
    }

    /// Counts a request of this key, or says how long to wait before the next.
    pub(crate) fn check(&self, key_id: ApiKeyId) -> Result<(), ApiError> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&key_id).map_err(|refused| {
            let wait: Duration = refused.wait_time_from(limiter.clock().now());
            ApiError::rate_limited("The API key sends requests too fast. Wait as long as Retry-After says.", wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn key(number: u8) -> ApiKeyId {
        ApiKeyId::from_bytes([number; 16])
    }

    #[test]
    fn a_key_is_stopped_after_its_burst_and_others_are_not() {
        let one = NonZeroU32::MIN;
        let limits = RateLimits::new(Some(RateLimit { per_second: one, burst: one.saturating_add(1) }));
        assert!(limits.check(key(1)).is_ok());
        assert!(limits.check(key(1)).is_ok());
        let refused = limits.check(key(1)).expect_err("two at once and no more");
        let answer = refused.render("req_1");
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "1");
        assert!(limits.check(key(2)).is_ok());
    }

    #[test]
    fn without_a_limit_nobody_is_stopped() {
        let limits = RateLimits::new(None);
        assert!((0..1_000).all(|_| limits.check(key(1)).is_ok()));
    }
}
