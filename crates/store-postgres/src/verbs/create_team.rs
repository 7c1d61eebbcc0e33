//! `create_team`: makes a team.

use refract_store::{StoreError, Team};
use tokio_postgres::types::Type;

use crate::store::PostgresStore;

const INSERT: &str = include_str!("../sql/create_team.sql");

/// See [`refract_store::AccountVerbs::create_team`].
#[tracing::instrument(name = "store.create_team", skip_all, fields(team_id = %team.id))]
pub(crate) async fn create_team(store: &PostgresStore, team: Team) -> Result<bool, StoreError> {
    store
        .write(team, |transaction, team| {
            Box::pin(async move {
                let parameters = [
                    (&team.id.0 as _, Type::UUID),
                    (&team.name as _, Type::TEXT),
                    (&team.created_at.0 as _, Type::INT8),
                ];
                Ok(transaction.execute(INSERT, &parameters).await? > 0)
            })
        })
        .await
}
