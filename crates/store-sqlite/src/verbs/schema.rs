//! `schema`: what a team's rows are judged against.

use std::sync::Arc;

use refract_domain::property::Schema;
use refract_store::{Caller, Freshness, StoreError};

use crate::schema::current;
use crate::store::SqliteStore;

/// See [`refract_store::SchemaVerbs::schema`].
#[tracing::instrument(name = "store.schema", level = "debug", skip_all)]
pub(crate) async fn schema(
    store: &SqliteStore,
    caller: &Caller,
    freshness: Freshness,
) -> Result<Arc<Schema>, StoreError> {
    let team_id = caller.team_id;
    if freshness == Freshness::Cached
        && let Some(schema) = store.shared.schemas.get(team_id)
    {
        store.threads.writer.refuse_when_closing()?;
        return Ok(schema);
    }
    let shared = Arc::clone(&store.shared);
    let schema = store.threads.readers.read(move |connection| current(connection, &shared, team_id)).await?;
    store.shared.schemas.put(team_id, &schema);
    Ok(schema)
}
