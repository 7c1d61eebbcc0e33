//! `fail`: ends a job that cannot be carried through.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::import::job::{JobError, keeps_rows};
use refract_store::{Lease, StoreError};

use crate::error::Outcome;
use crate::job;
use crate::store::{Shared, SqliteStore, end_of_rows};
use crate::writer::{Lane, WriteContext};

const FIND: &str = include_str!("../sql/fail_find.sql");
const FAIL: &str = include_str!("../sql/fail_job.sql");

/// See [`refract_store::ImportVerbs::fail`].
#[tracing::instrument(name = "store.fail", skip_all, fields(job_id = %lease.spec.id, code = error.code.name()))]
pub(crate) async fn fail(store: &SqliteStore, lease: Lease, error: JobError, now: Timestamp) -> Result<(), StoreError> {
    let shared = Arc::clone(&store.shared);
    let work = move |write: &mut WriteContext<'_>| {
        let parameters = (lease.spec.id.as_bytes(), lease.attempt);
        if end(write, &shared, FIND, parameters, &error, now)? { Ok(()) } else { Err(StoreError::LeaseLost.into()) }
    };
    store.threads.writer.write(Lane::Small, work).await
}

/// Ends the job that `find` gives, if it gives one.
pub(super) fn end(
    write: &mut WriteContext<'_>,
    shared: &Shared,
    find: &str,
    parameters: impl rusqlite::Params,
    error: &JobError,
    now: Timestamp,
) -> Outcome<bool> {
    let connection = write.connection;
    let mut statement = connection.prepare_cached(find)?;
    let mut rows = statement.query(parameters)?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let (job_no, staged): (i64, _) = (row.get("job_no")?, job::staged(row)?);
    let keeps_rows = keeps_rows(job::kind(row)?, &job::tally(row)?, row.get("total")?);
    drop(rows);
    connection.prepare_cached(FAIL)?.execute((job_no, now.0, error.code.name(), &error.message, keeps_rows))?;
    end_of_rows(write, &shared.staged, staged, keeps_rows);
    Ok(true)
}
