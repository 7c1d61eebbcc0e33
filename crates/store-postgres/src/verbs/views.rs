//! `views`: a team's views, or one of them.

use refract_domain::clock::Timestamp;
use refract_domain::ids::ViewId;
use refract_domain::view::SavedView;
use refract_store::{Caller, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::schema::object_type;
use crate::store::PostgresStore;

const VIEWS: &str = include_str!("../sql/views.sql");

/// See [`refract_store::ViewVerbs::views`].
#[tracing::instrument(name = "store.views", level = "debug", skip_all)]
pub(crate) async fn views(
    store: &PostgresStore,
    caller: &Caller,
    id: Option<ViewId>,
) -> Result<Vec<SavedView>, StoreError> {
    store
        .read((caller.team_id, id.map(|id| id.0)), |transaction, (team_id, id)| {
            Box::pin(async move {
                let rows = transaction.query(VIEWS, &[(&team_id.0, Type::UUID), (id, Type::UUID)]).await?;
                rows.iter().map(view).collect()
            })
        })
        .await
}

fn view(row: &Row) -> Outcome<SavedView> {
    let version: i64 = column(row, "version")?;
    Ok(SavedView {
        id: ViewId(column(row, "id")?),
        object_type: object_type(row)?,
        version: version.unsigned_abs(),
        created_at: Timestamp(column(row, "created_at")?),
        updated_at: Timestamp(column(row, "updated_at")?),
        settings: column(row, "settings")?,
        pins: SavedView::pins_of(column(row, "pins")?).ok_or_else(cut_off)?,
    })
}

fn cut_off() -> Failure {
    Failure::corrupt("the pins of a view are cut off")
}
