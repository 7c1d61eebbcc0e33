//! `find_records`: live records that hold a key.

use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};
use rusqlite::Connection;

use crate::error::Outcome;
use crate::holders::find_first;
use crate::records::find_by_number;
use crate::store::SqliteStore;
use crate::team::find_team;

/// Holders of one key that are looked at: who is first by id is among them unless ids were given that say no number.
const HOLDERS_MAX: usize = 10_000;

/// See [`refract_store::QueryVerbs::find_records`].
#[tracing::instrument(name = "store.find_records", level = "debug", skip_all, fields(keys = keys.len()))]
pub(crate) async fn find_records(
    store: &SqliteStore,
    caller: &Caller,
    object_type: ObjectType,
    keys: &[KeyHash],
    records_max: usize,
) -> Result<Vec<Record>, StoreError> {
    let caller = *caller;
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    store
        .threads
        .readers
        .read_little(move |connection| find(connection, &caller, object_type, &keys, records_max))
        .await
}

fn find(
    connection: &Connection,
    caller: &Caller,
    object_type: ObjectType,
    keys: &[KeyHash],
    records_max: usize,
) -> Outcome<Vec<Record>> {
    let Some(team) = find_team(connection, caller.team_id)? else { return Ok(Vec::new()) };
    let mut records = Vec::new();
    for record_no in find_first(connection, keys, HOLDERS_MAX.max(records_max))? {
        let stored = find_by_number(connection, record_no)?;
        let stored = stored.filter(|stored| stored.team_no == team.team_no && stored.is_live(object_type));
        records.extend(stored.map(|stored| stored.record));
    }
    records.sort_unstable_by_key(|record| record.id);
    records.truncate(records_max);
    Ok(records)
}
