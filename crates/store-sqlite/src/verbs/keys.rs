//! `keys`: a team's API keys.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_store::{Access, ApiKey, StoreError};
use rusqlite::Row;

use crate::error::{Failure, Outcome};
use crate::store::SqliteStore;

const KEYS: &str = include_str!("../sql/keys.sql");

/// See [`refract_store::AccountVerbs::keys`].
#[tracing::instrument(name = "store.keys", level = "debug", skip_all)]
pub(crate) async fn keys(store: &SqliteStore, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError> {
    let work = move |connection: &rusqlite::Connection| {
        let mut keys = Vec::new();
        let mut statement = connection.prepare_cached(KEYS)?;
        let mut rows = statement.query([team_id.as_bytes()])?;
        while let Some(row) = rows.next()? {
            keys.push(api_key(row)?);
        }
        Ok(keys)
    };
    store.threads.readers.read(work).await
}

/// The key of a row of `keys` or `find_key`.
pub(super) fn api_key(row: &Row<'_>) -> Outcome<ApiKey> {
    let access: String = row.get("access")?;
    Ok(ApiKey {
        id: ApiKeyId::from_bytes(row.get("id")?),
        team_id: TeamId::from_bytes(row.get("team_id")?),
        label: row.get("label")?,
        access: Access::parse(&access).ok_or_else(|| Failure::corrupt(format!("no access is called {access:?}")))?,
        created_at: Timestamp(row.get("created_at")?),
        revoked_at: row.get::<_, Option<i64>>("revoked_at")?.map(Timestamp),
    })
}
