//! `get_record`: reads a live record.

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};

use crate::records::find_one;
use crate::store::PostgresStore;
use crate::team::find_team;

/// See [`refract_store::RecordVerbs::get_record`].
#[tracing::instrument(name = "store.get_record", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_record(
    store: &PostgresStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Record>, StoreError> {
    store
        .read((caller.team_id, object_type, id), |transaction, (team_id, object_type, id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let stored = find_one(transaction, team_no, *id).await?;
                Ok(stored.filter(|stored| stored.is_live(*object_type)).map(|stored| stored.record))
            })
        })
        .await
}
