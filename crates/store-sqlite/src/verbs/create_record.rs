//! `create_record`: makes one record.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::import::plan::Lookup;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{Answered, CreateRecord, RecordEffect, StoreError};
use uuid::Uuid;

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
            write_one(write, &shared, &OneRow { context: &context, judged: &judged, team, source, now })
        })
    };
    store.threads.writer.write(Lane::Small, work).await
}

/// A judged row by itself.
pub(super) struct OneRow<'a> {
    pub(super) context: &'a refract_domain::import::judge::JudgeContext,
    pub(super) judged: &'a refract_domain::import::row::JudgedChunk,
    pub(super) team: TeamRow,
    pub(super) source: Uuid,
    pub(super) now: Timestamp,
}

/// Writes one row as an import of one row would, and reads the record back.
pub(super) fn write_one(write: &mut WriteContext<'_>, shared: &Arc<Shared>, one: &OneRow<'_>) -> Outcome<RecordEffect> {
    let OneRow { context, judged, team, source, now } = *one;
    let row = judged.first_row;
    let first_number = write.numbers.take(judged.end_row(), now)?;
    let ids = NumberedIds { space: id_space(first_number, source), first_number };
    let lookup = &Lookup::of(context, judged);
    let rows = Rows { context, judged, lookup, team, ids, new_options_left: NEW_OPTIONS_PER_JOB_MAX, now };
    let plan = carry_out(write, shared, &rows)?;
    let outcome = plan.outcomes.into_iter().next().ok_or_else(|| Failure::internal("one row, but no outcome"))?;
    let Some(id) = outcome.record_id(&ids.space, row) else {
        return Ok(RecordEffect::refused(outcome));
    };
    let stored = find_by_id(write.connection, team.team_no, id)?;
    let stored = stored.ok_or_else(|| Failure::internal(format!("record {id} was written but is not there")))?;
    Ok(RecordEffect::Written(stored.record))
}
