//! The id of a request: sent as `x-request-id`, named in error bodies and in the log.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::HeaderName;

/// The header that carries it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Makes ids that no other process makes: a random part for the process, then a count.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // The only source of randomness the standard library has; the id is no secret.
        Self { process: RandomState::new().hash_one(0_u8), count: AtomicU64::new(1) }
    }

    pub(crate) fn next(&self) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("req_{:016x}{count:08x}", self.process).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ids_are_alike() {
        let (here, there) = (RequestIds::new(), RequestIds::new());
        let ids = [here.next(), here.next(), there.next(), there.next()];
        for (position, id) in ids.iter().enumerate() {
            assert!(!ids[..position].contains(id), "{id}");
            assert!(id.as_str().starts_with("req_"));
        }
    }
}
