//! `release`: gives a job back.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_store::{Lease, StoreError};
use rusqlite::OptionalExtension;

use crate::store::SqliteStore;
use crate::writer::Lane;

const RELEASE: &str = include_str!("../sql/release_job.sql");

/// See [`refract_store::ImportVerbs::release`].
#[tracing::instrument(name = "store.release", skip_all, fields(job_id = %lease.spec.id))]
pub(crate) async fn release(store: &SqliteStore, lease: Lease, now: Timestamp) -> Result<(), StoreError> {
    let staged = Arc::clone(&store.shared.staged);
    let work = move |write: &mut crate::writer::WriteContext<'_>| {
        let mut statement = write.connection.prepare_cached(RELEASE)?;
        let released = statement
            .query_row((lease.spec.id.as_bytes(), lease.attempt, now.0), |row| row.get::<_, Option<[u8; 16]>>(0));
        if let Some(file) = released.optional()?.flatten() {
            write.after_commit(move || staged.forget(uuid::Uuid::from_bytes(file)));
        }
        Ok(())
    };
    store.threads.writer.write(Lane::Small, work).await
}
