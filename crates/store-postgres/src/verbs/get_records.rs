//! `get_records`: reads live records of any type.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};
use uuid::Uuid;

use crate::records::find;
use crate::store::PostgresStore;
use crate::team::find_team;

/// See [`refract_store::QueryVerbs::get_records`].
#[tracing::instrument(name = "store.get_records", level = "debug", skip_all, fields(ids = ids.len()))]
pub(crate) async fn get_records(
    store: &PostgresStore,
    caller: &Caller,
    ids: &[RecordId],
) -> Result<Vec<Record>, StoreError> {
    let ids: BTreeSet<Uuid> = ids.iter().map(|id| id.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    store
        .read((caller.team_id, ids), |transaction, (team_id, ids)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(Vec::new()) };
                let stored = find(transaction, team_no, ids).await?;
                Ok(stored.into_iter().filter(|stored| !stored.deleted).map(|stored| stored.record).collect())
            })
        })
        .await
}
