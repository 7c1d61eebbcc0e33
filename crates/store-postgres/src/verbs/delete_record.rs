//! `delete_record`: hides one record and gives its keys up.

use refract_domain::ids::ListId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_store::{DeleteRecord, RecordEffect, StoreError};
use tokio_postgres::types::Type;

use super::patch_record::met_by;
use crate::error::{Failure, Outcome, column};
use crate::holders::{Holder, give_up, hash};
use crate::records::{find_one, lock_one};
use crate::schema::locked;
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;

const DELETE: &str = include_str!("../sql/delete_record.sql");
const MEMBERS: &str = include_str!("../sql/delete_record_members.sql");

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
    let schema = locked(transaction, caller.team_id, team).await?;
    let hasher = &transaction.shared.hasher;
    let context = JudgeContext::new(caller.team_id, schema, *object_type, ImportOptions::default(), hasher)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let keys = context.keys_of_body(&stored.record.body);
    let mut held: Vec<Holder> = keys.into_iter().map(|(_, key)| (hash(key), id.0)).collect();
    held.sort_unstable();
    held.dedup();
    give_up(transaction, team_no, &held).await?;
    let named = [(&team_no as _, Type::INT8), (&id.0 as _, Type::UUID)];
    let [of_team, of_record] = named.clone();
    transaction.execute(DELETE, &[of_team, of_record, (&now.0, Type::INT8)]).await?;
    transaction.counts.records(team_no, *object_type, -1);
    for row in transaction.query(MEMBERS, &named).await? {
        transaction.counts.members(team_no, ListId(column(&row, "list_id")?), -1);
    }
    let hidden = find_one(transaction, team_no, *id).await?;
    let hidden = hidden.ok_or_else(|| Failure::internal(format!("record {id} was hidden but is not there")))?;
    Ok(RecordEffect::Written(hidden.record))
}
