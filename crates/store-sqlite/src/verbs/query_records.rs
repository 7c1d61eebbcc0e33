//! `query_records`: a page of the records that a filter holds for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use refract_domain::query::RecordQuery;
use refract_store::{Caller, RecordPage, StoreError};

use crate::error::Failure;
use crate::functions::Deadline;
use crate::query::{Answer, answer};
use crate::store::SqliteStore;

/// See [`refract_store::QueryVerbs::query_records`].
///
/// A query that may look at many records runs on a thread where no other read waits behind it. Waiting for that thread
/// counts, too.
#[tracing::instrument(name = "store.query_records", level = "debug", skip_all)]
pub(crate) async fn query_records(
    store: &SqliteStore,
    caller: &Caller,
    query: &RecordQuery,
) -> Result<RecordPage, StoreError> {
    let within = store.query_within;
    let end = Instant::now() + within;
    let query = Arc::new(query.clone());
    for only_short in [true, false] {
        let (shared, caller, query) = (Arc::clone(&store.shared), *caller, Arc::clone(&query));
        let work = move |connection: &rusqlite::Connection| {
            if Instant::now() >= end {
                return Err(late(within));
            }
            let _deadline = Deadline::at(end);
            answer(connection, &shared, &caller, &query, only_short).map_err(|failure| told(failure, within))
        };
        let readers = if only_short { &store.threads.readers } else { &store.threads.scanners };
        if let Answer::Page(page) = readers.read(work).await? {
            return Ok(page);
        }
    }
    Err(StoreError::Internal("a query found no thread".to_owned()))
}

fn told(Failure(error): Failure, within: Duration) -> Failure {
    if matches!(error, StoreError::TimedOut(_)) { late(within) } else { Failure(error) }
}

fn late(within: Duration) -> Failure {
    Failure(StoreError::TimedOut(format!("no answer within {within:?}")))
}
