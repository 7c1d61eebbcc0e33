//! `get_list_values`: reads a live record's values in a list.

use refract_domain::ids::{ListId, RecordId};
use refract_store::{Caller, StoreError};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;
use crate::records::find_by_id;
use crate::store::SqliteStore;
use crate::team::find_team;

const LIST: &str = include_str!("../sql/find_list.sql");
const VALUES: &str = include_str!("../sql/find_list_values.sql");

/// See [`refract_store::RecordVerbs::get_list_values`].
#[tracing::instrument(name = "store.get_list_values", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_list_values(
    store: &SqliteStore,
    caller: &Caller,
    list_id: ListId,
    id: RecordId,
) -> Result<Option<String>, StoreError> {
    let caller = *caller;
    store.threads.readers.read_little(move |connection| read(connection, &caller, list_id, id)).await
}

fn read(connection: &Connection, caller: &Caller, list_id: ListId, id: RecordId) -> Outcome<Option<String>> {
    let Some(team) = find_team(connection, caller.team_id)? else { return Ok(None) };
    let stored = find_by_id(connection, team.team_no, id)?.filter(|stored| !stored.deleted);
    stored.map_or(Ok(None), |stored| values_in_list(connection, team.team_no, list_id, stored.record_no))
}

/// The values in a list of the record of this number; `None` when it is no member.
pub(super) fn values_in_list(
    connection: &Connection,
    team_no: i64,
    list_id: ListId,
    record_no: i64,
) -> Outcome<Option<String>> {
    let list = connection.prepare_cached(LIST)?.query_row((team_no, list_id.as_bytes()), |row| row.get(0));
    let Some(list_no): Option<i64> = list.optional()? else { return Ok(None) };
    let mut statement = connection.prepare_cached(VALUES)?;
    Ok(statement.query_row([list_no, record_no], |row| row.get(0)).optional()?)
}
