//! `load_chunk`: reads staged rows.

use refract_domain::import::job::JobSpec;
use refract_domain::import::row::RawChunk;
use refract_store::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::computing;
use crate::error::{Failure, Outcome, column};
use crate::job::{int4, number};
use crate::staged::{Piece, decode};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const STAGED: &str = include_str!("../sql/load_chunk_staged.sql");

/// See [`refract_store::ImportVerbs::load_chunk`].
#[tracing::instrument(name = "store.load_chunk", level = "debug", skip_all, fields(job_id = %spec.id, from_row))]
pub(crate) async fn load_chunk(
    store: &PostgresStore,
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
    let rows_max = rows_max.max(1);
    let wanted = Wanted { from_row, rows_max, bytes_max };
    let pieces = store
        .read((spec.team_id, job_id, wanted), |transaction, (team_id, job_id, wanted)| {
            Box::pin(async move {
                let team_no = require_team(transaction, *team_id).await?;
                find_pieces(transaction, team_no, job_id.0, *wanted).await
            })
        })
        .await?;
    if pieces.is_empty() {
        return Err(StoreError::StagedRowsLost(format!("job {job_id} has no staged rows from row {from_row} on")));
    }
    computing(move || {
        let mut chunk = RawChunk::starting_at(from_row);
        let rows: usize = pieces.iter().map(|piece| piece.rows as usize).sum();
        chunk.ends.reserve(rows.min(rows_max));
        chunk.bytes.reserve(pieces.iter().map(|piece| piece.raw_bytes).sum());
        for piece in &pieces {
            if chunk.len() >= rows_max || (!chunk.is_empty() && chunk.bytes.len() >= bytes_max) {
                break;
            }
            decode(piece, &mut chunk, rows_max, bytes_max)?;
        }
        if chunk.is_empty() {
            return Err(Failure::corrupt(format!("staged rows: row {from_row} is in no piece")));
        }
        Ok(chunk)
    })
    .await
}

/// How much is asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from_row: u32,
    rows_max: usize,
    bytes_max: usize,
}

async fn find_pieces(
    transaction: &mut Transaction,
    team_no: i64,
    job_id: uuid::Uuid,
    wanted: Wanted,
) -> Outcome<Vec<Piece>> {
    let from_row = int4(wanted.from_row)?;
    let rows_max = i64::try_from(wanted.rows_max).unwrap_or(i64::MAX);
    let bytes_max = i64::try_from(wanted.bytes_max).unwrap_or(i64::MAX);
    let parameters = [
        (&team_no as _, Type::INT8),
        (&job_id as _, Type::UUID),
        (&from_row as _, Type::INT4),
        (&rows_max as _, Type::INT8),
        (&bytes_max as _, Type::INT8),
    ];
    transaction.query(STAGED, &parameters).await?.iter().map(piece).collect()
}

fn piece(row: &Row) -> Outcome<Piece> {
    let out_of_range = || Failure::corrupt("staged rows: a number out of range");
    Ok(Piece {
        first_row: number(row, "first_row")?,
        rows: number(row, "rows")?,
        raw_bytes: usize::try_from(column::<i64>(row, "raw_bytes")?).map_err(|_| out_of_range())?,
        checksum: u32::try_from(column::<i64>(row, "checksum")?).map_err(|_| out_of_range())?,
        block: column(row, "block")?,
    })
}
