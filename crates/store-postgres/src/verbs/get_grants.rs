//! `get_grants`: who may do what with one record.

use refract_domain::grants::Grants;
use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};

use crate::records::find_one;
use crate::store::PostgresStore;
use crate::team::find_team;

/// See [`refract_store::GrantVerbs::get_grants`].
#[tracing::instrument(name = "store.get_grants", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_grants(
    store: &PostgresStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Grants>, StoreError> {
    store
        .read((caller.team_id, object_type, id), |transaction, (team_id, object_type, id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let stored = find_one(transaction, team_no, *id).await?.filter(|stored| stored.is_live(*object_type));
                stored.map(|stored| stored.grants(*team_id)).transpose()
            })
        })
        .await
}
