//! `patch_record`: changes one record.

use std::sync::Arc;

use refract_domain::object_type::ObjectType;
use refract_domain::record::Precondition;
use refract_store::{Answered, PatchRecord, RecordEffect, StoreError};
use uuid::Uuid;

use super::create_record::{SingleRows, write_one};
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::{StoredRecord, find_by_id};
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::RecordVerbs::patch_record`].
#[tracing::instrument(name = "store.patch_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn patch_record(
    store: &SqliteStore,
    command: PatchRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| patch(write, &shared, command)).await
}

fn patch(write: &mut WriteContext<'_>, shared: &Arc<Shared>, command: PatchRecord) -> Outcome<Answered<RecordEffect>> {
    let PatchRecord { caller, context, id, judged, precondition, now, idempotent } = command;
    let team = require_team(write.connection, caller.team_id)?;
    once(write, KeyOwner { team_no: team.team_no, caller }, idempotent, now, |write| {
        if judged.schema_version != team.schema_version {
            return Err(StoreError::SchemaChanged.into());
        }
        let stored = find_by_id(write.connection, team.team_no, id)?;
        match met_by(stored, context.type_schema().object_type, precondition) {
            Err(effect) => Ok(effect),
            // The row makes no record, so what its id would be made from does not matter.
            Ok(_) => {
                let source = Uuid::nil();
                write_one(write, shared, &SingleRows { context: &context, judged: &judged, team, source, now })
            }
        }
    })
}

/// The record, if there is one to be seen and it meets the precondition; otherwise what comes of the write.
pub(super) fn met_by(
    stored: Option<StoredRecord>,
    object_type: ObjectType,
    precondition: Precondition,
) -> Result<StoredRecord, RecordEffect> {
    let live = stored.filter(|stored| stored.is_live(object_type));
    match RecordEffect::unmet(live.as_ref().map(|stored| stored.record.version), precondition) {
        Some(effect) => Err(effect),
        None => live.ok_or(RecordEffect::NotFound),
    }
}
