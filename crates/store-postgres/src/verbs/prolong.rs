//! `prolong`: keeps a job for its worker.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::{Lease, StoreError};
use tokio_postgres::types::Type;

use crate::job::int4;
use crate::store::{PostgresStore, millis};
use crate::team::require_team;

const PROLONG: &str = include_str!("../sql/prolong_job.sql");

/// See [`refract_store::ImportVerbs::prolong`].
#[tracing::instrument(name = "store.prolong", level = "debug", skip_all, fields(job_id = %lease.spec.id))]
pub(crate) async fn prolong(
    store: &PostgresStore,
    lease: &Lease,
    lease_for: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = (Arc::clone(&lease.spec), lease.attempt, millis(lease_for), store.shared.present(now));
    store
        .write(held, |transaction, (spec, attempt, lease_for, present)| {
            Box::pin(async move {
                let team_no = require_team(transaction, spec.team_id).await?;
                let attempt = int4(*attempt)?;
                let parameters = [
                    (&team_no as _, Type::INT8),
                    (&spec.id.0 as _, Type::UUID),
                    (&attempt as _, Type::INT4),
                    (present as _, Type::INT8),
                    (lease_for as _, Type::INT8),
                ];
                let held = transaction.execute(PROLONG, &parameters).await? > 0;
                if held { Ok(()) } else { Err(StoreError::LeaseLost.into()) }
            })
        })
        .await
}
