//! A team's schema: what the program brings along, plus what this database knows of lists, options and keyed
//! properties.

use std::sync::Arc;

use refract_domain::ids::{ListId, OptionId, PropertyId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{
    ListSchema, OptionLook, Property, PropertyPlace, PropertyType, Schema, SchemaChange, SelectOption, app_stage,
    list_template,
};
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
const PROPERTIES: &str = include_str!("sql/schema_properties.sql");
const WRITE_PROPERTY: &str = include_str!("sql/write_property.sql");
const WRITE_OPTION: &str = include_str!("sql/write_option.sql");
const REMOVE: [&str; 3] = [
    include_str!("sql/remove_property_options.sql"),
    include_str!("sql/remove_property_keys.sql"),
    include_str!("sql/remove_property.sql"),
];

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
    for row in transaction.query(PROPERTIES, &of_team).await? {
        schema.apply(property(&row)?);
    }
    for row in transaction.query(OPTIONS, &of_team).await? {
        schema.apply(option(&row)?);
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

fn property(row: &Row) -> Outcome<SchemaChange> {
    let type_name: String = column(row, "type")?;
    let property_type = PropertyType::parse(&type_name)
        .ok_or_else(|| Failure::corrupt(format!("a property is of an unknown type {type_name:?}")))?;
    let (slug, name): (String, String) = (column(row, "slug")?, column(row, "name")?);
    let property = Property {
        native: column(row, "native")?,
        required: column(row, "required")?,
        archived: column(row, "archived")?,
        icon: column(row, "icon")?,
        role_id: column(row, "role_id")?,
        ..Property::new(PropertyId(column(row, "id")?), slug, name, property_type, list_id(row)?)
    };
    Ok(SchemaChange::PutProperty(object_type(row)?, property))
}

/// The option of this row.
pub(crate) fn option(row: &Row) -> Outcome<SchemaChange> {
    let sort_index: i64 = column(row, "sort_index")?;
    let state: String = column(row, "state")?;
    let place =
        PropertyPlace { object_type: object_type(row)?, list_id: list_id(row)?, slug: column(row, "property")? };
    let option = SelectOption {
        id: OptionId(column(row, "id")?),
        slug: column(row, "slug")?,
        value: column(row, "value")?,
        sort_index: sort_index.try_into().map_err(|_| Failure::corrupt(format!("sort index {sort_index}")))?,
        look: OptionLook {
            color_scheme: column(row, "color_scheme")?,
            description: column(row, "description")?,
            icon: column(row, "icon")?,
            option_group: column(row, "option_group")?,
        },
        archived: state == ARCHIVED,
    };
    Ok(if state == DELETED {
        SchemaChange::RemoveOption(place, option)
    } else {
        SchemaChange::PutOption(place, option)
    })
}

fn list_id(row: &Row) -> Outcome<Option<ListId>> {
    let list_id: Uuid = column(row, "list_id")?;
    Ok((!list_id.is_nil()).then_some(ListId(list_id)))
}

const LIVE: &str = "live";
const ARCHIVED: &str = "archived";
const DELETED: &str = "deleted";

/// Keeps changes, in order; call [`changed`] after the last one. Options that follow each other go together.
pub(crate) async fn keep(transaction: &mut Transaction, team_no: i64, changes: &[SchemaChange]) -> Outcome<()> {
    let is_of_option = |change: &SchemaChange| option_of(change).map(|(place, ..)| place.object_type);
    for together in changes.chunk_by(|one, next| is_of_option(one).is_some() && is_of_option(one) == is_of_option(next))
    {
        match together {
            [SchemaChange::PutProperty(object_type, property)] => {
                keep_property(transaction, team_no, *object_type, property).await?;
            }
            [SchemaChange::RemoveProperty(place)] => {
                let (number, list_id) = (type_number(place.object_type), nil_or(place.list_id));
                for sql in REMOVE {
                    let parameters = [
                        (&team_no as _, Type::INT8),
                        (&list_id as _, Type::UUID),
                        (&number as _, Type::INT2),
                        (&place.slug as _, Type::TEXT),
                    ];
                    transaction.execute(sql, &parameters).await?;
                }
            }
            options => keep_options(transaction, team_no, options).await?,
        }
    }
    Ok(())
}

async fn keep_property(
    transaction: &mut Transaction,
    team_no: i64,
    object_type: ObjectType,
    property: &Property,
) -> Outcome<()> {
    let (number, list_id) = (type_number(object_type), nil_or(property.list_id));
    let type_name = property.property_type.name();
    let parameters = [
        (&team_no as _, Type::INT8),
        (&list_id as _, Type::UUID),
        (&number as _, Type::INT2),
        (&property.slug as _, Type::TEXT),
        (&property.id.0 as _, Type::UUID),
        (&property.name as _, Type::TEXT),
        (&type_name as _, Type::TEXT),
        (&property.native as _, Type::BOOL),
        (&property.required as _, Type::BOOL),
        (&property.archived as _, Type::BOOL),
        (&property.icon as _, Type::TEXT),
        (&property.role_id as _, Type::UUID),
    ];
    transaction.execute(WRITE_PROPERTY, &parameters).await?;
    Ok(())
}

/// An option that is put or removed, and the state in which it is kept.
fn option_of(change: &SchemaChange) -> Option<(&PropertyPlace, &SelectOption, &'static str)> {
    match change {
        SchemaChange::PutOption(place, option) => Some((place, option, if option.archived { ARCHIVED } else { LIVE })),
        SchemaChange::RemoveOption(place, option) => Some((place, option, DELETED)),
        SchemaChange::PutProperty(..) | SchemaChange::RemoveProperty(_) => None,
    }
}

/// Keeps options of properties of one type.
async fn keep_options(transaction: &mut Transaction, team_no: i64, changes: &[SchemaChange]) -> Outcome<()> {
    let options: Vec<_> = changes.iter().filter_map(option_of).collect();
    let Some((first, ..)) = options.first() else { return Ok(()) };
    let number = type_number(first.object_type);
    let list_ids: Vec<Uuid> = options.iter().map(|(place, ..)| nil_or(place.list_id)).collect();
    let properties: Vec<&str> = options.iter().map(|(place, ..)| place.slug.as_str()).collect();
    let ids: Vec<Uuid> = options.iter().map(|(_, option, _)| option.id.0).collect();
    let slugs: Vec<&str> = options.iter().map(|(_, option, _)| option.slug.as_str()).collect();
    let values: Vec<&str> = options.iter().map(|(_, option, _)| option.value.as_str()).collect();
    let sort_indexes: Vec<i64> = options.iter().map(|(_, option, _)| i64::from(option.sort_index)).collect();
    let looks = |part: fn(&OptionLook) -> &Option<String>| -> Vec<Option<&str>> {
        options.iter().map(|(_, option, _)| part(&option.look).as_deref()).collect()
    };
    let (colors, descriptions) = (looks(|look| &look.color_scheme), looks(|look| &look.description));
    let (icons, groups) = (looks(|look| &look.icon), looks(|look| &look.option_group));
    let states: Vec<&str> = options.iter().map(|(.., state)| *state).collect();
    let parameters = [
        (&team_no as _, Type::INT8),
        (&number as _, Type::INT2),
        (&list_ids as _, Type::UUID_ARRAY),
        (&properties as _, Type::TEXT_ARRAY),
        (&ids as _, Type::UUID_ARRAY),
        (&slugs as _, Type::TEXT_ARRAY),
        (&values as _, Type::TEXT_ARRAY),
        (&sort_indexes as _, Type::INT8_ARRAY),
        (&colors as _, Type::TEXT_ARRAY),
        (&descriptions as _, Type::TEXT_ARRAY),
        (&icons as _, Type::TEXT_ARRAY),
        (&groups as _, Type::TEXT_ARRAY),
        (&states as _, Type::TEXT_ARRAY),
    ];
    transaction.execute(WRITE_OPTION, &parameters).await?;
    Ok(())
}

/// A list as it stands in a key, where nothing is all zeros.
fn nil_or(list_id: Option<ListId>) -> Uuid {
    list_id.map_or(Uuid::nil(), |ListId(id)| id)
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
