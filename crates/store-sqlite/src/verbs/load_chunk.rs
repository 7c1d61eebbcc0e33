//! `load_chunk`: reads staged rows.

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_domain::import::job::JobSpec;
use refract_domain::import::row::RawChunk;
use refract_store::StoreError;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::blocking;
use crate::error::Outcome;
use crate::staged::Extent;
use crate::store::SqliteStore;

const STAGED: &str = include_str!("../sql/load_chunk_staged.sql");

/// See [`refract_store::ImportVerbs::load_chunk`].
#[tracing::instrument(name = "store.load_chunk", level = "debug", skip_all, fields(job_id = %spec.id, from_row))]
pub(crate) async fn load_chunk(
    store: &SqliteStore,
    spec: &JobSpec,
    from_row: u32,
    rows_max: usize,
    bytes_max: usize,
) -> Result<RawChunk, StoreError> {
    let (job_id, total) = (spec.kind.rows_of(spec.id), spec.total);
    if from_row > total {
        return Err(StoreError::Internal(format!("row {from_row} of a job of {total} rows")));
    }
    if from_row == total {
        return Ok(RawChunk::starting_at(from_row));
    }
    let file = store.threads.readers.read(move |connection| find_file(connection, job_id)).await?;
    let staged = Arc::clone(&store.shared.staged);
    let extent = Extent { from_row, rows_max, bytes_max };
    match file {
        Some(Rows::Staged(file)) => blocking(move || staged.read(file, total, extent)).await,
        Some(Rows::Kept(file)) => blocking(move || staged.read_kept(file, total, extent)).await,
        None => Err(StoreError::StagedRowsLost(format!("job {job_id} has no staged rows any more"))),
    }
}

/// The file of a job's rows.
enum Rows {
    /// They are being carried out.
    Staged(Uuid),
    /// The job has ended.
    Kept(Uuid),
}

fn find_file(connection: &Connection, job_id: JobId) -> Outcome<Option<Rows>> {
    let mut statement = connection.prepare_cached(STAGED)?;
    let files = statement.query_row([job_id.as_bytes()], |row| {
        let file = |place| row.get::<_, Option<[u8; 16]>>(place).map(|file| file.map(Uuid::from_bytes));
        Ok(file(0)?.map(Rows::Staged).or(file(1)?.map(Rows::Kept)))
    });
    Ok(files.optional()?.flatten())
}
