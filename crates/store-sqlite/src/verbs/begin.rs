//! `begin`: opens an upload.

use refract_store::{StoreError, Upload};

use crate::store::SqliteStore;

/// See [`refract_store::ImportVerbs::begin`].
pub(crate) fn begin(store: &SqliteStore) -> Result<Upload, StoreError> {
    store.threads.writer.refuse_when_closing()?;
    Ok(Upload { id: store.shared.staged.begin() })
}
