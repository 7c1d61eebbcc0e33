//! `change_schema`: changes properties and options, unless a record stands in the way.

use std::time::Instant;

use refract_store::{Answered, ChangeSchema, SchemaEffect, StoreError};

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::query::answer;
use crate::schema::{changed, keep};
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;

/// See [`refract_store::SchemaVerbs::change_schema`].
#[tracing::instrument(name = "store.change_schema", skip_all)]
pub(crate) async fn change_schema(
    store: &PostgresStore,
    command: ChangeSchema,
) -> Result<Answered<SchemaEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(change(transaction, command))).await
}

async fn change(transaction: &mut Transaction, command: &ChangeSchema) -> Outcome<Answered<SchemaEffect>> {
    let ChangeSchema { caller, judged_version, edit, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        // Nobody else writes to the team from here on, so that no record comes in between.
        let team = lock_schema(transaction, team_no, SchemaUse::Own).await?;
        if team.schema_version != *judged_version {
            return Err(StoreError::SchemaChanged.into());
        }
        if let Some(query) = &edit.unless {
            let end = Instant::now() + transaction.shared.settings.statement_within;
            if let Some(found) = answer(transaction, caller, query, end).await?.records.first() {
                return Ok(SchemaEffect::Blocked(edit.edited.clone(), found.record.id));
            }
        }
        keep(transaction, team_no, &edit.changes).await?;
        changed(transaction, caller.team_id, team_no).await?;
        Ok(SchemaEffect::Changed(edit.edited.clone()))
    })
    .await
}
