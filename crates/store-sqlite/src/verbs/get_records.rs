//! `get_records`: reads live records of any type.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};

use crate::records::find_by_id;
use crate::store::SqliteStore;
use crate::team::find_team;

/// See [`refract_store::QueryVerbs::get_records`].
#[tracing::instrument(name = "store.get_records", level = "debug", skip_all, fields(ids = ids.len()))]
pub(crate) async fn get_records(
    store: &SqliteStore,
    caller: &Caller,
    ids: &[RecordId],
) -> Result<Vec<Record>, StoreError> {
    let team_id = caller.team_id;
    let ids: BTreeSet<RecordId> = ids.iter().copied().collect();
    let work = move |connection: &rusqlite::Connection| {
        let Some(team) = find_team(connection, team_id)? else { return Ok(Vec::new()) };
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            let stored = find_by_id(connection, team.team_no, id)?;
            records.extend(stored.filter(|stored| !stored.deleted).map(|stored| stored.record));
        }
        Ok(records)
    };
    store.threads.readers.read(work).await
}
