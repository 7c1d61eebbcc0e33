//! `query_records`: a page of the records that a filter holds for.

use std::time::Instant;

use refract_domain::query::RecordQuery;
use refract_store::{Caller, RecordPage, StoreError};

use crate::query::answer;
use crate::store::PostgresStore;
use crate::transaction::{Mode, transact};

/// See [`refract_store::QueryVerbs::query_records`].
#[tracing::instrument(name = "store.query_records", level = "debug", skip_all)]
pub(crate) async fn query_records(
    store: &PostgresStore,
    caller: &Caller,
    query: &RecordQuery,
) -> Result<RecordPage, StoreError> {
    let end = Instant::now() + store.shared.settings.query_within;
    transact(&store.shared, Mode::Query, (*caller, query.clone(), end), |transaction, (caller, query, end)| {
        Box::pin(answer(transaction, caller, query, *end))
    })
    .await
}
