//! Removes the options that a job made and nobody uses any more.

use std::sync::Arc;

use refract_domain::import::job::JobSpec;
use refract_domain::import::plan::NewOption;
use refract_domain::import::undo::OptionUse;
use refract_domain::property::{PropertyPlace, SchemaChange};
use rusqlite::{Connection, Params};

use crate::error::Outcome;
use crate::schema;
use crate::store::Shared;
use crate::writer::WriteContext;

const OPTIONS: &str = include_str!("../sql/undo_options.sql");
const BODIES: &str = include_str!("../sql/undo_bodies.sql");
const LIST_BODIES: &str = include_str!("../sql/undo_list_bodies.sql");

/// Removes those of the job that this undo is of; a new version of the schema, if there are any.
pub(crate) fn remove_unused(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    spec: &JobSpec,
    team_no: i64,
) -> Outcome<()> {
    let connection = write.connection;
    let object_type = spec.object_type.number();
    let mut uses = OptionUse::of(made(connection, spec, team_no)?);
    if uses.is_of_team() {
        look_at(connection, BODIES, (team_no, object_type), |body| {
            uses.look_at(None, body);
            !uses.is_settled()
        })?;
    }
    for list_id in uses.lists() {
        look_at(connection, LIST_BODIES, (team_no, list_id.as_bytes()), |body| {
            uses.look_at(Some(list_id), body);
            !uses.is_settled()
        })?;
    }
    let unused = uses.unused();
    if unused.is_empty() {
        return Ok(());
    }
    for NewOption { list_id, property, option } in unused {
        let place = PropertyPlace { object_type: spec.object_type, list_id, slug: property };
        schema::keep(connection, team_no, &SchemaChange::RemoveOption(place, option))?;
    }
    schema::changed(write, shared, spec.team_id, team_no)
}

fn made(connection: &Connection, spec: &JobSpec, team_no: i64) -> Outcome<Vec<NewOption>> {
    let mut made = Vec::new();
    let mut statement = connection.prepare_cached(OPTIONS)?;
    let mut rows = statement.query((team_no, spec.kind.of().map(|of| *of.as_bytes())))?;
    while let Some(row) = rows.next()? {
        if let SchemaChange::PutOption(place, option) = schema::option(row)? {
            made.push(NewOption { list_id: place.list_id, property: place.slug, option });
        }
    }
    Ok(made)
}

/// Looks at one body after the other until it is told to stop.
fn look_at(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut goes_on: impl FnMut(&str) -> bool,
) -> Outcome<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        if !goes_on(row.get_ref(0)?.as_str().unwrap_or_default()) {
            break;
        }
    }
    Ok(())
}
