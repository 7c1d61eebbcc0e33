//! `lists`: a team's lists.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ListId;
use refract_store::{Caller, List, StoreError};

use crate::schema::object_type;
use crate::store::SqliteStore;

const LISTS: &str = include_str!("../sql/lists.sql");

/// See [`refract_store::ListVerbs::lists`].
#[tracing::instrument(name = "store.lists", level = "debug", skip_all)]
pub(crate) async fn lists(store: &SqliteStore, caller: &Caller) -> Result<Vec<List>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let mut lists = Vec::new();
        let mut statement = connection.prepare_cached(LISTS)?;
        let mut rows = statement.query([team_id.as_bytes()])?;
        while let Some(row) = rows.next()? {
            lists.push(List {
                id: ListId::from_bytes(row.get(0)?),
                name: row.get(1)?,
                object_type: object_type(row.get(2)?)?,
                template: row.get(3)?,
                icon: row.get(4)?,
                created_at: Timestamp(row.get(5)?),
            });
        }
        Ok(lists)
    };
    store.threads.readers.read(work).await
}
