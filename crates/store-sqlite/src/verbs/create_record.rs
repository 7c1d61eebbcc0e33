//! `create_record`: makes one record, or meets the one that a value means. And what all writes of single records share.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::error::RowError;
use refract_domain::ids::RecordId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::import::row::JudgedChunk;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{Answered, CreateRecord, RecordEffect, StoreError, WrittenRecord};
use rusqlite::Connection;
use uuid::Uuid;

use super::get_list_values::values_in_list;
use crate::chunk::{NumberedIds, Rows, carry_out};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::numbers::id_space;
use crate::records::find_by_id;
use crate::store::{Shared, SqliteStore};
use crate::team::{TeamRow, require_team};
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::RecordVerbs::create_record`].
#[tracing::instrument(name = "store.create_record", skip_all)]
pub(crate) async fn create_record(
    store: &SqliteStore,
    command: CreateRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    let work = move |write: &mut WriteContext<'_>| {
        let CreateRecord { caller, context, judged, source, now, idempotent } = command;
        let team = require_team(write.connection, caller.team_id)?;
        once(write, KeyOwner { team_no: team.team_no, caller }, idempotent, now, |write| {
            write_one(write, &shared, &SingleRows { context: &context, judged: &judged, team, source, now })
        })
    };
    store.threads.writer.write(Lane::Small, work).await
}

/// Judged rows of single records.
pub(super) struct SingleRows<'a> {
    pub(super) context: &'a JudgeContext,
    pub(super) judged: &'a JudgedChunk,
    pub(super) team: TeamRow,
    pub(super) source: Uuid,
    pub(super) now: Timestamp,
}

/// Writes one row as an import of one row would, and reads the record back.
pub(super) fn write_one(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    single: &SingleRows<'_>,
) -> Outcome<RecordEffect> {
    let item = write_all(write, shared, single)?.into_iter().next();
    let item = item.ok_or_else(|| Failure::internal("one row, but no outcome"))?;
    Ok(item.map_or_else(RecordEffect::Refused, RecordEffect::Written))
}

/// Writes rows as an import would, and reads the records back, as they are after all of them.
pub(super) fn write_all(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    single: &SingleRows<'_>,
) -> Outcome<Vec<Result<WrittenRecord, Box<RowError>>>> {
    let SingleRows { context, judged, team, source, now } = *single;
    let first_number = write.numbers.take(judged.end_row(), now)?;
    let ids = NumberedIds { space: id_space(first_number, source), first_number };
    let lookup = &Lookup::of(context, judged);
    let new_options_left = NEW_OPTIONS_PER_JOB_MAX;
    let purpose = Purpose::Write;
    let rows = Rows { context, judged, lookup, team, ids, new_options_left, now, undoable: None, purpose };
    let plan = carry_out(write, shared, &rows)?;
    let mut items = Vec::with_capacity(plan.outcomes.len());
    for (row, outcome) in (judged.first_row..).zip(plan.outcomes) {
        let created = matches!(outcome, RowOutcome::Created { .. });
        let id = outcome.record_id(&ids.space, row);
        items.push(match (outcome, id) {
            (RowOutcome::Rejected(error), _) => Err(error),
            (_, Some(id)) => Ok(read_back(write.connection, team.team_no, context, id, created)?),
            (_, None) => return Err(Failure::internal("a row was written, but no record")),
        });
    }
    Ok(items)
}

fn read_back(
    connection: &Connection,
    team_no: i64,
    context: &JudgeContext,
    id: RecordId,
    created: bool,
) -> Outcome<WrittenRecord> {
    let stored = find_by_id(connection, team_no, id)?;
    let stored = stored.ok_or_else(|| Failure::internal(format!("record {id} was written but is not there")))?;
    let list_values = match context.options().list_id {
        Some(list_id) => values_in_list(connection, team_no, list_id, stored.record_no)?,
        None => None,
    };
    Ok(WrittenRecord { record: stored.record, created, list_values })
}
