//! `views`: a team's views, or one of them.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ViewId;
use refract_domain::view::SavedView;
use refract_store::{Caller, StoreError};

use crate::error::Failure;
use crate::schema::object_type;
use crate::store::SqliteStore;

const VIEWS: &str = include_str!("../sql/views.sql");

/// See [`refract_store::ViewVerbs::views`].
#[tracing::instrument(name = "store.views", level = "debug", skip_all)]
pub(crate) async fn views(
    store: &SqliteStore,
    caller: &Caller,
    id: Option<ViewId>,
) -> Result<Vec<SavedView>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &rusqlite::Connection| {
        let mut views = Vec::new();
        let mut statement = connection.prepare_cached(VIEWS)?;
        let mut rows = statement.query((team_id.as_bytes(), id.as_ref().map(ViewId::as_bytes)))?;
        while let Some(row) = rows.next()? {
            let version: i64 = row.get(2)?;
            views.push(SavedView {
                id: ViewId::from_bytes(row.get(0)?),
                object_type: object_type(row.get(1)?)?,
                version: version.unsigned_abs(),
                created_at: Timestamp(row.get(3)?),
                updated_at: Timestamp(row.get(4)?),
                settings: row.get(5)?,
                pins: SavedView::pins_of(row.get_ref(6)?.as_blob()?).ok_or_else(cut_off)?,
            });
        }
        Ok(views)
    };
    store.threads.readers.read(work).await
}

fn cut_off() -> Failure {
    Failure::corrupt("the pins of a view are cut off")
}
