//! `create_record`: makes one record.

use refract_domain::clock::Timestamp;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::plan::Lookup;
use refract_domain::import::row::JudgedChunk;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{Answered, CreateRecord, RecordEffect, StoreError};
use uuid::Uuid;

use crate::chunk::{Rows, carry_out};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::job::id_space;
use crate::records::find_one;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// See [`refract_store::RecordVerbs::create_record`].
#[tracing::instrument(name = "store.create_record", skip_all)]
pub(crate) async fn create_record(
    store: &PostgresStore,
    command: CreateRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(create(transaction, command))).await
}

async fn create(transaction: &mut Transaction, command: &CreateRecord) -> Outcome<Answered<RecordEffect>> {
    let CreateRecord { caller, context, judged, source, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        write_one(transaction, &OneRow { context, judged, team_no, source: *source, now: *now }).await
    })
    .await
}

/// A judged row by itself.
pub(super) struct OneRow<'a> {
    pub(super) context: &'a JudgeContext,
    pub(super) judged: &'a JudgedChunk,
    pub(super) team_no: i64,
    pub(super) source: Uuid,
    pub(super) now: Timestamp,
}

/// Writes one row as an import of one row would, and reads the record back.
pub(super) async fn write_one(transaction: &mut Transaction, one: &OneRow<'_>) -> Outcome<RecordEffect> {
    let OneRow { context, judged, team_no, source, now } = *one;
    let ids = id_space(now, source);
    let lookup = &Lookup::of(context, judged);
    let rows = Rows { context, judged, lookup, team_no, ids, new_options_left: NEW_OPTIONS_PER_JOB_MAX, now };
    let plan = carry_out(transaction, &rows).await?;
    let outcome = plan.outcomes.into_iter().next().ok_or_else(|| Failure::internal("one row, but no outcome"))?;
    let Some(id) = outcome.record_id(&ids, judged.first_row) else {
        return Ok(RecordEffect::refused(outcome));
    };
    let stored = find_one(transaction, team_no, id).await?;
    let stored = stored.ok_or_else(|| Failure::internal(format!("record {id} was written but is not there")))?;
    Ok(RecordEffect::Written(stored.record))
}
