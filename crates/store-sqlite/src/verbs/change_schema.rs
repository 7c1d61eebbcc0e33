//! `change_schema`: changes properties and options, unless a record stands in the way.

use std::sync::Arc;

use refract_store::{Answered, ChangeSchema, SchemaEffect, StoreError};

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::query::{Answer, answer};
use crate::schema::{changed, keep};
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::SchemaVerbs::change_schema`].
#[tracing::instrument(name = "store.change_schema", skip_all)]
pub(crate) async fn change_schema(
    store: &SqliteStore,
    command: ChangeSchema,
) -> Result<Answered<SchemaEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| change(write, &shared, command)).await
}

fn change(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    command: ChangeSchema,
) -> Outcome<Answered<SchemaEffect>> {
    let ChangeSchema { caller, judged_version, edit, now, idempotent } = command;
    let team = require_team(write.connection, caller.team_id)?;
    once(write, KeyOwner { team_no: team.team_no, caller }, idempotent, now, |write| {
        if team.schema_version != judged_version {
            return Err(StoreError::SchemaChanged.into());
        }
        // On the only thread that writes, so that no record comes in between.
        if let Some(query) = &edit.unless
            && let Answer::Page(page) = answer(write.connection, shared, &caller, query, false)?
            && let Some(found) = page.records.first()
        {
            return Ok(SchemaEffect::Blocked(edit.edited, found.record.id));
        }
        for change in &edit.changes {
            keep(write.connection, team.team_no, change)?;
        }
        changed(write, shared, caller.team_id, team.team_no)?;
        Ok(SchemaEffect::Changed(edit.edited))
    })
}
