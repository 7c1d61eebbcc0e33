//! `create_list`: makes a list.

use std::sync::Arc;

use refract_store::{Answered, CreateList, List, StoreError};

use crate::idempotency::{KeyOwner, once};
use crate::schema::changed;
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const INSERT: &str = include_str!("../sql/create_list.sql");

/// See [`refract_store::ListVerbs::create_list`].
#[tracing::instrument(name = "store.create_list", skip_all, fields(list_id = %command.list.id))]
pub(crate) async fn create_list(store: &SqliteStore, command: CreateList) -> Result<Answered<List>, StoreError> {
    let shared = Arc::clone(&store.shared);
    let work = move |write: &mut WriteContext<'_>| {
        let CreateList { caller, list, idempotent } = command;
        let team_no = require_team(write.connection, caller.team_id)?.team_no;
        once(write, KeyOwner { team_no, caller }, idempotent, list.created_at, |write| {
            write.connection.prepare_cached(INSERT)?.execute((
                list.id.as_bytes(),
                team_no,
                list.object_type.number(),
                &list.name,
                &list.template,
                &list.icon,
                list.created_at.0,
            ))?;
            changed(write, &shared, caller.team_id, team_no)?;
            Ok(list)
        })
    };
    store.threads.writer.write(Lane::Small, work).await
}
