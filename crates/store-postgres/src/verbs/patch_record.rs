//! `patch_record`: changes one record.

use refract_domain::object_type::ObjectType;
use refract_domain::record::Precondition;
use refract_store::{Answered, PatchRecord, RecordEffect, StoreError};
use uuid::Uuid;

use super::create_record::{SingleRows, write_one};
use crate::chunk::lock_judged;
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::{StoredRecord, lock_one};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// See [`refract_store::RecordVerbs::patch_record`].
#[tracing::instrument(name = "store.patch_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn patch_record(
    store: &PostgresStore,
    command: PatchRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(patch(transaction, command))).await
}

async fn patch(transaction: &mut Transaction, command: &PatchRecord) -> Outcome<Answered<RecordEffect>> {
    let PatchRecord { caller, context, id, judged, precondition, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        lock_judged(transaction, team_no, judged).await?;
        let stored = lock_one(transaction, team_no, *id).await?;
        match met_by(stored, context.type_schema().object_type, *precondition) {
            Err(effect) => Ok(effect),
            // The row makes no record, so what its id would be made from does not matter.
            Ok(_) => {
                let single = SingleRows { context, judged, team_no, source: Uuid::nil(), now: *now };
                write_one(transaction, &single).await
            }
        }
    })
    .await
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
