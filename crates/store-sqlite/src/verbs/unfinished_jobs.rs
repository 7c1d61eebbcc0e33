//! `unfinished_jobs`: how many jobs of a team have not ended.

use refract_store::{Caller, StoreError};

use crate::store::SqliteStore;

const UNFINISHED: &str = include_str!("../sql/unfinished_jobs.sql");

/// See [`refract_store::ImportVerbs::unfinished_jobs`].
#[tracing::instrument(name = "store.unfinished_jobs", level = "debug", skip_all)]
pub(crate) async fn unfinished_jobs(store: &SqliteStore, caller: &Caller) -> Result<u32, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        Ok(connection.prepare_cached(UNFINISHED)?.query_row([team_id.as_bytes()], |row| row.get(0))?)
    };
    store.threads.readers.read(work).await
}
