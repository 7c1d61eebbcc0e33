//! `update_records`: changes many records, each by itself.

use std::sync::Arc;

use refract_store::{Answered, BatchEffect, StoreError, UpdateRecords};
use uuid::Uuid;

use super::create_record::{SingleRows, write_all};
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::RecordVerbs::update_records`].
#[tracing::instrument(name = "store.update_records", skip_all, fields(items = command.judged.rows.len()))]
pub(crate) async fn update_records(
    store: &SqliteStore,
    command: UpdateRecords,
) -> Result<Answered<BatchEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| update(write, &shared, command)).await
}

fn update(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    command: UpdateRecords,
) -> Outcome<Answered<BatchEffect>> {
    let UpdateRecords { caller, context, judged, now, idempotent } = command;
    let team = require_team(write.connection, caller.team_id)?;
    once(write, KeyOwner { team_no: team.team_no, caller }, idempotent, now, |write| {
        // The rows make no record, so what its id would be made from does not matter.
        let single = SingleRows { context: &context, judged: &judged, team, source: Uuid::nil(), now };
        Ok(BatchEffect { items: write_all(write, shared, &single)? })
    })
}
