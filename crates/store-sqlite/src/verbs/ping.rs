//! `ping`: whether the database answers.

use refract_domain::clock::Timestamp;
use refract_store::StoreError;

use crate::store::SqliteStore;

const PING: &str = include_str!("../sql/ping.sql");

/// See [`refract_store::AccountVerbs::ping`].
#[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
pub(crate) async fn ping(store: &SqliteStore) -> Result<Option<Timestamp>, StoreError> {
    let work = |connection: &rusqlite::Connection| {
        connection.prepare_cached(PING)?.query_row([], |_| Ok(()))?;
        // One process has the folder open: its clock is the only one.
        Ok(None)
    };
    store.threads.readers.read(work).await
}
