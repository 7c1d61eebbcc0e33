//! A team's schema: what the program brings along, plus what this database knows of lists, options and keyed
//! properties.

use std::sync::Arc;

use refract_domain::ids::{ListId, OptionId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{ListSchema, Schema, SelectOption, app_stage, list_template};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Failure, Outcome, column};
use crate::team::TeamRow;
use crate::transaction::Transaction;

const BUMP: &str = include_str!("sql/schema_bump.sql");
const VERSION: &str = include_str!("sql/schema_version.sql");
const KEYED: &str = include_str!("sql/schema_keyed.sql");
const LISTS: &str = include_str!("sql/schema_lists.sql");
const OPTIONS: &str = include_str!("sql/schema_options.sql");

/// The schema of this moment. The transaction must be a snapshot, or hold the schema's lock.
pub(crate) async fn current(transaction: &mut Transaction, team_id: TeamId, team_no: i64) -> Outcome<Arc<Schema>> {
    let row = transaction.query_one(VERSION, &[(&team_no, Type::INT8)]).await?;
    let version: i64 = column(&row, "version")?;
    locked(transaction, team_id, TeamRow { team_no, schema_version: version.unsigned_abs() }).await
}

/// The schema of this version, which is the present one; from memory when it is there.
pub(crate) async fn locked(transaction: &mut Transaction, team_id: TeamId, team: TeamRow) -> Outcome<Arc<Schema>> {
    match transaction.shared.schemas.get(team_id) {
        Some(schema) if schema.version == team.schema_version => Ok(schema),
        _ => Ok(Arc::new(load(transaction, team).await?)),
    }
}

/// Gives the team's schema, whose lock this transaction owns, its next version. Call it after the change.
pub(crate) async fn changed(transaction: &mut Transaction, team_id: TeamId, team_no: i64) -> Outcome<()> {
    let row = transaction.query_one(BUMP, &[(&team_no, Type::INT8)]).await?;
    let version: i64 = column(&row, "version")?;
    let schema = Arc::new(load(transaction, TeamRow { team_no, schema_version: version.unsigned_abs() }).await?);
    let shared = Arc::clone(&transaction.shared);
    transaction.after_commit(move || shared.schemas.put(team_id, &schema));
    Ok(())
}

async fn load(transaction: &mut Transaction, team: TeamRow) -> Outcome<Schema> {
    let mut schema = Schema::builtin(team.schema_version);
    let of_team = [(&team.team_no as _, Type::INT8)];
    for row in transaction.query(LISTS, &of_team).await? {
        add_list(&mut schema, &row)?;
    }
    for row in transaction.query(OPTIONS, &of_team).await? {
        add_option(&mut schema, &row)?;
    }
    for row in transaction.query(KEYED, &of_team).await? {
        let slug: String = column(&row, "slug")?;
        schema.of_mut(object_type(&row)?).set_keyed(&slug);
    }
    Ok(schema)
}

fn add_list(schema: &mut Schema, row: &Row) -> Outcome<()> {
    let id = ListId(column(row, "id")?);
    let template: String = column(row, "template")?;
    let stages = list_template(&template)
        .ok_or_else(|| Failure::corrupt(format!("list {id} is of an unknown template {template:?}")))?
        .stages;
    let list = ListSchema { id, object_type: object_type(row)?, properties: vec![app_stage(id, stages)] };
    schema.lists.insert(id, list);
    Ok(())
}

fn add_option(schema: &mut Schema, row: &Row) -> Outcome<()> {
    let list_id: Uuid = column(row, "list_id")?;
    let list_id = (!list_id.is_nil()).then_some(ListId(list_id));
    let sort_index: i64 = column(row, "sort_index")?;
    let slug: String = column(row, "property")?;
    let option = SelectOption {
        id: OptionId(column(row, "id")?),
        slug: column(row, "slug")?,
        value: column(row, "value")?,
        sort_index: sort_index.try_into().map_err(|_| Failure::corrupt(format!("sort index {sort_index}")))?,
    };
    // A property that a newer program has dropped keeps its options in the database, unseen.
    if let Some(property) = schema.property_mut(list_id, object_type(row)?, &slug) {
        property.options.push(option);
    }
    Ok(())
}

/// The type in this row.
pub(crate) fn object_type(row: &Row) -> Outcome<ObjectType> {
    let number: i16 = column(row, "object_type")?;
    let found = u8::try_from(number).ok().and_then(ObjectType::from_number);
    found.ok_or_else(|| Failure::corrupt(format!("no object type has number {number}")))
}

/// The number of a type, as SQL has it.
pub(crate) fn type_number(object_type: ObjectType) -> i16 {
    i16::from(object_type.number())
}
