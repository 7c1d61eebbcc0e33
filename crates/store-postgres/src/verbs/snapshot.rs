//! `snapshot`: one consistent read of a job.

use refract_domain::ids::JobId;
use refract_domain::import::job::JobSnapshot;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::job;
use crate::store::PostgresStore;

const SNAPSHOT: &str = include_str!("../sql/snapshot.sql");

/// See [`refract_store::ImportVerbs::snapshot`].
#[tracing::instrument(name = "store.snapshot", level = "debug", skip_all, fields(job_id = %job_id))]
pub(crate) async fn snapshot(
    store: &PostgresStore,
    caller: &Caller,
    job_id: JobId,
) -> Result<Option<JobSnapshot>, StoreError> {
    store
        .read((caller.team_id, job_id), |transaction, (team_id, job_id)| {
            Box::pin(async move {
                let named = [(&team_id.0 as _, Type::UUID), (&job_id.0 as _, Type::UUID)];
                let row = transaction.query_opt(SNAPSHOT, &named).await?;
                row.as_ref().map(|row| job::snapshot(row, &transaction.shared.hasher)).transpose()
            })
        })
        .await
}
