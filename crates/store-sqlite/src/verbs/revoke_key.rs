//! `revoke_key`: revokes an API key.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ApiKeyId;
use refract_store::StoreError;

use crate::store::SqliteStore;
use crate::writer::{Lane, WriteContext};

const REVOKE: &str = include_str!("../sql/revoke_key.sql");

/// See [`refract_store::AccountVerbs::revoke_key`].
#[tracing::instrument(name = "store.revoke_key", skip_all, fields(key_id = %id))]
pub(crate) async fn revoke_key(store: &SqliteStore, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    let work = move |write: &mut WriteContext<'_>| {
        Ok(write.connection.prepare_cached(REVOKE)?.execute((id.as_bytes(), now.0))? > 0)
    };
    store.threads.writer.write(Lane::Small, work).await
}
