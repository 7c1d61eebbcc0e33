//! `cancel`: ends a job at its caller's wish.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::{JobError, JobErrorCode};
use refract_store::{Caller, StoreError};

use super::fail::end;
use crate::store::SqliteStore;
use crate::writer::{Lane, WriteContext};

const FIND: &str = include_str!("../sql/cancel_find.sql");

/// See [`refract_store::ImportVerbs::cancel`].
#[tracing::instrument(name = "store.cancel", skip_all, fields(job_id = %job_id))]
pub(crate) async fn cancel(
    store: &SqliteStore,
    caller: &Caller,
    job_id: JobId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let shared = Arc::clone(&store.shared);
    let team_id = caller.team_id;
    let work = move |write: &mut WriteContext<'_>| {
        let message = "The import was cancelled. Rows already written stay.".to_owned();
        let error = JobError { code: JobErrorCode::Cancelled, message };
        end(write, &shared, FIND, (job_id.as_bytes(), team_id.as_bytes()), &error, now)
    };
    store.threads.writer.write(Lane::Small, work).await
}
