//! Removes ended jobs, forgotten uploads and old idempotency keys, a batch at a time until one comes back short.

use refract_store::{Purge, StoreError};
use tokio::sync::watch;

use crate::Engine;

const BATCH_MAX: usize = 200;

pub(super) async fn purge(engine: &Engine, stopped: &watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let command = Purge { now: engine.clock.now(), retention: engine.settings.retention, batch_max: BATCH_MAX };
        match engine.store.purge(command).await {
            Ok(purged) if purged.is_full(BATCH_MAX) => tracing::debug!(?purged, "purged a full batch"),
            Ok(_) => return,
            Err(StoreError::Closing) => return,
            Err(error) => {
                tracing::warn!(%error, "a purge did not go through; the next one will");
                return;
            }
        }
    }
}
