//! `delete_view`: drops a view.

use refract_domain::ids::ViewId;
use refract_store::{Caller, StoreError};

use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const DELETE: &str = include_str!("../sql/delete_view.sql");

/// See [`refract_store::ViewVerbs::delete_view`].
#[tracing::instrument(name = "store.delete_view", skip_all, fields(view_id = %id))]
pub(crate) async fn delete_view(store: &SqliteStore, caller: &Caller, id: ViewId) -> Result<bool, StoreError> {
    let team_id = caller.team_id;
    let work = move |write: &mut WriteContext<'_>| {
        let team_no = require_team(write.connection, team_id)?.team_no;
        Ok(write.connection.prepare_cached(DELETE)?.execute((team_no, id.as_bytes()))? > 0)
    };
    store.threads.writer.write(Lane::Small, work).await
}
