//! `get_list_values`: reads a live record's values in a list.

use refract_domain::ids::{ListId, RecordId};
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::error::column;
use crate::store::PostgresStore;
use crate::team::find_team;

const VALUES: &str = include_str!("../sql/find_list_values.sql");

/// See [`refract_store::RecordVerbs::get_list_values`].
#[tracing::instrument(name = "store.get_list_values", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn get_list_values(
    store: &PostgresStore,
    caller: &Caller,
    list_id: ListId,
    id: RecordId,
) -> Result<Option<String>, StoreError> {
    store
        .read((caller.team_id, list_id, id), |transaction, (team_id, list_id, id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, *team_id).await? else { return Ok(None) };
                let named = [(&team_no as _, Type::INT8), (&list_id.0 as _, Type::UUID), (&id.0 as _, Type::UUID)];
                let row = transaction.query_opt(VALUES, &named).await?;
                row.as_ref().map(|row| column(row, "values")).transpose()
            })
        })
        .await
}
