//! `schema`: what a team's rows are judged against.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::property::Schema;
use refract_store::{Caller, Freshness, StoreError};

use crate::schema::current;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::{Mode, transact};

/// How long a schema is taken to be the present one. Another node may archive or delete a property: that long this one goes on
/// showing it. What is written is judged under the present schema all the same.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// See [`refract_store::SchemaVerbs::schema`].
#[tracing::instrument(name = "store.schema", level = "debug", skip_all)]
pub(crate) async fn schema(
    store: &PostgresStore,
    caller: &Caller,
    freshness: Freshness,
) -> Result<Arc<Schema>, StoreError> {
    let team_id = caller.team_id;
    if freshness == Freshness::Cached
        && let Some(schema) = store.shared.schemas.get_seen_within(team_id, SEEN_WITHIN)
    {
        store.shared.refuse_when_closing()?;
        return Ok(schema);
    }
    // One moment for version, lists, options and keys: a schema that never was would be judged by.
    let schema = transact(&store.shared, Mode::Snapshot, team_id, |transaction, team_id| {
        Box::pin(async move {
            let team_no = require_team(transaction, *team_id).await?;
            current(transaction, *team_id, team_no).await
        })
    })
    .await?;
    store.shared.schemas.put(team_id, &schema);
    Ok(schema)
}
