//! `find_key`: the API key of a hash.

use refract_store::{ApiKey, StoreError};

use super::keys::api_key;
use crate::store::SqliteStore;

const FIND: &str = include_str!("../sql/find_key.sql");

/// See [`refract_store::AccountVerbs::find_key`].
#[tracing::instrument(name = "store.find_key", level = "debug", skip_all)]
pub(crate) async fn find_key(store: &SqliteStore, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    let work = move |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached(FIND)?;
        let mut rows = statement.query([sha256])?;
        rows.next()?.map(api_key).transpose()
    };
    // In a snapshot of now: keys are also made by another process, whose user may send a request with one at once.
    store.threads.readers.read(work).await
}
