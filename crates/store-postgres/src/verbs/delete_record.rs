//! `delete_record`: hides one record and gives its keys up. What it holds in lists stays, unseen, should it come back.

use refract_domain::clock::Timestamp;
use refract_domain::ids::TeamId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_store::{DeleteRecord, RecordEffect, StoreError, WrittenRecord, forbidden};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::patch_record::met_by;
use crate::counts::count_members;
use crate::error::{Failure, Outcome};
use crate::holders::{Holder, give_up, hash};
use crate::records::{StoredRecord, find_one, lock_one};
use crate::schema::locked;
use crate::store::PostgresStore;
use crate::team::{SchemaUse, TeamRow, lock_schema, require_team};
use crate::transaction::Transaction;

const DELETE: &str = include_str!("../sql/delete_record.sql");

/// See [`refract_store::RecordVerbs::delete_record`].
#[tracing::instrument(name = "store.delete_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn delete_record(store: &PostgresStore, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
    store.write(command, |transaction, command| Box::pin(delete(transaction, command))).await
}

async fn delete(transaction: &mut Transaction, command: &DeleteRecord) -> Outcome<RecordEffect> {
    let DeleteRecord { caller, object_type, id, precondition, now } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    // Which keys a record holds is a matter of the schema.
    let team = lock_schema(transaction, team_no, SchemaUse::Share).await?;
    let stored = match met_by(lock_one(transaction, team_no, *id).await?, *object_type, *precondition) {
        Ok(stored) => stored,
        Err(effect) => return Ok(effect),
    };
    if stored.is_read_only(caller.team_id)? {
        return Ok(forbidden(*id));
    }
    let context = context_of_keys(transaction, caller.team_id, team, *object_type).await?;
    hide(transaction, team_no, &context, &[&stored], *now).await?;
    let hidden = find_one(transaction, team_no, *id).await?;
    let hidden = hidden.ok_or_else(|| Failure::internal(format!("record {id} was hidden but is not there")))?;
    Ok(RecordEffect::Written(WrittenRecord::existing(hidden.record)))
}

/// What says which keys a record of this type holds, under the schema that is locked.
pub(super) async fn context_of_keys(
    transaction: &mut Transaction,
    team_id: TeamId,
    team: TeamRow,
    object_type: ObjectType,
) -> Outcome<JudgeContext> {
    let schema = locked(transaction, team_id, team).await?;
    JudgeContext::new(team_id, schema, object_type, ImportOptions::default(), &transaction.shared.hasher)
        .map_err(|error| Failure::internal(error.to_string()))
}

/// The keys that these records hold when they are live, in the order in which keys are locked.
pub(super) fn keys_of(context: &JudgeContext, records: &[&StoredRecord]) -> Vec<Holder> {
    let keys = records.iter().flat_map(|stored| {
        let keys = context.keys_of_body(&stored.record.body).into_iter();
        keys.map(|(_, key)| (hash(key), stored.record.id.0))
    });
    let mut holders: Vec<Holder> = keys.collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

/// Hides live records, which are locked.
pub(super) async fn hide(
    transaction: &mut Transaction,
    team_no: i64,
    context: &JudgeContext,
    records: &[&StoredRecord],
    now: Timestamp,
) -> Outcome<()> {
    give_up(transaction, team_no, &keys_of(context, records)).await?;
    let ids: Vec<Uuid> = records.iter().map(|stored| stored.record.id.0).collect();
    transaction.execute(DELETE, &[(&team_no, Type::INT8), (&ids, Type::UUID_ARRAY), (&now.0, Type::INT8)]).await?;
    let fewer = i64::try_from(records.len()).unwrap_or(i64::MAX);
    transaction.counts.records(team_no, context.type_schema().object_type, -fewer);
    count_members(transaction, team_no, &ids, -1).await
}
