//! `undo_chunk`: carries out one chunk of an undo.

use refract_store::{ChunkReceipt, Lease, StoreError, UndoChunk};
use tokio_postgres::types::Type;

use super::apply_chunk::{Done, Held, advance, fence};
use super::delete_record::context_of_keys;
use crate::error::{Failure, Outcome};
use crate::job::number;
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;
use crate::undo::{Rows, carry_out, outcomes, remove_unused};

const UNDONE: &str = include_str!("../sql/undo_job.sql");

/// See [`refract_store::UndoVerbs::undo_chunk`].
#[tracing::instrument(name = "store.undo_chunk", skip_all, fields(job_id = %lease.spec.id, first_row = lease.cursor))]
pub(crate) async fn undo_chunk(
    store: &PostgresStore,
    lease: &mut Lease,
    command: UndoChunk,
) -> Result<ChunkReceipt, StoreError> {
    let receipt = store
        .write((Held::of(lease), command), |transaction, (held, command)| {
            Box::pin(undo_rows(transaction, held, *command))
        })
        .await?;
    lease.advance(&receipt);
    store.shared.notes.forget(lease.spec.id);
    Ok(receipt)
}

async fn undo_rows(transaction: &mut Transaction, held: &Held, command: UndoChunk) -> Outcome<ChunkReceipt> {
    let (spec, now) = (&held.spec, command.now);
    let of = spec.kind.of().filter(|_| spec.kind.is_undo());
    let of = of.ok_or_else(|| Failure::internal(format!("job {} is no undo", spec.id)))?;
    let end_row = command.end_row(held.cursor, spec.total);
    let team_no = require_team(transaction, spec.team_id).await?;
    let fenced = fence(transaction, team_no, held, now, command.lease_for).await?;
    let undone = transaction.query_opt(UNDONE, &[(&team_no, Type::INT8), (&of.0, Type::UUID)]).await?;
    let undone = undone.ok_or_else(|| Failure::corrupt(format!("job {of}, which is being undone, is gone")))?;
    // A chunk that turns out to end sooner has asked for more than it needs, no more.
    let may_remove_options = end_row == spec.total && number(&undone, "new_options_made")? > 0;
    let schema_use = if may_remove_options { SchemaUse::Own } else { SchemaUse::Share };
    let team = lock_schema(transaction, team_no, schema_use).await?;
    let context = &context_of_keys(transaction, spec.team_id, team, spec.object_type).await?;
    let became = outcomes(transaction, team_no, of, held.cursor, end_row).await?;
    let rows = Rows { spec, of, team_no, context, first_row: held.cursor, now };
    let plan = carry_out(transaction, &rows, &became).await?;
    let cursor = held.cursor.saturating_add(u32::try_from(plan.outcomes.len()).unwrap_or(u32::MAX));
    if may_remove_options && cursor == spec.total {
        remove_unused(transaction, spec, team_no, of).await?;
    }
    let done = Done { cursor, outcomes: &plan.outcomes, forecasts: &[], tally: plan.tally, new_options: 0, now };
    let applied = advance(transaction, team_no, held, &fenced, &done).await?;
    Ok(applied.receipt)
}
