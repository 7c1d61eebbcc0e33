//! `results`: a piece of a job's outcomes.

use refract_domain::ids::JobId;
use refract_store::{Caller, OutcomePiece, StoreError};
use rusqlite::OptionalExtension;

use crate::store::SqliteStore;

const RESULTS: &str = include_str!("../sql/results.sql");

/// See [`refract_store::ImportVerbs::results`].
#[tracing::instrument(name = "store.results", level = "debug", skip_all, fields(job_id = %job_id, from_row))]
pub(crate) async fn results(
    store: &SqliteStore,
    caller: &Caller,
    job_id: JobId,
    from_row: u32,
) -> Result<Option<OutcomePiece>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached(RESULTS)?;
        let piece = statement.query_row((job_id.as_bytes(), team_id.as_bytes(), from_row), outcome_piece);
        // Pieces follow each other without gaps: the last one before `from_row` holds it, or none does.
        Ok(piece.optional()?.filter(|piece| from_row - piece.first_row < piece.rows))
    };
    store.threads.readers.read(work).await
}

/// The piece of a row: where it begins, how many rows it has, their outcomes, and what a dry run says besides.
pub(super) fn outcome_piece(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutcomePiece> {
    let forecast = row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default();
    Ok(OutcomePiece { first_row: row.get(0)?, rows: row.get(1)?, encoded: row.get(2)?, forecast })
}
