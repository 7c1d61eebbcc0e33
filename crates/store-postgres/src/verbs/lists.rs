//! `lists`: a team's lists.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ListId;
use refract_store::{Caller, List, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Outcome, column};
use crate::schema::object_type;
use crate::store::PostgresStore;

const LISTS: &str = include_str!("../sql/lists.sql");

/// See [`refract_store::ListVerbs::lists`].
#[tracing::instrument(name = "store.lists", level = "debug", skip_all)]
pub(crate) async fn lists(store: &PostgresStore, caller: &Caller) -> Result<Vec<List>, StoreError> {
    store
        .read(caller.team_id, |transaction, team_id| {
            Box::pin(async move {
                let rows = transaction.query(LISTS, &[(&team_id.0, Type::UUID)]).await?;
                rows.iter().map(list).collect()
            })
        })
        .await
}

fn list(row: &Row) -> Outcome<List> {
    Ok(List {
        id: ListId(column(row, "id")?),
        name: column(row, "name")?,
        object_type: object_type(row)?,
        template: column(row, "template")?,
        icon: column(row, "icon")?,
        created_at: Timestamp(column(row, "created_at")?),
    })
}
