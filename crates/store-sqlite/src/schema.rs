//! A team's schema: what the program brings along, plus what this database knows of lists, options and keyed
//! properties.

use std::sync::Arc;

use refract_domain::ids::{ListId, OptionId, PropertyId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{
    ListSchema, OptionLook, Property, PropertyPlace, PropertyType, Schema, SchemaChange, SelectOption, app_stage,
    list_template,
};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::error::{Failure, Outcome};
use crate::store::Shared;
use crate::team::{TeamRow, require_team};
use crate::writer::WriteContext;

const BUMP: &str = include_str!("sql/schema_bump.sql");
const KEYED: &str = include_str!("sql/schema_keyed.sql");
const LISTS: &str = include_str!("sql/schema_lists.sql");
const OPTIONS: &str = include_str!("sql/schema_options.sql");
const PROPERTIES: &str = include_str!("sql/schema_properties.sql");
const WRITE_PROPERTY: &str = include_str!("sql/write_property.sql");
const WRITE_OPTION: &str = include_str!("sql/write_option.sql");
const REMOVE: [&str; 3] = [
    include_str!("sql/remove_property_options.sql"),
    include_str!("sql/remove_property_keys.sql"),
    include_str!("sql/remove_property.sql"),
];

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
    for sql in [PROPERTIES, OPTIONS] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([team.team_no])?;
        while let Some(row) = rows.next()? {
            schema.apply(if sql == PROPERTIES { property(row)? } else { option(row)? });
        }
    }
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

fn property(row: &Row<'_>) -> Outcome<SchemaChange> {
    let type_name: String = row.get("type")?;
    let property_type = PropertyType::parse(&type_name)
        .ok_or_else(|| Failure::corrupt(format!("a property is of an unknown type {type_name:?}")))?;
    let (slug, name): (String, String) = (row.get("slug")?, row.get("name")?);
    let id = PropertyId::from_bytes(row.get("id")?);
    let property = Property {
        native: row.get("native")?,
        required: row.get("required")?,
        archived: row.get("archived")?,
        icon: row.get("icon")?,
        role_id: row.get::<_, Option<[u8; 16]>>("role_id")?.map(Uuid::from_bytes),
        ..Property::new(id, slug, name, property_type, list_id(row)?)
    };
    Ok(SchemaChange::PutProperty(object_type(row.get("object_type")?)?, property))
}

/// The option of this row.
pub(crate) fn option(row: &Row<'_>) -> Outcome<SchemaChange> {
    let place = PropertyPlace {
        object_type: object_type(row.get("object_type")?)?,
        list_id: list_id(row)?,
        slug: row.get("property")?,
    };
    let state: String = row.get("state")?;
    let option = SelectOption {
        id: OptionId::from_bytes(row.get("id")?),
        slug: row.get("slug")?,
        value: row.get("value")?,
        sort_index: row.get("sort_index")?,
        look: OptionLook {
            color_scheme: row.get("color_scheme")?,
            description: row.get("description")?,
            icon: row.get("icon")?,
            option_group: row.get("option_group")?,
        },
        archived: state == ARCHIVED,
    };
    Ok(if state == DELETED {
        SchemaChange::RemoveOption(place, option)
    } else {
        SchemaChange::PutOption(place, option)
    })
}

fn list_id(row: &Row<'_>) -> Outcome<Option<ListId>> {
    Ok(row.get::<_, Option<[u8; 16]>>("list_id")?.map(ListId::from_bytes))
}

const LIVE: &str = "live";
const ARCHIVED: &str = "archived";
const DELETED: &str = "deleted";

/// Keeps a change; call [`changed`] after the last one.
pub(crate) fn keep(connection: &Connection, team_no: i64, change: &SchemaChange) -> Outcome<()> {
    match change {
        SchemaChange::PutProperty(object_type, property) => {
            connection.prepare_cached(WRITE_PROPERTY)?.execute((
                team_no,
                property.list_id.map(|id| *id.as_bytes()),
                object_type.number(),
                &property.slug,
                property.id.as_bytes(),
                &property.name,
                property.property_type.name(),
                property.native,
                property.required,
                property.archived,
                &property.icon,
                property.role_id.map(Uuid::into_bytes),
            ))?;
        }
        SchemaChange::RemoveProperty(place) => {
            let list_id = place.list_id.map(|id| *id.as_bytes());
            for sql in REMOVE {
                let parameters = (team_no, list_id, place.object_type.number(), &place.slug);
                connection.prepare_cached(sql)?.execute(parameters)?;
            }
        }
        SchemaChange::PutOption(place, option) => {
            let state = if option.archived { ARCHIVED } else { LIVE };
            keep_option(connection, team_no, place, option, state)?;
        }
        SchemaChange::RemoveOption(place, option) => keep_option(connection, team_no, place, option, DELETED)?,
    }
    Ok(())
}

fn keep_option(
    connection: &Connection,
    team_no: i64,
    place: &PropertyPlace,
    option: &SelectOption,
    state: &str,
) -> Outcome<()> {
    connection.prepare_cached(WRITE_OPTION)?.execute((
        team_no,
        place.list_id.map(|id| *id.as_bytes()),
        place.object_type.number(),
        &place.slug,
        option.id.as_bytes(),
        &option.slug,
        &option.value,
        option.sort_index,
        &option.look.color_scheme,
        &option.look.description,
        &option.look.icon,
        &option.look.option_group,
        state,
    ))?;
    Ok(())
}

/// The type of a stored number.
pub(crate) fn object_type(number: u8) -> Outcome<ObjectType> {
    ObjectType::from_number(number).ok_or_else(|| Failure::corrupt(format!("no object type has number {number}")))
}
