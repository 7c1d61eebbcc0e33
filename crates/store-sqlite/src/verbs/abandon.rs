//! `abandon`: drops an upload and its rows.

use std::sync::Arc;

use refract_store::{StoreError, Upload};

use super::blocking;
use crate::store::SqliteStore;

/// See [`refract_store::ImportVerbs::abandon`].
#[tracing::instrument(name = "store.abandon", level = "debug", skip_all)]
pub(crate) async fn abandon(store: &SqliteStore, upload: Upload) -> Result<(), StoreError> {
    store.threads.writer.refuse_when_closing()?;
    let staged = Arc::clone(&store.shared.staged);
    blocking(move || {
        staged.remove(upload.id);
        Ok(())
    })
    .await
}
