//! `snapshot`: one consistent read of a job.

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_domain::import::job::JobSnapshot;
use refract_store::{Caller, StoreError};

use crate::job;
use crate::store::SqliteStore;

const SNAPSHOT: &str = include_str!("../sql/snapshot.sql");

/// See [`refract_store::ImportVerbs::snapshot`].
#[tracing::instrument(name = "store.snapshot", level = "debug", skip_all, fields(job_id = %job_id))]
pub(crate) async fn snapshot(
    store: &SqliteStore,
    caller: &Caller,
    job_id: JobId,
) -> Result<Option<JobSnapshot>, StoreError> {
    let (team_id, shared) = (caller.team_id, Arc::clone(&store.shared));
    let work = move |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached(SNAPSHOT)?;
        let mut rows = statement.query((job_id.as_bytes(), team_id.as_bytes()))?;
        rows.next()?.map(|row| job::snapshot(row, &shared.hasher)).transpose()
    };
    store.threads.readers.read_little(work).await
}
