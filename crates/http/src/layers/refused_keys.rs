//! How many keys one address may have refused: what goes on guessing, or is set up wrongly, is told to wait.
//!
//! Counts in this process only, and only refusals. A right key is never held up by it: behind a proxy or an office's
//! router everybody has the same address, and nobody there must be able to shut the others out. That costs no safety:
//! keys are too long to be guessed at any speed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::ApiError;

/// How long refusals are counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// Most addresses counted in one window. Further ones are not, so that a flood of addresses neither grows the memory nor
/// makes those forgotten that were noted before it.
const ADDRESSES_MAX: usize = 10_000;

/// Where a request came from, as its connection says; put into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// The refusals of all addresses within the present window.
pub(crate) struct RefusedKeys {
    per_minute_max: u32,
    window: Mutex<Window>,
}

struct Window {
    ends_at: Instant,
    by_address: HashMap<IpAddr, u32>,
}

impl RefusedKeys {
    pub(crate) fn new(per_minute_max: u32) -> Self {
        let window = Window { ends_at: Instant::now(), by_address: HashMap::new() };
        Self { per_minute_max, window: Mutex::new(window) }
    }

    /// Counts a refused key and says how it is answered: 403, or 429 once the address had too many within a minute.
    ///
    /// The answer is the same whatever the key was refused for.
    pub(crate) fn refuse(&self, peer: Option<PeerAddress>) -> ApiError {
        let Some(PeerAddress(address)) = peer else { return ApiError::forbidden() };
        match self.count(network_of(address)) {
            Some(wait) => ApiError::rate_limited(
                "Too many API keys from this address were refused. Check the key, and wait as long as Retry-After says.",
                wait,
            ),
            None => ApiError::forbidden(),
        }
    }

    /// Counts, and says how long the address must wait when that was one too many.
    fn count(&self, address: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        // A count is right at every moment, so a panic of another thread leaves nothing half done.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= window.ends_at {
            *window = Window { ends_at: now + WINDOW, by_address: HashMap::new() };
        }
        if window.by_address.len() >= ADDRESSES_MAX && !window.by_address.contains_key(&address) {
            return None;
        }
        let refused = window.by_address.entry(address).or_insert(0);
        *refused = refused.saturating_add(1);
        if *refused == self.per_minute_max.saturating_add(1) {
            tracing::warn!(%address, "an address sends one wrong API key after the other");
        }
        (*refused > self.per_minute_max).then(|| window.ends_at - now)
    }
}

/// Whoever has one address of an IPv6 network usually has its other 2^64 too.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn peer(text: &str) -> Option<PeerAddress> {
        Some(PeerAddress(text.parse().expect("an address")))
    }

    fn statuses(keys: &RefusedKeys, address: &str, times: usize) -> Vec<u16> {
        (0..times).map(|_| keys.refuse(peer(address)).status().as_u16()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn one_too_many_is_told_to_wait_out_the_minute() {
        let keys = RefusedKeys::new(2);
        assert_eq!(statuses(&keys, "192.0.2.1", 4), [403, 403, 429, 429]);
        assert_eq!(statuses(&keys, "192.0.2.2", 2), [403, 403], "another address");
        advance(Duration::from_millis(50_500)).await;
        let answer = keys.refuse(peer("192.0.2.1")).render("req_1");
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "10");
        advance(Duration::from_secs(10)).await;
        assert_eq!(statuses(&keys, "192.0.2.1", 3), [403, 403, 429]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_addresses_takes_no_more_memory_and_hides_nobody() {
        let keys = RefusedKeys::new(1);
        assert_eq!(statuses(&keys, "192.0.2.1", 2), [403, 429]);
        for number in 0..u32::try_from(3 * ADDRESSES_MAX).expect("a small number") {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            keys.refuse(Some(PeerAddress(address)));
        }
        assert_eq!(keys.window.lock().expect("no panic").by_address.len(), ADDRESSES_MAX);
        assert_eq!(statuses(&keys, "192.0.2.1", 1), [429], "noted before the flood");
        assert_eq!(statuses(&keys, "198.51.100.1", 3), [403; 3], "not counted any more");
        advance(WINDOW).await;
        assert_eq!(statuses(&keys, "198.51.100.1", 2), [403, 429], "counted again");
        assert_eq!(keys.window.lock().expect("no panic").by_address.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_of_the_sixth_version_counts_as_one() {
        let keys = RefusedKeys::new(2);
        assert_eq!(statuses(&keys, "2001:db8:0:1::1", 1), [403]);
        assert_eq!(statuses(&keys, "2001:db8:0:1:ffff::2", 2), [403, 429]);
        assert_eq!(statuses(&keys, "2001:db8:0:2::1", 2), [403, 403]);
        assert_eq!(statuses(&keys, "192.0.2.1", 1), [403]);
        assert_eq!(statuses(&keys, "::ffff:192.0.2.1", 2), [403, 429], "the same address in other words");
    }

    #[test]
    fn without_an_address_nothing_is_counted() {
        let keys = RefusedKeys::new(0);
        assert!((0..10).all(|_| keys.refuse(None).status() == 403));
    }
}
