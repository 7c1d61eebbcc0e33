//! `release`: gives a job back.

use refract_domain::clock::Timestamp;
use refract_store::{Lease, StoreError};
use tokio_postgres::types::Type;

use crate::job::int4;
use crate::store::PostgresStore;
use crate::team::require_team;

const RELEASE: &str = include_str!("../sql/release_job.sql");
const NOTIFY: &str = include_str!("../sql/hints_notify.sql");

/// See [`refract_store::ImportVerbs::release`].
#[tracing::instrument(name = "store.release", skip_all, fields(job_id = %lease.spec.id))]
pub(crate) async fn release(store: &PostgresStore, lease: Lease, now: Timestamp) -> Result<(), StoreError> {
    let job_id = lease.spec.id;
    store
        .write((lease, now), |transaction, (lease, now)| {
            Box::pin(async move {
                let team_no = require_team(transaction, lease.spec.team_id).await?;
                let attempt = int4(lease.attempt)?;
                let parameters = [
                    (&team_no as _, Type::INT8),
                    (&lease.spec.id.0 as _, Type::UUID),
                    (&attempt as _, Type::INT4),
                    (&now.0 as _, Type::INT8),
                ];
                if transaction.execute(RELEASE, &parameters).await? > 0 {
                    transaction.query(NOTIFY, &[]).await?;
                }
                Ok(())
            })
        })
        .await?;
    store.shared.notes.forget(job_id);
    Ok(())
}
