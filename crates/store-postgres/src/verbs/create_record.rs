//! `create_record`: makes one record, or meets the one that a value means. And what all writes of single records share.

use std::collections::HashMap;

use refract_domain::clock::Timestamp;
use refract_domain::error::RowError;
use refract_domain::ids::RecordId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::import::row::JudgedChunk;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_domain::record::Record;
use refract_store::{Answered, CreateRecord, RecordEffect, StoreError, WrittenRecord};
use uuid::Uuid;

use crate::chunk::{Rows, carry_out, values_in_list};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::job::id_space;
use crate::records::find;
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
        write_one(transaction, &SingleRows { context, judged, team_no, source: *source, now: *now }).await
    })
    .await
}

/// Judged rows of single records.
pub(super) struct SingleRows<'a> {
    pub(super) context: &'a JudgeContext,
    pub(super) judged: &'a JudgedChunk,
    pub(super) team_no: i64,
    pub(super) source: Uuid,
    pub(super) now: Timestamp,
}

/// Writes one row as an import of one row would, and reads the record back.
pub(super) async fn write_one(transaction: &mut Transaction, single: &SingleRows<'_>) -> Outcome<RecordEffect> {
    let item = write_all(transaction, single).await?.into_iter().next();
    let item = item.ok_or_else(|| Failure::internal("one row, but no outcome"))?;
    Ok(item.map_or_else(RecordEffect::Refused, RecordEffect::Written))
}

/// Writes rows as an import would, and reads the records back, as they are after all of them.
pub(super) async fn write_all(
    transaction: &mut Transaction,
    single: &SingleRows<'_>,
) -> Outcome<Vec<Result<WrittenRecord, Box<RowError>>>> {
    let SingleRows { context, judged, team_no, source, now } = *single;
    let ids = id_space(now, source);
    let lookup = &Lookup::of(context, judged);
    let new_options_left = NEW_OPTIONS_PER_JOB_MAX;
    let purpose = Purpose::Write;
    let rows = Rows { context, judged, lookup, team_no, ids, new_options_left, now, job_id: None, purpose };
    let plan = carry_out(transaction, &rows).await?;
    let outcomes = (judged.first_row..).zip(plan.outcomes);
    let outcomes: Vec<_> = outcomes.map(|(row, outcome)| (outcome.record_id(&ids, row), outcome)).collect();
    let mut written: Vec<Uuid> = outcomes.iter().filter_map(|(id, _)| id.map(|id| id.0)).collect();
    written.sort_unstable();
    written.dedup();
    let records =
        find(transaction, team_no, &written).await?.into_iter().map(|stored| (stored.record.id, stored.record));
    let records: HashMap<RecordId, Record> = records.collect();
    let list_values = match context.options().list_id {
        Some(list_id) => values_in_list(transaction, team_no, list_id, &written).await?,
        None => HashMap::new(),
    };
    let item = |(id, outcome): (Option<RecordId>, RowOutcome)| {
        if let RowOutcome::Rejected(error) = outcome {
            return Ok(Err(error));
        }
        let record = id.and_then(|id| records.get(&id)).cloned();
        let record = record.ok_or_else(|| Failure::internal("a record was written but is not there"))?;
        let list_values = list_values.get(&record.id).cloned();
        Ok(Ok(WrittenRecord { record, created: matches!(outcome, RowOutcome::Created { .. }), list_values }))
    };
    outcomes.into_iter().map(item).collect()
}
