//! `get_grants`: who may do what with one record.

use refract_domain::grants::Grants;
use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};

use crate::records::find_by_id;
use crate::store::SqliteStore;
use crate::team::find_team;

/// See [`refract_store::GrantVerbs::get_grants`].
#[tracing::instrument(name = "store.get_grants", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_grants(
    store: &SqliteStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Grants>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let Some(team) = find_team(connection, team_id)? else { return Ok(None) };
        let stored = find_by_id(connection, team.team_no, id)?.filter(|stored| stored.is_live(object_type));
        stored.map(|stored| stored.grants(team_id)).transpose()
    };
    store.threads.readers.read(work).await
}
