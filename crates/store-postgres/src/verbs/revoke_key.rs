//! `revoke_key`: revokes an API key.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ApiKeyId;
use refract_store::StoreError;
use tokio_postgres::types::Type;

use crate::store::PostgresStore;

const REVOKE: &str = include_str!("../sql/revoke_key.sql");

/// See [`refract_store::AccountVerbs::revoke_key`].
#[tracing::instrument(name = "store.revoke_key", skip_all, fields(key_id = %id))]
pub(crate) async fn revoke_key(store: &PostgresStore, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    store
        .write((id, now), |transaction, (id, now)| {
            Box::pin(
                async move { Ok(transaction.execute(REVOKE, &[(&id.0, Type::UUID), (&now.0, Type::INT8)]).await? > 0) },
            )
        })
        .await
}
