//! `unfinished_jobs`: how many jobs of a team have not ended.

use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::error::column;
use crate::store::PostgresStore;

const UNFINISHED: &str = include_str!("../sql/unfinished_jobs.sql");

/// See [`refract_store::ImportVerbs::unfinished_jobs`].
#[tracing::instrument(name = "store.unfinished_jobs", level = "debug", skip_all)]
pub(crate) async fn unfinished_jobs(store: &PostgresStore, caller: &Caller) -> Result<u32, StoreError> {
    store
        .read(caller.team_id, |transaction, team_id| {
            Box::pin(async move {
                let row = transaction.query_one(UNFINISHED, &[(&team_id.0, Type::UUID)]).await?;
                Ok(u32::try_from(column::<i64>(&row, "count")?).unwrap_or(u32::MAX))
            })
        })
        .await
}
