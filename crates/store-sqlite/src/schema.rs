//! A team's schema: what the program brings along, plus what this database knows of lists, options and keyed
//! properties.

use std::sync::Arc;

use refract_domain::ids::{ListId, OptionId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{ListSchema, Schema, SelectOption, app_stage, list_template};
use rusqlite::Connection;

use crate::error::{Failure, Outcome};
use crate::store::Shared;
use crate::team::{TeamRow, require_team};
use crate::writer::WriteContext;

const BUMP: &str = include_str!("sql/schema_bump.sql");
const KEYED: &str = include_str!("sql/schema_keyed.sql");
const LISTS: &str = include_str!("sql/schema_lists.sql");
const OPTIONS: &str = include_str!("sql/schema_options.sql");

/// The schema as this connection sees it; from memory when its version says that it is the same.
pub(crate) fn current(connection: &Connection, shared: &Shared, team_id: TeamId) -> Outcome<Arc<Schema>> {
    let team = require_team(connection, team_id)?;
    match shared.schemas.get(team_id) {
        Some(schema) if schema.version == team.schema_version => Ok(schema),
        _ => Ok(Arc::new(load(connection, team)?)),
    }
}

/// Gives the team's schema its next version. Call it after the change.
pub(crate) fn changed(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    team_id: TeamId,
    team_no: i64,
) -> Outcome<()> {
    write.connection.prepare_cached(BUMP)?.execute([team_no])?;
    let schema = Arc::new(load(write.connection, require_team(write.connection, team_id)?)?);
    let shared = Arc::clone(shared);
    write.after_commit(move || shared.schemas.put(team_id, &schema));
    Ok(())
}

fn load(connection: &Connection, team: TeamRow) -> Outcome<Schema> {
    let mut schema = Schema::builtin(team.schema_version);
    load_lists(connection, team.team_no, &mut schema)?;
    load_options(connection, team.team_no, &mut schema)?;
    let mut statement = connection.prepare_cached(KEYED)?;
    let mut rows = statement.query([team.team_no])?;
    while let Some(row) = rows.next()? {
        let slug: String = row.get(1)?;
        schema.of_mut(object_type(row.get(0)?)?).set_keyed(&slug);
    }
    Ok(schema)
}

fn load_lists(connection: &Connection, team_no: i64, schema: &mut Schema) -> Outcome<()> {
    let mut statement = connection.prepare_cached(LISTS)?;
    let mut rows = statement.query([team_no])?;
    while let Some(row) = rows.next()? {
        let id = ListId::from_bytes(row.get(0)?);
        let template: String = row.get(2)?;
        let stages = list_template(&template)
            .ok_or_else(|| Failure::corrupt(format!("list {id} is of an unknown template {template:?}")))?
            .stages;
        let list = ListSchema { id, object_type: object_type(row.get(1)?)?, properties: vec![app_stage(id, stages)] };
        schema.lists.insert(id, list);
    }
    Ok(())
}

fn load_options(connection: &Connection, team_no: i64, schema: &mut Schema) -> Outcome<()> {
    let mut statement = connection.prepare_cached(OPTIONS)?;
    let mut rows = statement.query([team_no])?;
    while let Some(row) = rows.next()? {
        let list_id = row.get::<_, Option<[u8; 16]>>("list_id")?.map(ListId::from_bytes);
        let object_type = object_type(row.get("object_type")?)?;
        let slug: String = row.get("property")?;
        let option = SelectOption {
            id: OptionId::from_bytes(row.get("id")?),
            slug: row.get("slug")?,
            value: row.get("value")?,
            sort_index: row.get("sort_index")?,
        };
        // A property that a newer program has dropped keeps its options in the database, unseen.
        if let Some(property) = schema.property_mut(list_id, object_type, &slug) {
            property.options.push(option);
        }
    }
    Ok(())
}

/// The type of a stored number.
pub(crate) fn object_type(number: u8) -> Outcome<ObjectType> {
    ObjectType::from_number(number).ok_or_else(|| Failure::corrupt(format!("no object type has number {number}")))
}
