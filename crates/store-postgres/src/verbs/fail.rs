//! `fail`: ends a job that cannot be carried through.

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::{JobError, keeps_rows};
use refract_store::{Lease, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::job::{self, int4};
use crate::staged::{drop_staged, release};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const FIND: &str = include_str!("../sql/fail_find.sql");
const FAIL: &str = include_str!("../sql/fail_job.sql");

/// See [`refract_store::ImportVerbs::fail`].
#[tracing::instrument(name = "store.fail", skip_all, fields(job_id = %lease.spec.id, code = error.code.name()))]
pub(crate) async fn fail(
    store: &PostgresStore,
    lease: Lease,
    error: JobError,
    now: Timestamp,
) -> Result<(), StoreError> {
    let job_id = lease.spec.id;
    let ended = store
        .write((lease, error, now), |transaction, (lease, error, now)| {
            Box::pin(async move {
                let team_no = require_team(transaction, lease.spec.team_id).await?;
                let attempt = int4(lease.attempt)?;
                let held =
                    [(&team_no as _, Type::INT8), (&lease.spec.id.0 as _, Type::UUID), (&attempt as _, Type::INT4)];
                let row = transaction.query_opt(FIND, &held).await?.ok_or(StoreError::LeaseLost)?;
                end(transaction, team_no, lease.spec.id, &row, error, *now).await
            })
        })
        .await?;
    drop_of_ended(store, job_id, ended).await;
    Ok(())
}

/// A job that was ended: its team, and its staged rows unless they are kept.
pub(super) type Ended = (i64, Option<Uuid>);

/// Ends the job whose locked row this is.
pub(super) async fn end(
    transaction: &mut Transaction,
    team_no: i64,
    job_id: JobId,
    row: &Row,
    error: &JobError,
    now: Timestamp,
) -> Outcome<Ended> {
    let keeps_rows = keeps_rows(job::kind(row)?, &job::tally(row)?, job::number(row, "total")?);
    let staged = column::<Option<Uuid>>(row, "staged")?.filter(|_| !keeps_rows);
    let parameters = [
        (&team_no as _, Type::INT8),
        (&job_id.0 as _, Type::UUID),
        (&now.0 as _, Type::INT8),
        (&error.code.name() as _, Type::TEXT),
        (&error.message as _, Type::TEXT),
        (&keeps_rows as _, Type::BOOL),
    ];
    transaction.execute(FAIL, &parameters).await?;
    release(transaction, team_no, staged).await?;
    Ok((team_no, staged))
}

/// Removes the staged rows of a job that has ended; what cannot be removed now is left to the purge.
pub(super) async fn drop_of_ended(store: &PostgresStore, job_id: JobId, (team_no, staged): Ended) {
    store.shared.notes.forget(job_id);
    if let Err(error) = drop_staged(&store.shared, team_no, staged).await {
        tracing::warn!(%job_id, %error, "staged rows are left to the purge");
    }
}
