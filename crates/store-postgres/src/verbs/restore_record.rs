//! `restore_record`: brings one hidden record back.

use refract_store::{Answered, RecordEffect, RestoreRecord, StoreError, WrittenRecord};
use tokio_postgres::types::Type;

use super::delete_record::{context_of_keys, keys_of};
use crate::counts::count_members;
use crate::error::{Failure, Outcome};
use crate::holders::take;
use crate::idempotency::{KeyOwner, once};
use crate::records::{find_one, lock_one};
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;

const RESTORE: &str = include_str!("../sql/restore_record.sql");

/// See [`refract_store::RecordVerbs::restore_record`].
#[tracing::instrument(name = "store.restore_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn restore_record(
    store: &PostgresStore,
    command: RestoreRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &RestoreRecord) -> Outcome<Answered<RecordEffect>> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: command.caller };
    once(transaction, owner, command.idempotent.as_ref(), command.now, async move |transaction: &mut Transaction| {
        restore(transaction, team_no, command).await
    })
    .await
}

async fn restore(transaction: &mut Transaction, team_no: i64, command: &RestoreRecord) -> Outcome<RecordEffect> {
    let RestoreRecord { caller, object_type, id, now, .. } = command;
    // Which keys a record holds is a matter of the schema.
    let team = lock_schema(transaction, team_no, SchemaUse::Share).await?;
    let found = lock_one(transaction, team_no, *id).await?;
    let Some(stored) = found.filter(|stored| stored.record.object_type == *object_type) else {
        return Ok(RecordEffect::NotFound);
    };
    if !stored.deleted {
        return Ok(RecordEffect::Written(WrittenRecord::existing(stored.record)));
    }
    let context = context_of_keys(transaction, caller.team_id, team, *object_type).await?;
    take(transaction, team_no, keys_of(&context, &[&stored])).await?;
    let ids = vec![id.0];
    transaction.execute(RESTORE, &[(&team_no, Type::INT8), (&ids, Type::UUID_ARRAY), (&now.0, Type::INT8)]).await?;
    transaction.counts.records(team_no, *object_type, 1);
    count_members(transaction, team_no, &ids, 1).await?;
    let restored = find_one(transaction, team_no, *id).await?;
    let restored = restored.ok_or_else(|| Failure::internal(format!("record {id} is not there any more")))?;
    Ok(RecordEffect::Written(WrittenRecord::existing(restored.record)))
}
