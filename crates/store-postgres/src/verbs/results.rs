//! `results`: a piece of a job's outcomes.

use refract_domain::ids::JobId;
use refract_store::{Caller, OutcomePiece, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Outcome, column};
use crate::job::{int4, number};
use crate::store::PostgresStore;
use crate::team::find_team;

const RESULTS: &str = include_str!("../sql/results.sql");

/// See [`refract_store::ImportVerbs::results`].
#[tracing::instrument(name = "store.results", level = "debug", skip_all, fields(job_id = %job_id, from_row))]
pub(crate) async fn results(
    store: &PostgresStore,
    caller: &Caller,
    job_id: JobId,
    from_row: u32,
) -> Result<Option<OutcomePiece>, StoreError> {
    store
        .read((caller.team_id, job_id, from_row), |transaction, (team_id, job_id, from_row)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let wanted = int4(*from_row)?;
                let named = [(&team_no as _, Type::INT8), (&job_id.0 as _, Type::UUID), (&wanted as _, Type::INT4)];
                let Some(row) = transaction.query_opt(RESULTS, &named).await? else { return Ok(None) };
                let piece = outcome_piece(&row)?;
                // Pieces follow each other without gaps: the last one before `from_row` holds it, or none does.
                Ok((from_row - piece.first_row < piece.rows).then_some(piece))
            })
        })
        .await
}

/// The piece of a row: where it begins, how many rows it has, their outcomes, and what a dry run says besides.
pub(super) fn outcome_piece(row: &Row) -> Outcome<OutcomePiece> {
    Ok(OutcomePiece {
        first_row: number(row, "first_row")?,
        rows: number(row, "rows")?,
        encoded: column(row, "encoded")?,
        forecast: column::<Option<Vec<u8>>>(row, "forecast")?.unwrap_or_default(),
    })
}
