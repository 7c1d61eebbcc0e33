//! `delete_records`: hides many records, each by itself.

use std::sync::Arc;

use refract_domain::grants::read_only;
use refract_store::{Answered, BatchEffect, DeleteRecords, StoreError, WrittenRecord, not_there};

use super::delete_record::{Turn, context_of_keys, turn};
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::find_by_id;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

/// See [`refract_store::RecordVerbs::delete_records`].
#[tracing::instrument(name = "store.delete_records", skip_all, fields(items = command.ids.len()))]
pub(crate) async fn delete_records(
    store: &SqliteStore,
    command: DeleteRecords,
) -> Result<Answered<BatchEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| delete(write, &shared, command)).await
}

fn delete(write: &mut WriteContext<'_>, shared: &Shared, command: DeleteRecords) -> Outcome<Answered<BatchEffect>> {
    let DeleteRecords { caller, object_type, ids, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let connection = write.connection;
        let context = context_of_keys(connection, shared, caller.team_id, object_type)?;
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            items.push(match id {
                Err(error) => Err(error),
                Ok(id) => match find_by_id(connection, team_no, id)?.filter(|stored| stored.is_live(object_type)) {
                    None => Err(not_there(object_type)),
                    Some(stored) if stored.is_read_only(caller.team_id)? => Err(Box::new(read_only(id))),
                    Some(stored) => {
                        let hidden = turn(connection, &context, &stored, Turn::Hidden, now)?;
                        Ok(WrittenRecord::existing(hidden))
                    }
                },
            });
        }
        Ok(BatchEffect { items })
    })
}
