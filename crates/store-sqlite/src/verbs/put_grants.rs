//! `put_grants`: says who may do what with one record.

use refract_domain::grants::Grants;
use refract_store::{Answered, PutGrants, StoreError};

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::find_by_id;
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const PUT: &str = include_str!("../sql/put_grants.sql");

/// See [`refract_store::GrantVerbs::put_grants`].
#[tracing::instrument(name = "store.put_grants", skip_all, fields(record_id = %command.id))]
pub(crate) async fn put_grants(
    store: &SqliteStore,
    command: PutGrants,
) -> Result<Answered<Option<Grants>>, StoreError> {
    store.threads.writer.write(Lane::Small, move |write| put(write, command)).await
}

fn put(write: &mut WriteContext<'_>, command: PutGrants) -> Outcome<Answered<Option<Grants>>> {
    let PutGrants { caller, object_type, id, grants, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let found = find_by_id(write.connection, team_no, id)?;
        let Some(stored) = found.filter(|stored| stored.is_live(object_type)) else { return Ok(None) };
        write.connection.prepare_cached(PUT)?.execute((stored.record_no, grants.text()))?;
        Ok(Some(grants))
    })
}
