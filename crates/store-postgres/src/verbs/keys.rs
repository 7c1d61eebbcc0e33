//! `keys`: a team's API keys.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_store::{Access, ApiKey, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::store::PostgresStore;

const KEYS: &str = include_str!("../sql/keys.sql");

/// See [`refract_store::AccountVerbs::keys`].
#[tracing::instrument(name = "store.keys", level = "debug", skip_all)]
pub(crate) async fn keys(store: &PostgresStore, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError> {
    store
        .read(team_id, |transaction, team_id| {
            Box::pin(async move {
                let rows = transaction.query(KEYS, &[(&team_id.0, Type::UUID)]).await?;
                rows.iter().map(api_key).collect()
            })
        })
        .await
}

/// The key of a row of `keys` or `find_key`.
pub(super) fn api_key(row: &Row) -> Outcome<ApiKey> {
    let access: String = column(row, "access")?;
    Ok(ApiKey {
        id: ApiKeyId(column(row, "id")?),
        team_id: TeamId(column(row, "team_id")?),
        label: column(row, "label")?,
        access: Access::parse(&access).ok_or_else(|| Failure::corrupt(format!("no access is called {access:?}")))?,
        created_at: Timestamp(column(row, "created_at")?),
        revoked_at: column::<Option<i64>>(row, "revoked_at")?.map(Timestamp),
    })
}
