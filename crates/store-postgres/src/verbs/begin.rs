//! `begin`: opens an upload.

use refract_store::{Caller, StoreError, Upload};

use crate::store::PostgresStore;

/// See [`refract_store::ImportVerbs::begin`].
pub(crate) fn begin(store: &PostgresStore, caller: &Caller) -> Result<Upload, StoreError> {
    store.shared.refuse_when_closing()?;
    Ok(Upload { id: store.shared.uploads.begin(caller.team_id) })
}
