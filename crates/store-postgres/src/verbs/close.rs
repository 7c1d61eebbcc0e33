//! `close`: finishes what is in hand and closes.

use refract_store::StoreError;

use crate::retries::Retries;
use crate::store::PostgresStore;

/// See [`refract_store::AccountVerbs::close`].
#[tracing::instrument(name = "store.close", skip_all)]
pub(crate) async fn close(store: &PostgresStore) -> Result<(), StoreError> {
    store.shared.close().await;
    let Retries { deadlocks, others } = store.retries();
    tracing::info!(deadlocks, other_retries = others, "the database is left");
    Ok(())
}
