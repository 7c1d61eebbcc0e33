//! Which API key a caller presents. Looked-up keys are remembered for a few seconds, so that a revocation is felt on
//! every node within [`REMEMBERED_FOR`].
//!
//! Only the SHA-256 of a presented key comes here, whole. Where it is compared, in the store's index by order and here in
//! constant time, a measured time could tell no more than which bytes of a *hash* agree, and nobody can choose those.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::ApiKey;
use subtle::ConstantTimeEq;

use crate::{Engine, EngineError};

/// How long a key is taken to be as it was; revocation takes effect within this time.
const REMEMBERED_FOR: Duration = Duration::from_secs(3);

/// Most keys remembered; unknown keys are never remembered, so only real keys count.
const REMEMBERED_MAX: usize = 10_000;

/// Keys looked up not long ago.
#[derive(Default)]
pub(crate) struct KnownKeys {
    /// Finds the place of a hash by a secret of the process, so that the place tells nothing of the hash.
    places: RandomState,
    by_place: Mutex<HashMap<u64, KnownKey>>,
}

struct KnownKey {
    sha256: [u8; 32],
    key: ApiKey,
    forget_at: Timestamp,
}

impl KnownKeys {
    fn recall(&self, sha256: &[u8; 32], now: Timestamp) -> Option<ApiKey> {
        let known = self.by_place.lock().ok()?;
        let at_place = known.get(&self.places.hash_one(sha256))?;
        let is_the_same = bool::from(at_place.sha256.ct_eq(sha256));
        (is_the_same && now < at_place.forget_at).then(|| at_place.key.clone())
    }

    fn remember(&self, sha256: [u8; 32], key: ApiKey, now: Timestamp) {
        let Ok(mut known) = self.by_place.lock() else { return };
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        let forget_at = now.plus(REMEMBERED_FOR);
        known.insert(self.places.hash_one(sha256), KnownKey { sha256, key, forget_at });
    }
}

impl Engine {
    /// The key whose text has this SHA-256, revoked or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, EngineError> {
        let now = self.clock.now();
        if let Some(key) = self.known_keys.recall(&sha256, now) {
            return Ok(Some(key));
        }
        let found = self.store.find_key(sha256).await?;
        if let Some(key) = &found {
            self.known_keys.remember(sha256, key.clone(), now);
        }
        Ok(found)
    }
}
