//! `find_key`: the API key of a hash.

use refract_store::{ApiKey, StoreError};
use tokio_postgres::types::Type;

use super::keys::api_key;
use crate::store::PostgresStore;

const FIND: &str = include_str!("../sql/find_key.sql");

/// See [`refract_store::AccountVerbs::find_key`].
#[tracing::instrument(name = "store.find_key", level = "debug", skip_all)]
pub(crate) async fn find_key(store: &PostgresStore, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    store
        .read(sha256, |transaction, sha256| {
            Box::pin(async move {
                let row = transaction.query_opt(FIND, &[(&sha256.as_slice(), Type::BYTEA)]).await?;
                row.as_ref().map(api_key).transpose()
            })
        })
        .await
}
