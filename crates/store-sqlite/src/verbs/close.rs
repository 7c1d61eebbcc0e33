//! `close`: finishes what is in hand and closes.

use std::sync::Arc;

use refract_store::StoreError;

use super::blocking;
use crate::store::SqliteStore;

/// See [`refract_store::AccountVerbs::close`].
#[tracing::instrument(name = "store.close", skip_all)]
pub(crate) async fn close(store: &SqliteStore) -> Result<(), StoreError> {
    let threads = Arc::clone(&store.threads);
    blocking(move || {
        threads.close();
        Ok(())
    })
    .await
}
