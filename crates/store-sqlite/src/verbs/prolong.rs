//! `prolong`: keeps a job for its worker.

use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::{Lease, StoreError};

use crate::store::SqliteStore;
use crate::writer::{Lane, WriteContext};

const PROLONG: &str = include_str!("../sql/prolong_job.sql");

/// See [`refract_store::ImportVerbs::prolong`].
#[tracing::instrument(name = "store.prolong", level = "debug", skip_all, fields(job_id = %lease.spec.id))]
pub(crate) async fn prolong(
    store: &SqliteStore,
    lease: &Lease,
    lease_for: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (job_id, attempt) = (lease.spec.id, lease.attempt);
    let work = move |write: &mut WriteContext<'_>| {
        let parameters = (job_id.as_bytes(), attempt, now.plus(lease_for).0);
        let held = write.connection.prepare_cached(PROLONG)?.execute(parameters)? > 0;
        if held { Ok(()) } else { Err(StoreError::LeaseLost.into()) }
    };
    store.threads.writer.write(Lane::Small, work).await
}
