//! `cancel`: ends a job at its caller's wish.

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::{JobError, JobErrorCode};
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use super::fail::{drop_of_ended, end};
use crate::store::PostgresStore;
use crate::team::find_team;

const FIND: &str = include_str!("../sql/cancel_find.sql");

/// See [`refract_store::ImportVerbs::cancel`].
#[tracing::instrument(name = "store.cancel", skip_all, fields(job_id = %job_id))]
pub(crate) async fn cancel(
    store: &PostgresStore,
    caller: &Caller,
    job_id: JobId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = store
        .write((caller.team_id, job_id, now), |transaction, (team_id, job_id, now)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let message = "The import was cancelled. Rows already written stay.".to_owned();
                let error = JobError { code: JobErrorCode::Cancelled, message };
                let named = [(&team_no as _, Type::INT8), (&job_id.0 as _, Type::UUID)];
                let Some(row) = transaction.query_opt(FIND, &named).await? else { return Ok(None) };
                end(transaction, team_no, *job_id, &row, &error, *now).await.map(Some)
            })
        })
        .await?;
    let Some(ended) = ended else { return Ok(false) };
    drop_of_ended(store, job_id, ended).await;
    Ok(true)
}
