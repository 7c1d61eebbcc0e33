//! `ping`: whether the database answers.

use refract_store::StoreError;

use crate::store::PostgresStore;

const PING: &str = include_str!("../sql/ping.sql");

/// See [`refract_store::AccountVerbs::ping`].
#[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
pub(crate) async fn ping(store: &PostgresStore) -> Result<(), StoreError> {
    store.read((), |transaction, ()| Box::pin(async move { transaction.query_one(PING, &[]).await.map(drop) })).await
}
