//! Single records.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::error::RowError;
use refract_domain::grants::read_only;
use refract_domain::ids::{ListId, RecordId, RecordIdSpace, TeamId};
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::Purpose;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::record::{Precondition, Record};
use refract_store::{
    Answered, BatchEffect, Caller, CreateRecord, DeleteRecord, DeleteRecords, PatchRecord, RecordEffect, RecordVerbs,
    RestoreRecord, StoreError, UpdateRecords, WrittenRecord, forbidden, not_there,
};

use super::MemoryStore;
use super::chunk::Rows;
use super::state::State;

#[async_trait]
impl RecordVerbs for MemoryStore {
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError> {
        let CreateRecord { caller, context, judged, source, now, idempotent } = command;
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source };
        let rows = Rows {
            context: &context,
            judged: &judged,
            record_ids,
            new_options_left: NEW_OPTIONS_PER_JOB_MAX,
            now,
            job_id: None,
            purpose: Purpose::Write,
        };
        self.transaction(|state| state.once(&caller, idempotent, now, |within| within.write_one(&rows)))
    }

    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError> {
        let PatchRecord { caller, context, id, judged, precondition, now, idempotent } = command;
        let object_type = context.type_schema().object_type;
        // A patch makes no record, so no id is ever taken from here.
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source: id.0 };
        let rows = Rows {
            context: &context,
            judged: &judged,
            record_ids,
            new_options_left: NEW_OPTIONS_PER_JOB_MAX,
            now,
            job_id: None,
            purpose: Purpose::Write,
        };
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                if within.schema(caller.team_id).version != judged.schema_version {
                    return Err(StoreError::SchemaChanged);
                }
                match refusal(within.live(caller.team_id, object_type, id), precondition) {
                    Some(refused) => Ok(refused),
                    None => within.write_one(&rows),
                }
            })
        })
    }

    async fn delete_record(&self, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
        let DeleteRecord { caller, object_type, id, precondition, now } = command;
        self.transaction(|state| {
            let live = state.live(caller.team_id, object_type, id);
            if let Some(refused) = refusal(live, precondition) {
                return Ok(refused);
            }
            if state.is_read_only(caller.team_id, id) {
                return Ok(forbidden(id));
            }
            let hidden = state.turn(caller.team_id, id, true, now)?;
            Ok(RecordEffect::Written(WrittenRecord::existing(hidden)))
        })
    }

    async fn restore_record(&self, command: RestoreRecord) -> Result<Answered<RecordEffect>, StoreError> {
        let RestoreRecord { caller, object_type, id, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                let stored = within.records.get(&(caller.team_id, id));
                let Some(stored) = stored.filter(|stored| stored.record.object_type == object_type) else {
                    return Ok(RecordEffect::NotFound);
                };
                let record = match stored.is_deleted {
                    false => stored.record.clone(),
                    true => within.turn(caller.team_id, id, false, now)?,
                };
                Ok(RecordEffect::Written(WrittenRecord::existing(record)))
            })
        })
    }

    async fn update_records(&self, command: UpdateRecords) -> Result<Answered<BatchEffect>, StoreError> {
        let UpdateRecords { caller, context, judged, now, idempotent } = command;
        // A batch makes no record, so no id is ever taken from here.
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source: caller.team_id.0 };
        let rows = Rows {
            context: &context,
            judged: &judged,
            record_ids,
            new_options_left: NEW_OPTIONS_PER_JOB_MAX,
            now,
            job_id: None,
            purpose: Purpose::Write,
        };
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| Ok(BatchEffect { items: within.write_all(&rows)? }))
        })
    }

    async fn delete_records(&self, command: DeleteRecords) -> Result<Answered<BatchEffect>, StoreError> {
        let DeleteRecords { caller, object_type, ids, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                let items = ids.into_iter().map(|id| {
                    let is_live = |id: RecordId| within.live(caller.team_id, object_type, id).is_some();
                    Ok(match id {
                        Err(error) => Err(error),
                        Ok(id) if !is_live(id) => Err(not_there(object_type)),
                        Ok(id) if within.is_read_only(caller.team_id, id) => Err(Box::new(read_only(id))),
                        Ok(id) => Ok(WrittenRecord::existing(within.turn(caller.team_id, id, true, now)?)),
                    })
                });
                Ok(BatchEffect { items: items.collect::<Result<_, StoreError>>()? })
            })
        })
    }

    async fn get_record(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Record>, StoreError> {
        self.read(|state| state.live(caller.team_id, object_type, id).cloned())
    }

    async fn count_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        list_id: Option<ListId>,
    ) -> Result<u64, StoreError> {
        self.read(|state| {
            let live = state.all_live(caller.team_id, object_type);
            let counted = live.filter(|record| {
                list_id.is_none_or(|list| state.members.contains_key(&(caller.team_id, list, record.id)))
            });
            counted.count() as u64
        })
    }

    async fn get_list_values(
        &self,
        caller: &Caller,
        list_id: ListId,
        id: RecordId,
    ) -> Result<Option<String>, StoreError> {
        self.read(|state| {
            let stored = state.records.get(&(caller.team_id, id))?;
            if stored.is_deleted { None } else { state.members.get(&(caller.team_id, list_id, id)).cloned() }
        })
    }
}

/// Why a record cannot be written; `None` when it can.
fn refusal(live: Option<&Record>, precondition: Precondition) -> Option<RecordEffect> {
    match live {
        None if precondition == Precondition::Exists => Some(RecordEffect::PreconditionFailed),
        None => Some(RecordEffect::NotFound),
        Some(record) if !precondition.holds_for(record.version) => Some(RecordEffect::PreconditionFailed),
        Some(_) => None,
    }
}

impl State {
    fn is_read_only(&self, team_id: TeamId, id: RecordId) -> bool {
        self.records.get(&(team_id, id)).is_some_and(|stored| stored.is_read_only(team_id))
    }

    /// Writes rows of which there is one.
    fn write_one(&mut self, rows: &Rows<'_>) -> Result<RecordEffect, StoreError> {
        let mut items = self.write_all(rows)?;
        match (items.pop(), items.is_empty()) {
            (Some(item), true) => Ok(item.map_or_else(RecordEffect::Refused, RecordEffect::Written)),
            _ => Err(StoreError::Internal("not one row for one record".to_owned())),
        }
    }

    /// Writes rows; what came of each, once all are written.
    fn write_all(&mut self, rows: &Rows<'_>) -> Result<Vec<Result<WrittenRecord, Box<RowError>>>, StoreError> {
        let team_id = rows.context.team_id();
        let plan = self.write_rows(rows)?;
        let items = (rows.judged.first_row..).zip(plan.outcomes).map(|(row, outcome)| {
            if let Outcome::Rejected(error) = outcome {
                return Ok(Err(error));
            }
            let stored = outcome.record_id(&rows.record_ids, row).and_then(|id| self.records.get(&(team_id, id)));
            let stored = stored.ok_or_else(|| StoreError::Internal("what was written is there".to_owned()))?;
            let record = stored.record.clone();
            let list_id = rows.context.options().list_id;
            let list_values = list_id.and_then(|list_id| self.members.get(&(team_id, list_id, record.id)).cloned());
            Ok(Ok(WrittenRecord { record, created: matches!(outcome, Outcome::Created { .. }), list_values }))
        });
        items.collect()
    }

    /// Hides a record or brings it back. Its places in lists stay; who is hidden is not seen there.
    pub(super) fn turn(
        &mut self,
        team_id: TeamId,
        id: RecordId,
        hidden: bool,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let stored = self.records.get_mut(&(team_id, id)).map(Arc::make_mut);
        let stored = stored.ok_or_else(|| StoreError::Internal("the record is there".to_owned()))?;
        stored.is_deleted = hidden;
        stored.record.version += 1;
        stored.record.updated_at = now;
        Ok(stored.record.clone())
    }
}
