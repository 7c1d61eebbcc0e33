//! `ping`: whether the database answers.

use refract_store::StoreError;

use crate::store::SqliteStore;

const PING: &str = include_str!("../sql/ping.sql");

/// See [`refract_store::AccountVerbs::ping`].
#[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
pub(crate) async fn ping(store: &SqliteStore) -> Result<(), StoreError> {
    let work = |connection: &rusqlite::Connection| {
        connection.prepare_cached(PING)?.query_row([], |_| Ok(()))?;
        Ok(())
    };
    store.threads.readers.read(work).await
}
