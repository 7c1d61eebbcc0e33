//! `ping`: whether the database answers, and what time it has.

use refract_domain::clock::Timestamp;
use refract_store::StoreError;

use crate::error::column;
use crate::settings::Clock;
use crate::store::PostgresStore;

const PING: &str = include_str!("../sql/ping.sql");

/// See [`refract_store::AccountVerbs::ping`].
#[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
pub(crate) async fn ping(store: &PostgresStore) -> Result<Option<Timestamp>, StoreError> {
    let shares_its_clock = store.shared.settings.clock == Clock::Database;
    let asked = store.read((), |transaction, ()| {
        Box::pin(async move { column(&transaction.query_one(PING, &[]).await?, "present").map(Timestamp) })
    });
    Ok(Some(asked.await?).filter(|_| shares_its_clock))
}
