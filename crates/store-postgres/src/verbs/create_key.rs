//! `create_key`: keeps an API key.

use refract_store::{NewApiKey, StoreError};
use tokio_postgres::types::Type;

use crate::store::PostgresStore;
use crate::team::require_team;

const INSERT: &str = include_str!("../sql/create_key.sql");

/// See [`refract_store::AccountVerbs::create_key`].
#[tracing::instrument(name = "store.create_key", skip_all, fields(key_id = %new.key.id))]
pub(crate) async fn create_key(store: &PostgresStore, new: NewApiKey) -> Result<bool, StoreError> {
    store
        .write(new, |transaction, NewApiKey { key, sha256 }| {
            Box::pin(async move {
                let team_no = require_team(transaction, key.team_id).await?;
                let revoked_at = key.revoked_at.map(|revoked_at| revoked_at.0);
                let parameters = [
                    (&key.id.0 as _, Type::UUID),
                    (&team_no as _, Type::INT8),
                    (&key.label as _, Type::TEXT),
                    (&key.access.name() as _, Type::TEXT),
                    (&sha256.as_slice() as _, Type::BYTEA),
                    (&key.created_at.0 as _, Type::INT8),
                    (&revoked_at as _, Type::INT8),
                ];
                Ok(transaction.execute(INSERT, &parameters).await? > 0)
            })
        })
        .await
}
