//! Which API key a caller presents. Looked-up keys are remembered for a few seconds, so that a revocation is felt on
//! every node within [`REMEMBERED_FOR`].

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::ApiKey;

use crate::{Engine, EngineError};

/// How long a key is taken to be as it was; revocation takes effect within this time.
const REMEMBERED_FOR: Duration = Duration::from_secs(3);

/// Most keys remembered; unknown keys are never remembered, so only real keys count.
const REMEMBERED_MAX: usize = 10_000;

/// Keys looked up not long ago.
#[derive(Default)]
pub(crate) struct KnownKeys {
    by_hash: Mutex<HashMap<[u8; 32], (ApiKey, Timestamp)>>,
}

impl Engine {
    /// The key whose text has this SHA-256, revoked or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, EngineError> {
        let now = self.clock.now();
        if let Ok(known) = self.known_keys.by_hash.lock()
            && let Some((key, forget_at)) = known.get(&sha256)
            && now < *forget_at
        {
            return Ok(Some(key.clone()));
        }
        let found = self.store.find_key(sha256).await?;
        if let (Some(key), Ok(mut known)) = (&found, self.known_keys.by_hash.lock()) {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(sha256, (key.clone(), now.plus(REMEMBERED_FOR)));
        }
        Ok(found)
    }
}
