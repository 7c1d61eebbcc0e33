//! `delete_view`: drops a view.

use refract_domain::ids::ViewId;
use refract_store::{Caller, StoreError};
use tokio_postgres::types::Type;

use crate::store::PostgresStore;
use crate::team::require_team;

const DELETE: &str = include_str!("../sql/delete_view.sql");

/// See [`refract_store::ViewVerbs::delete_view`].
#[tracing::instrument(name = "store.delete_view", skip_all, fields(view_id = %id))]
pub(crate) async fn delete_view(store: &PostgresStore, caller: &Caller, id: ViewId) -> Result<bool, StoreError> {
    store
        .write((caller.team_id, id), |transaction, (team_id, id)| {
            Box::pin(async move {
                let team_no = require_team(transaction, *team_id).await?;
                Ok(transaction.execute(DELETE, &[(&team_no, Type::INT8), (&id.0, Type::UUID)]).await? > 0)
            })
        })
        .await
}
