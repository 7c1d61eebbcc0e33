//! `restore_record`: brings one hidden record back.

use std::sync::Arc;

use refract_store::{Answered, RecordEffect, RestoreRecord, StoreError, WrittenRecord};

use super::delete_record::{Turn, context_of_keys, turn};
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::find_by_id;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::RecordVerbs::restore_record`].
#[tracing::instrument(name = "store.restore_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn restore_record(
    store: &SqliteStore,
    command: RestoreRecord,
) -> Result<Answered<RecordEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| restore(write, &shared, command)).await
}

fn restore(write: &mut WriteContext<'_>, shared: &Shared, command: RestoreRecord) -> Outcome<Answered<RecordEffect>> {
    let RestoreRecord { caller, object_type, id, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let connection = write.connection;
        let found = find_by_id(connection, team_no, id)?;
        let Some(stored) = found.filter(|stored| stored.record.object_type == object_type) else {
            return Ok(RecordEffect::NotFound);
        };
        if !stored.deleted {
            return Ok(RecordEffect::Written(WrittenRecord::existing(stored.record)));
        }
        let context = context_of_keys(connection, shared, caller.team_id, object_type)?;
        let restored = turn(connection, &context, &stored, Turn::Live, now)?;
        Ok(RecordEffect::Written(WrittenRecord::existing(restored)))
    })
}
