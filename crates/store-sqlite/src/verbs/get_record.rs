//! `get_record`: reads a live record.

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};

use crate::records::find_by_id;
use crate::store::SqliteStore;
use crate::team::find_team;

/// See [`refract_store::RecordVerbs::get_record`].
#[tracing::instrument(name = "store.get_record", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_record(
    store: &SqliteStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Record>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let Some(team) = find_team(connection, team_id)? else { return Ok(None) };
        let stored = find_by_id(connection, team.team_no, id)?;
        Ok(stored.filter(|stored| stored.is_live(object_type)).map(|stored| stored.record))
    };
    store.threads.readers.read_little(work).await
}
