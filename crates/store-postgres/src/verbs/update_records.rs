//! `update_records`: changes many records, each by itself.

use refract_store::{Answered, BatchEffect, StoreError, UpdateRecords};
use uuid::Uuid;

use super::create_record::{SingleRows, write_all};
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// See [`refract_store::RecordVerbs::update_records`].
#[tracing::instrument(name = "store.update_records", skip_all, fields(items = command.judged.rows.len()))]
pub(crate) async fn update_records(
    store: &PostgresStore,
    command: UpdateRecords,
) -> Result<Answered<BatchEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(update(transaction, command))).await
}

async fn update(transaction: &mut Transaction, command: &UpdateRecords) -> Outcome<Answered<BatchEffect>> {
    let UpdateRecords { caller, context, judged, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        // The rows make no record, so what its id would be made from does not matter.
        let single = SingleRows { context, judged, team_no, source: Uuid::nil(), now: *now };
        Ok(BatchEffect { items: write_all(transaction, &single).await? })
    })
    .await
}
