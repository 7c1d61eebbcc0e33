//! `delete_records`: hides many records, each by itself.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use refract_domain::grants::read_only;
use refract_domain::ids::{RecordId, TeamId};
use refract_store::{Answered, BatchEffect, DeleteRecords, StoreError, WrittenRecord, not_there};
use uuid::Uuid;

use super::delete_record::{context_of_keys, hide};
use crate::error::{Failure, Outcome};
use crate::idempotency::{KeyOwner, once};
use crate::records::{StoredRecord, find, lock};
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;

/// See [`refract_store::RecordVerbs::delete_records`].
#[tracing::instrument(name = "store.delete_records", skip_all, fields(items = command.ids.len()))]
pub(crate) async fn delete_records(
    store: &PostgresStore,
    command: DeleteRecords,
) -> Result<Answered<BatchEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &DeleteRecords) -> Outcome<Answered<BatchEffect>> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: command.caller };
    once(transaction, owner, command.idempotent.as_ref(), command.now, async move |transaction: &mut Transaction| {
        delete(transaction, team_no, command).await
    })
    .await
}

async fn delete(transaction: &mut Transaction, team_no: i64, command: &DeleteRecords) -> Outcome<BatchEffect> {
    let DeleteRecords { caller, object_type, ids, now, .. } = command;
    // Which keys a record holds is a matter of the schema.
    let team = lock_schema(transaction, team_no, SchemaUse::Share).await?;
    let wanted: BTreeSet<Uuid> = ids.iter().flatten().map(|id| id.0).collect();
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let mut live = lock(transaction, team_no, &wanted).await?;
    live.retain(|stored| stored.is_live(*object_type));
    let (kept, live) = apart(live, caller.team_id)?;
    if !live.is_empty() {
        let context = context_of_keys(transaction, caller.team_id, team, *object_type).await?;
        hide(transaction, team_no, &context, &live.iter().collect::<Vec<_>>(), *now).await?;
    }
    let hidden: Vec<Uuid> = live.iter().map(|stored| stored.record.id.0).collect();
    let hidden = find(transaction, team_no, &hidden).await?.into_iter();
    let mut hidden: BTreeMap<RecordId, StoredRecord> = hidden.map(|stored| (stored.record.id, stored)).collect();
    if hidden.len() != live.len() {
        return Err(Failure::internal("records were hidden but are not there"));
    }
    // An id that stands twice names nobody the second time.
    let item = |id: &Result<RecordId, _>| match id {
        Err(error) => Err(Clone::clone(error)),
        Ok(id) => hidden
            .remove(id)
            .map(|stored| WrittenRecord::existing(stored.record))
            .ok_or_else(|| if kept.contains(id) { Box::new(read_only(*id)) } else { not_there(*object_type) }),
    };
    Ok(BatchEffect { items: ids.iter().map(item).collect() })
}

/// The records that their team may only read, and those that it may hide.
fn apart(live: Vec<StoredRecord>, team_id: TeamId) -> Outcome<(HashSet<RecordId>, Vec<StoredRecord>)> {
    let (mut kept, mut hidden) = (HashSet::new(), Vec::with_capacity(live.len()));
    for stored in live {
        if stored.is_read_only(team_id)? {
            kept.insert(stored.record.id);
        } else {
            hidden.push(stored);
        }
    }
    Ok((kept, hidden))
}
