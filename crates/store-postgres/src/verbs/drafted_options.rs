//! `drafted_options`: the options that a dry run would have made so far.

use refract_domain::ids::JobId;
use refract_domain::import::plan::NewOption;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::chunk::drafted_option;
use crate::error::Outcome;
use crate::store::PostgresStore;
use crate::team::find_team;

const OPTIONS: &str = include_str!("../sql/draft_options.sql");

/// See [`refract_store::DryRunVerbs::drafted_options`].
#[tracing::instrument(name = "store.drafted_options", level = "debug", skip_all, fields(job_id = %job_id))]
pub(crate) async fn drafted_options(
    store: &PostgresStore,
    caller: &Caller,
    job_id: JobId,
) -> Result<Vec<NewOption>, StoreError> {
    store
        .read((caller.team_id, job_id), |transaction, (team_id, job_id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(Vec::new()) };
                let named = [(&team_no as _, Type::INT8), (&job_id.0 as _, Type::UUID)];
                transaction.query(OPTIONS, &named).await?.iter().map(drafted_option).collect::<Outcome<_>>()
            })
        })
        .await
}
