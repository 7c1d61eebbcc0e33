//! `teams`: all teams.

use refract_domain::clock::Timestamp;
use refract_domain::ids::TeamId;
use refract_store::{StoreError, Team};
use tokio_postgres::Row;

use crate::error::{Outcome, column};
use crate::store::PostgresStore;

const TEAMS: &str = include_str!("../sql/teams.sql");

/// See [`refract_store::AccountVerbs::teams`].
#[tracing::instrument(name = "store.teams", level = "debug", skip_all)]
pub(crate) async fn teams(store: &PostgresStore) -> Result<Vec<Team>, StoreError> {
    store
        .read((), |transaction, ()| {
            Box::pin(async move { transaction.query(TEAMS, &[]).await?.iter().map(team).collect() })
        })
        .await
}

fn team(row: &Row) -> Outcome<Team> {
    Ok(Team {
        id: TeamId(column(row, "id")?),
        name: column(row, "name")?,
        created_at: Timestamp(column(row, "created_at")?),
    })
}
