//! `put_grants`: says who may do what with one record.

use refract_domain::grants::Grants;
use refract_store::{Answered, PutGrants, StoreError};
use tokio_postgres::types::Type;

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::records::lock_one;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const PUT: &str = include_str!("../sql/put_grants.sql");

/// See [`refract_store::GrantVerbs::put_grants`].
#[tracing::instrument(name = "store.put_grants", skip_all, fields(record_id = %command.id))]
pub(crate) async fn put_grants(
    store: &PostgresStore,
    command: PutGrants,
) -> Result<Answered<Option<Grants>>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &PutGrants) -> Outcome<Answered<Option<Grants>>> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: command.caller };
    once(transaction, owner, command.idempotent.as_ref(), command.now, async move |transaction: &mut Transaction| {
        put(transaction, team_no, command).await
    })
    .await
}

async fn put(transaction: &mut Transaction, team_no: i64, command: &PutGrants) -> Outcome<Option<Grants>> {
    let PutGrants { object_type, id, grants, .. } = command;
    let found = lock_one(transaction, team_no, *id).await?;
    if !found.is_some_and(|stored| stored.is_live(*object_type)) {
        return Ok(None);
    }
    let text = grants.text();
    transaction.execute(PUT, &[(&team_no, Type::INT8), (&id.0, Type::UUID), (&text, Type::TEXT)]).await?;
    Ok(Some(grants.clone()))
}
