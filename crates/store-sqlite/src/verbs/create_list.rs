//! `create_list`: makes a list.

use std::sync::Arc;

use refract_store::{Caller, NewList, StoreError};

use crate::schema::changed;
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const INSERT: &str = include_str!("../sql/create_list.sql");

/// See [`refract_store::ListVerbs::create_list`].
#[tracing::instrument(name = "store.create_list", skip_all, fields(list_id = %list.id))]
pub(crate) async fn create_list(store: &SqliteStore, caller: &Caller, list: NewList) -> Result<(), StoreError> {
    let shared = Arc::clone(&store.shared);
    let team_id = caller.team_id;
    let work = move |write: &mut WriteContext<'_>| {
        let team_no = require_team(write.connection, team_id)?.team_no;
        write.connection.prepare_cached(INSERT)?.execute((
            list.id.as_bytes(),
            team_no,
            list.object_type.number(),
            &list.name,
            &list.template,
            &list.icon,
            list.created_at.0,
        ))?;
        changed(write, &shared, team_id, team_no)
    };
    store.threads.writer.write(Lane::Small, work).await
}
