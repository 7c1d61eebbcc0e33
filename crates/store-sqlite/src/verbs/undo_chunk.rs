//! `undo_chunk`: carries out one chunk of an undo.

use std::sync::Arc;

use refract_store::{ChunkReceipt, Lease, StoreError, UndoChunk};
use rusqlite::OptionalExtension;

use super::apply_chunk::{Done, Held, advance, fence};
use super::delete_record::context_of_keys;
use crate::error::{Failure, Outcome};
use crate::numbers::first_number;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::undo::{Rows, carry_out, outcomes, remove_unused};
use crate::writer::{Lane, WriteContext};

const UNDONE: &str = include_str!("../sql/undo_job.sql");

/// See [`refract_store::UndoVerbs::undo_chunk`].
#[tracing::instrument(name = "store.undo_chunk", skip_all, fields(job_id = %lease.spec.id, first_row = lease.cursor))]
pub(crate) async fn undo_chunk(
    store: &SqliteStore,
    lease: &mut Lease,
    command: UndoChunk,
) -> Result<ChunkReceipt, StoreError> {
    let (shared, held) = (Arc::clone(&store.shared), Held::of(lease));
    let work = move |write: &mut WriteContext<'_>| undo_rows(write, &shared, &held, command);
    let receipt = store.threads.writer.write(Lane::Chunk, work).await?;
    lease.advance(&receipt);
    Ok(receipt)
}

fn undo_rows(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    held: &Held,
    command: UndoChunk,
) -> Outcome<ChunkReceipt> {
    let (connection, spec, now) = (write.connection, &held.spec, command.now);
    let of = spec.kind.of().filter(|_| spec.kind.is_undo());
    let of = of.ok_or_else(|| Failure::internal(format!("job {} is no undo", spec.id)))?;
    let end_row = command.end_row(held.cursor, spec.total);
    let fenced = fence(connection, held, now, command.lease_for)?;
    let team_no = require_team(connection, spec.team_id)?.team_no;
    let mut statement = connection.prepare_cached(UNDONE)?;
    let undone = statement.query_row((team_no, of.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (undone_no, options_made): (i64, u32) =
        undone.ok_or_else(|| Failure::corrupt(format!("job {of}, which is being undone, is gone")))?;
    let became = outcomes(connection, undone_no, held.cursor, end_row)?;
    let context = &context_of_keys(connection, shared, spec.team_id, spec.object_type)?;
    let first_number = first_number(&spec.record_ids)?;
    let rows = Rows { spec, undone_no, team_no, context, first_number, first_row: held.cursor, now };
    let plan = carry_out(connection, &rows, &became)?;
    let cursor = held.cursor.saturating_add(u32::try_from(plan.outcomes.len()).unwrap_or(u32::MAX));
    if cursor == spec.total && options_made > 0 {
        remove_unused(write, shared, spec, team_no)?;
    }
    let done = Done { cursor, outcomes: &plan.outcomes, forecasts: &[], tally: plan.tally, new_options: 0, now };
    advance(write, shared, held, &fenced, &done)
}
