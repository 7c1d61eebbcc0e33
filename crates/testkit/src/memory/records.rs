//! Single records.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::ids::{ListId, RecordId, RecordIdSpace};
use refract_domain::import::outcome::Outcome;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::record::{Precondition, Record};
use refract_store::{Answered, Caller, CreateRecord, DeleteRecord, PatchRecord, RecordEffect, RecordVerbs, StoreError};

use super::MemoryStore;
use super::chunk::Rows;
use super::state::State;

#[async_trait]
impl RecordVerbs for MemoryStore {
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError> {
        let CreateRecord { caller, context, judged, source, now, idempotent } = command;
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source };
        let rows =
            Rows { context: &context, judged: &judged, record_ids, new_options_left: NEW_OPTIONS_PER_JOB_MAX, now };
        self.transaction(|state| state.once(&caller, idempotent, now, |within| within.write_one(&rows)))
    }

    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError> {
        let PatchRecord { caller, context, id, judged, precondition, now, idempotent } = command;
        let object_type = context.type_schema().object_type;
        // A patch makes no record, so no id is ever taken from here.
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source: id.0 };
        let rows =
            Rows { context: &context, judged: &judged, record_ids, new_options_left: NEW_OPTIONS_PER_JOB_MAX, now };
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
            let stored = state.records.get_mut(&(caller.team_id, id)).map(Arc::make_mut);
            let stored = stored.ok_or_else(|| StoreError::Internal("a live record is there".to_owned()))?;
            stored.is_deleted = true;
            stored.record.version += 1;
            stored.record.updated_at = now;
            Ok(RecordEffect::Written(stored.record.clone()))
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
    /// Writes rows of which there is one.
    fn write_one(&mut self, rows: &Rows<'_>) -> Result<RecordEffect, StoreError> {
        let plan = self.write_rows(rows)?;
        let [outcome] = plan.outcomes.as_slice() else {
            return Err(StoreError::Internal(format!("{} rows for one record", plan.outcomes.len())));
        };
        if let Outcome::Rejected(error) = outcome {
            return Ok(RecordEffect::Refused(error.clone()));
        }
        let id = outcome.record_id(&rows.record_ids, rows.judged.first_row);
        let stored = id.and_then(|id| self.records.get(&(rows.context.team_id(), id)));
        let stored = stored.ok_or_else(|| StoreError::Internal("what was written is there".to_owned()))?;
        Ok(RecordEffect::Written(stored.record.clone()))
    }
}
