//! `delete_record`: hides one record and gives its keys up. What it holds in lists stays, unseen, should it come back.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::TeamId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{DeleteRecord, RecordEffect, StoreError, WrittenRecord, forbidden};
use rusqlite::Connection;

use super::patch_record::met_by;
use crate::error::{Failure, Outcome};
use crate::holders::{HolderChange, change};
use crate::records::{StoredRecord, find_by_id, find_by_number};
use crate::schema::current;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const DELETE: &str = include_str!("../sql/delete_record.sql");
const RESTORE: &str = include_str!("../sql/restore_record.sql");
const LIVE: &str = include_str!("../sql/write_record_live.sql");
const MEMBERS: &str = include_str!("../sql/write_record_members.sql");

/// See [`refract_store::RecordVerbs::delete_record`].
#[tracing::instrument(name = "store.delete_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn delete_record(store: &SqliteStore, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| delete(write, &shared, &command)).await
}

fn delete(write: &mut WriteContext<'_>, shared: &Shared, command: &DeleteRecord) -> Outcome<RecordEffect> {
    let DeleteRecord { caller, object_type, id, precondition, now } = command;
    let connection = write.connection;
    let team_no = require_team(connection, caller.team_id)?.team_no;
    let stored = match met_by(find_by_id(connection, team_no, *id)?, *object_type, *precondition) {
        Ok(stored) => stored,
        Err(effect) => return Ok(effect),
    };
    if stored.is_read_only(caller.team_id)? {
        return Ok(forbidden(*id));
    }
    let context = context_of_keys(connection, shared, caller.team_id, *object_type)?;
    let hidden = turn(connection, &context, &stored, Turn::Hidden, *now)?;
    Ok(RecordEffect::Written(WrittenRecord::existing(hidden)))
}

/// What says which keys a record of this type holds.
pub(super) fn context_of_keys(
    connection: &Connection,
    shared: &Shared,
    team_id: TeamId,
    object_type: ObjectType,
) -> Outcome<JudgeContext> {
    let schema = current(connection, shared, team_id)?;
    JudgeContext::new(team_id, schema, object_type, ImportOptions::default(), &shared.hasher)
        .map_err(|error| Failure::internal(error.to_string()))
}

/// The two ways in which a record changes sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It was live and is hidden.
    Hidden,
    /// It was hidden and is live.
    Live,
}

/// Hides a record or brings it back, with its keys and in all counts; gives it as it is then.
pub(super) fn turn(
    connection: &Connection,
    context: &JudgeContext,
    stored: &StoredRecord,
    turn: Turn,
    now: Timestamp,
) -> Outcome<Record> {
    let StoredRecord { record_no, team_no, record, .. } = stored;
    let (sql, more) = match turn {
        Turn::Hidden => (DELETE, -1),
        Turn::Live => (RESTORE, 1),
    };
    let holds = turn == Turn::Live;
    let keys = context.keys_of_body(&record.body).into_iter();
    let mut changes: Vec<_> = keys.map(|(_, key)| HolderChange { key, record_no: *record_no, holds }).collect();
    changes.sort_unstable_by_key(|change| change.key);
    change(connection, &changes)?;
    connection.prepare_cached(sql)?.execute((record_no, now.0))?;
    let object_type = record.object_type.number();
    connection.prepare_cached(LIVE)?.execute((team_no, object_type, more))?;
    connection.prepare_cached(MEMBERS)?.execute((team_no, object_type, record_no, more))?;
    let turned = find_by_number(connection, *record_no)?.map(|stored| stored.record);
    turned.ok_or_else(|| Failure::internal(format!("record {} is not there any more", record.id)))
}
