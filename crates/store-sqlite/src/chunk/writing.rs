//! Writes a plan, statement by statement, each prepared once for all rows.

use std::sync::Arc;

use refract_domain::import::plan::{ChunkPlan, NewOption};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::{Numbers, Rows};
use crate::error::{Failure, Outcome};
use crate::holders;
use crate::schema;
use crate::store::Shared;
use crate::writer::WriteContext;

const RECORD: &str = include_str!("../sql/write_record.sql");
const ALIAS: &str = include_str!("../sql/write_alias.sql");
const COUNT: &str = include_str!("../sql/write_count.sql");
const UPDATE: &str = include_str!("../sql/write_update.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const LIST_ENTRY: &str = include_str!("../sql/write_list_entry.sql");
const LIST_VALUES: &str = include_str!("../sql/write_list_values.sql");
const LIST_MEMBERS: &str = include_str!("../sql/write_list_members.sql");
const OPTION: &str = include_str!("../sql/write_option.sql");

/// Writes everything the plan says but the outcomes, which are the caller's.
pub(super) fn write(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    rows: &Rows<'_>,
    plan: &ChunkPlan,
    mut numbers: Numbers,
) -> Outcome<()> {
    let connection = write.connection;
    insert_records(connection, rows, plan, &mut numbers)?;
    update_records(connection, rows, plan, &numbers)?;
    write_keys(connection, plan, &numbers)?;
    write_list_entries(connection, rows, plan, &numbers)?;
    if !plan.new_options.is_empty() {
        for option in &plan.new_options {
            write_option(connection, rows, option)?;
        }
        schema::changed(write, shared, rows.context.team_id(), rows.team.team_no)?;
    }
    Ok(())
}

fn insert_records(connection: &Connection, rows: &Rows<'_>, plan: &ChunkPlan, numbers: &mut Numbers) -> Outcome<()> {
    let (Some(first), Some(last)) = (plan.inserts.first(), plan.inserts.last()) else { return Ok(()) };
    let mut statement = connection.prepare_cached(RECORD)?;
    // Bound once: bindings outlast an execution.
    statement.raw_bind_parameter(4, rows.team.team_no)?;
    statement.raw_bind_parameter(5, rows.object_type().number())?;
    statement.raw_bind_parameter(6, rows.now.0)?;
    for insert in &plan.inserts {
        let number = rows.ids.number(insert.row);
        statement.raw_bind_parameter(1, number)?;
        statement.raw_bind_parameter(2, insert.id.as_bytes())?;
        statement.raw_bind_parameter(3, plan.body(insert, rows.judged))?;
        statement.raw_execute()?;
        if rows.ids.space.record_id(insert.row) != insert.id {
            let parameters = (rows.team.team_no, insert.id.as_bytes(), number);
            connection.prepare_cached(ALIAS)?.execute(parameters)?;
            numbers.known.insert(insert.id, number);
        }
    }
    let count = i64::try_from(plan.inserts.len()).unwrap_or(i64::MAX);
    connection.prepare_cached(COUNT)?.execute((
        rows.team.team_no,
        rows.object_type().number(),
        count,
        rows.ids.number(first.row),
        rows.ids.number(last.row),
    ))?;
    Ok(())
}

fn update_records(connection: &Connection, rows: &Rows<'_>, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    let mut statement = connection.prepare_cached(UPDATE)?;
    statement.raw_bind_parameter(3, rows.now.0)?;
    for update in &plan.updates {
        statement.raw_bind_parameter(1, numbers.of(update.id)?)?;
        statement.raw_bind_parameter(2, &update.after)?;
        statement.raw_execute()?;
    }
    Ok(())
}

fn write_keys(connection: &Connection, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    for moved in &plan.moved_claims {
        match moved.holder {
            Some(holder) => holders::move_claim(connection, moved.key, numbers.of(holder)?)?,
            None => holders::drop_claim(connection, moved.key)?,
        }
    }
    for change in &plan.key_changes {
        let number = numbers.of(change.record)?;
        if change.held {
            holders::take(connection, change.key, number)?;
        } else {
            holders::give_up(connection, change.key, number)?;
        }
    }
    Ok(())
}

fn write_list_entries(connection: &Connection, rows: &Rows<'_>, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    let Some(list_id) = rows.context.options().list_id.filter(|_| !plan.list_entries.is_empty()) else {
        return Ok(());
    };
    let list = connection.prepare_cached(LIST)?.query_row((rows.team.team_no, list_id.as_bytes()), |row| row.get(0));
    let list_no: i64 = list.optional()?.ok_or_else(|| Failure::internal(format!("there is no list {list_id}")))?;
    let mut insert = connection.prepare_cached(LIST_ENTRY)?;
    let mut update = connection.prepare_cached(LIST_VALUES)?;
    let mut joined: i64 = 0;
    for entry in &plan.list_entries {
        let record_no = numbers.of(entry.record)?;
        let execute = |statement: &mut CachedStatement<'_>| statement.execute((list_no, record_no, &entry.values));
        if execute(&mut insert)? > 0 {
            joined += 1;
        } else {
            execute(&mut update)?;
        }
    }
    connection.prepare_cached(LIST_MEMBERS)?.execute([list_no, joined])?;
    Ok(())
}

fn write_option(connection: &Connection, rows: &Rows<'_>, new: &NewOption) -> Outcome<()> {
    let list_no: Option<i64> = match new.list_id {
        Some(list_id) => {
            let parameters = (rows.team.team_no, list_id.as_bytes());
            Some(connection.prepare_cached(LIST)?.query_row(parameters, |row| row.get(0))?)
        }
        None => None,
    };
    connection.prepare_cached(OPTION)?.execute((
        rows.team.team_no,
        list_no,
        rows.object_type().number(),
        &new.property,
        new.option.id.as_bytes(),
        &new.option.slug,
        &new.option.value,
        new.option.sort_index,
    ))?;
    Ok(())
}
