//! Writes a plan, statement by statement, each prepared once for all rows.

use std::collections::HashMap;
use std::sync::Arc;

use refract_domain::import::plan::{ChunkPlan, KeyChange, NewOption};
use refract_domain::property::{PropertyPlace, SchemaChange};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::{Numbers, Rows, images};
use crate::error::{Failure, Outcome};
use crate::holders::{self, HolderChange};
use crate::keys::{Entry, KeyTable};
use crate::schema;
use crate::store::Shared;
use crate::writer::WriteContext;

const RECORD: &str = include_str!("../sql/write_record.sql");
const ALIAS: &str = include_str!("../sql/write_alias.sql");
const COUNT: &str = include_str!("../sql/write_count.sql");
const UPDATE: &str = include_str!("../sql/write_update.sql");
const RESTORE: &str = include_str!("../sql/restore_record.sql");
const LIVE: &str = include_str!("../sql/write_record_live.sql");
const MEMBERS: &str = include_str!("../sql/write_record_members.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const LIST_ENTRY: &str = include_str!("../sql/write_list_entry.sql");
const LIST_VALUES: &str = include_str!("../sql/write_list_values.sql");
const LIST_MEMBERS: &str = include_str!("../sql/write_list_members.sql");

/// Writes everything the plan says but the outcomes, which are the caller's.
pub(super) fn write(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    rows: &Rows<'_>,
    plan: &ChunkPlan,
    mut numbers: Numbers,
    held_places: &[usize],
) -> Outcome<()> {
    let connection = write.connection;
    insert_records(connection, rows, plan, &mut numbers)?;
    images::keep(connection, rows, plan, &numbers)?;
    restore_records(connection, rows, plan, &numbers)?;
    update_records(connection, rows, plan, &numbers)?;
    claim_keys(connection, rows, plan, &numbers, held_places)?;
    change_keys(connection, plan, &numbers)?;
    write_list_entries(connection, rows, plan, &numbers)?;
    if !plan.new_options.is_empty() {
        for made in &plan.new_options {
            let NewOption { list_id, property, option } = made;
            let (object_type, list_id) = (rows.object_type(), *list_id);
            let place = PropertyPlace { object_type, list_id, slug: property.clone() };
            schema::keep(connection, rows.team.team_no, &SchemaChange::PutOption(place, option.clone()))?;
            images::sign(connection, rows, made)?;
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

/// Brings deleted records back, with their places in lists; their keys are among those that the plan changes.
fn restore_records(connection: &Connection, rows: &Rows<'_>, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    if plan.restores.is_empty() {
        return Ok(());
    }
    let (team_no, object_type) = (rows.team.team_no, rows.object_type().number());
    for id in &plan.restores {
        let record_no = numbers.of(*id)?;
        connection.prepare_cached(RESTORE)?.execute((record_no, rows.now.0))?;
        connection.prepare_cached(MEMBERS)?.execute((team_no, object_type, record_no, 1))?;
    }
    let count = i64::try_from(plan.restores.len()).unwrap_or(i64::MAX);
    connection.prepare_cached(LIVE)?.execute((team_no, object_type, count))?;
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

/// Takes the keys that nobody held, each for the record of its first row unless the plan says otherwise.
fn claim_keys(
    connection: &Connection,
    rows: &Rows<'_>,
    plan: &ChunkPlan,
    numbers: &Numbers,
    held_places: &[usize],
) -> Outcome<()> {
    let mut moved = HashMap::new();
    for claim in &plan.moved_claims {
        moved.insert(claim.key, claim.holder.map(|holder| numbers.of(holder)).transpose()?);
    }
    let mut held_places = held_places.iter().copied().peekable();
    let mut claims = Vec::with_capacity(rows.lookup.keys.len());
    for (place, (key, row)) in rows.lookup.keys.iter().zip(&rows.lookup.first_rows).enumerate() {
        if held_places.next_if_eq(&place).is_some() {
            continue;
        }
        let holder = if moved.is_empty() { None } else { moved.get(key).copied() };
        if let Some(record_no) = holder.unwrap_or_else(|| Some(rows.ids.number(*row))) {
            claims.push(Entry { key: *key, record_no });
        }
    }
    KeyTable::of(connection).add(&claims)
}

fn change_keys(connection: &Connection, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    let change = |change: &KeyChange| {
        numbers.of(change.record).map(|record_no| HolderChange { key: change.key, record_no, holds: change.held })
    };
    let changes: Vec<HolderChange> = plan.key_changes.iter().map(change).collect::<Outcome<_>>()?;
    if changes.is_empty() { Ok(()) } else { holders::change(connection, &changes) }
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
