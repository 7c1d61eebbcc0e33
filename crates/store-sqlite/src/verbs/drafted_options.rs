//! `drafted_options`: the options that a dry run would have made so far.

use refract_domain::ids::JobId;
use refract_domain::import::plan::NewOption;
use refract_store::{Caller, StoreError};
use rusqlite::Connection;

use crate::chunk::drafted_option;
use crate::store::SqliteStore;

const OPTIONS: &str = include_str!("../sql/draft_options.sql");

/// See [`refract_store::DryRunVerbs::drafted_options`].
#[tracing::instrument(name = "store.drafted_options", level = "debug", skip_all, fields(job_id = %job_id))]
pub(crate) async fn drafted_options(
    store: &SqliteStore,
    caller: &Caller,
    job_id: JobId,
) -> Result<Vec<NewOption>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &Connection| {
        let mut statement = connection.prepare_cached(OPTIONS)?;
        let options = statement.query_map((job_id.as_bytes(), team_id.as_bytes()), drafted_option)?;
        Ok(options.collect::<rusqlite::Result<Vec<NewOption>>>()?)
    };
    store.threads.readers.read(work).await
}
