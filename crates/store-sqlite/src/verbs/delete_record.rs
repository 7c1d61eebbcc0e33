//! `delete_record`: hides one record and gives its keys up.

use std::sync::Arc;

use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_store::{DeleteRecord, RecordEffect, StoreError};

use super::patch_record::met_by;
use crate::error::{Failure, Outcome};
use crate::holders::{HolderChange, change};
use crate::records::find_by_id;
use crate::schema::current;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const DELETE: &str = include_str!("../sql/delete_record.sql");
const COUNT: &str = include_str!("../sql/delete_record_count.sql");
const MEMBERS: &str = include_str!("../sql/delete_record_members.sql");

/// See [`refract_store::RecordVerbs::delete_record`].
#[tracing::instrument(name = "store.delete_record", skip_all, fields(record_id = %command.id))]
pub(crate) async fn delete_record(store: &SqliteStore, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| delete(write, &shared, &command)).await
}

fn delete(write: &mut WriteContext<'_>, shared: &Arc<Shared>, command: &DeleteRecord) -> Outcome<RecordEffect> {
    let DeleteRecord { caller, object_type, id, precondition, now } = command;
    let connection = write.connection;
    let team_no = require_team(connection, caller.team_id)?.team_no;
    let stored = match met_by(find_by_id(connection, team_no, *id)?, *object_type, *precondition) {
        Ok(stored) => stored,
        Err(effect) => return Ok(effect),
    };
    let schema = current(connection, shared, caller.team_id)?;
    let context = JudgeContext::new(caller.team_id, schema, *object_type, ImportOptions::default(), &shared.hasher)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let given_up = |(_, key)| HolderChange { key, record_no: stored.record_no, holds: false };
    let mut changes: Vec<_> = context.keys_of_body(&stored.record.body).into_iter().map(given_up).collect();
    changes.sort_unstable_by_key(|change| change.key);
    change(connection, &changes)?;
    connection.prepare_cached(DELETE)?.execute((stored.record_no, now.0))?;
    connection.prepare_cached(COUNT)?.execute((team_no, object_type.number()))?;
    connection.prepare_cached(MEMBERS)?.execute((team_no, object_type.number(), stored.record_no))?;
    let hidden = find_by_id(connection, team_no, *id)?;
    let hidden = hidden.ok_or_else(|| Failure::internal(format!("record {id} was hidden but is not there")))?;
    Ok(RecordEffect::Written(hidden.record))
}
