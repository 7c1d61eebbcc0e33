//! `create_team`: makes a team.

use refract_store::{StoreError, Team};

use crate::store::SqliteStore;
use crate::writer::{Lane, WriteContext};

const INSERT: &str = include_str!("../sql/create_team.sql");

/// See [`refract_store::AccountVerbs::create_team`].
#[tracing::instrument(name = "store.create_team", skip_all, fields(team_id = %team.id))]
pub(crate) async fn create_team(store: &SqliteStore, team: Team) -> Result<bool, StoreError> {
    let work = move |write: &mut WriteContext<'_>| {
        let mut statement = write.connection.prepare_cached(INSERT)?;
        Ok(statement.execute((team.id.as_bytes(), &team.name, team.created_at.0))? > 0)
    };
    store.threads.writer.write(Lane::Small, work).await
}
