//! `put_view`: keeps a view as it is to be.

use refract_domain::limits::VIEWS_MAX;
use refract_domain::view::SavedView;
use refract_store::{Answered, PutView, StoreError, ViewEffect};
use rusqlite::Connection;

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const COUNT: &str = include_str!("../sql/count_views.sql");
const CREATE: &str = include_str!("../sql/create_view.sql");
const REPLACE: &str = include_str!("../sql/replace_view.sql");
const FIND: &str = include_str!("../sql/find_view.sql");

/// See [`refract_store::ViewVerbs::put_view`].
#[tracing::instrument(name = "store.put_view", skip_all, fields(view_id = %command.view.id))]
pub(crate) async fn put_view(store: &SqliteStore, command: PutView) -> Result<Answered<ViewEffect>, StoreError> {
    store.threads.writer.write(Lane::Small, move |write| answer(write, command)).await
}

fn answer(write: &mut WriteContext<'_>, command: PutView) -> Outcome<Answered<ViewEffect>> {
    let PutView { caller, view, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| match view.version {
        1 => create(write.connection, team_no, view),
        _ => replace(write.connection, team_no, view),
    })
}

fn create(connection: &Connection, team_no: i64, view: SavedView) -> Outcome<ViewEffect> {
    let views: u32 = connection.prepare_cached(COUNT)?.query_row([team_no], |row| row.get(0))?;
    if views as usize >= VIEWS_MAX {
        return Ok(ViewEffect::TooMany);
    }
    let made = connection.prepare_cached(CREATE)?.execute((
        team_no,
        view.id.as_bytes(),
        view.object_type.number(),
        view.created_at.0,
        &view.settings,
        view.pins_bytes(),
    ))?;
    Ok(if made == 0 { ViewEffect::Exists(view.id) } else { ViewEffect::Kept(view) })
}

fn replace(connection: &Connection, team_no: i64, view: SavedView) -> Outcome<ViewEffect> {
    let replaced = connection.prepare_cached(REPLACE)?.execute((
        team_no,
        view.id.as_bytes(),
        view.version.cast_signed(),
        view.updated_at.0,
        &view.settings,
        view.pins_bytes(),
    ))?;
    if replaced > 0 {
        return Ok(ViewEffect::Kept(view));
    }
    if connection.prepare_cached(FIND)?.exists((team_no, view.id.as_bytes()))? {
        return Err(StoreError::SchemaChanged.into());
    }
    Ok(ViewEffect::NotFound)
}
