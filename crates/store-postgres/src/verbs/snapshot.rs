//! `snapshot`: one consistent read of a job.

use refract_domain::ids::JobId;
use refract_domain::import::job::JobSnapshot;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::job;
use crate::store::PostgresStore;
use crate::team::find_team;

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
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let named = [(&team_no as _, Type::INT8), (&job_id.0 as _, Type::UUID), (&team_id.0 as _, Type::UUID)];
                let row = transaction.query_opt(SNAPSHOT, &named).await?;
                row.as_ref().map(|row| job::snapshot(row, &transaction.shared.hasher)).transpose()
            })
        })
        .await
}
