//! `jobs`: a team's jobs, the newest first.

use refract_domain::import::job::JobSnapshot;
use refract_domain::import::listing::{JobFilter, JobPlace, JobStanding};
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::job;
use crate::schema::type_number;
use crate::store::PostgresStore;

const JOBS: &str = include_str!("../sql/jobs.sql");

/// See [`refract_store::ImportVerbs::jobs`].
#[tracing::instrument(name = "store.jobs", level = "debug", skip_all)]
pub(crate) async fn jobs(
    store: &PostgresStore,
    caller: &Caller,
    filter: &JobFilter,
    after: JobPlace,
    jobs_max: u32,
) -> Result<Vec<JobSnapshot>, StoreError> {
    store
        .read((caller.team_id, *filter, after, jobs_max), |transaction, (team_id, filter, after, jobs_max)| {
            Box::pin(async move {
                let standing = filter.standing.map(JobStanding::name);
                let object_type = filter.object_type.map(type_number);
                let created_after = filter.created_after.map(|instant| instant.0);
                let created_before = filter.created_before.map(|instant| instant.0);
                let jobs_max = i64::from(*jobs_max);
                let parameters = [
                    (&team_id.0 as _, Type::UUID),
                    (&after.created_at.0 as _, Type::INT8),
                    (&after.id.0 as _, Type::UUID),
                    (&standing as _, Type::TEXT),
                    (&object_type as _, Type::INT2),
                    (&created_after as _, Type::INT8),
                    (&created_before as _, Type::INT8),
                    (&jobs_max as _, Type::INT8),
                ];
                let rows = transaction.query(JOBS, &parameters).await?;
                rows.iter().map(|row| job::snapshot(row, &transaction.shared.hasher)).collect()
            })
        })
        .await
}
