//! `teams`: all teams.

use refract_domain::clock::Timestamp;
use refract_domain::ids::TeamId;
use refract_store::{StoreError, Team};

use crate::store::SqliteStore;

const TEAMS: &str = include_str!("../sql/teams.sql");

/// See [`refract_store::AccountVerbs::teams`].
#[tracing::instrument(name = "store.teams", level = "debug", skip_all)]
pub(crate) async fn teams(store: &SqliteStore) -> Result<Vec<Team>, StoreError> {
    let work = |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached(TEAMS)?;
        let teams = statement.query_map([], |row| {
            Ok(Team { id: TeamId::from_bytes(row.get(0)?), name: row.get(1)?, created_at: Timestamp(row.get(2)?) })
        })?;
        Ok(teams.collect::<rusqlite::Result<_>>()?)
    };
    store.threads.readers.read(work).await
}
