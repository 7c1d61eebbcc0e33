//! `create_list`: makes a list.

use refract_store::{Answered, CreateList, List, StoreError};
use tokio_postgres::types::Type;

use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::schema::{changed, type_number};
use crate::store::PostgresStore;
use crate::team::{SchemaUse, lock_schema, require_team};
use crate::transaction::Transaction;

const INSERT: &str = include_str!("../sql/create_list.sql");

/// See [`refract_store::ListVerbs::create_list`].
#[tracing::instrument(name = "store.create_list", skip_all, fields(list_id = %command.list.id))]
pub(crate) async fn create_list(store: &PostgresStore, command: CreateList) -> Result<Answered<List>, StoreError> {
    store.write(command, |transaction, command| Box::pin(create(transaction, command))).await
}

async fn create(transaction: &mut Transaction, command: &CreateList) -> Outcome<Answered<List>> {
    let CreateList { caller, list, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), list.created_at, async move |transaction: &mut Transaction| {
        lock_schema(transaction, team_no, SchemaUse::Own).await?;
        let number = type_number(list.object_type);
        let parameters = [
            (&list.id.0 as _, Type::UUID),
            (&team_no as _, Type::INT8),
            (&number as _, Type::INT2),
            (&list.name as _, Type::TEXT),
            (&list.template as _, Type::TEXT),
            (&list.icon as _, Type::TEXT),
            (&list.created_at.0 as _, Type::INT8),
        ];
        transaction.execute(INSERT, &parameters).await?;
        changed(transaction, caller.team_id, team_no).await?;
        Ok(list.clone())
    })
    .await
}
