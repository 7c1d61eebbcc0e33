//! Writes the plan of an undo.

use std::collections::HashMap;

use refract_domain::ids::RecordId;
use refract_domain::import::undo::{EntryRestore, UndoPlan, is_own_id};
use rusqlite::{Connection, OptionalExtension};

use super::Rows;
use crate::error::{Failure, Outcome};
use crate::holders::{self, HolderChange};

const REMOVE: &str = include_str!("../sql/undo_remove_record.sql");
const REMOVE_ALIAS: &str = include_str!("../sql/undo_remove_alias.sql");
const REMOVE_IMAGES: &str = include_str!("../sql/undo_remove_images.sql");
const RESTORED: &str = include_str!("../sql/undo_restored.sql");
const LEAVE_LIST: &str = include_str!("../sql/undo_leave_list.sql");
const HIDE: &str = include_str!("../sql/delete_record.sql");
const RECORD_MEMBERS: &str = include_str!("../sql/write_record_members.sql");
const LIST_VALUES: &str = include_str!("../sql/undo_list_values.sql");
const UPDATE: &str = include_str!("../sql/write_update.sql");
const LIVE: &str = include_str!("../sql/write_record_live.sql");
const MEMBERS: &str = include_str!("../sql/write_list_members.sql");
const LIST: &str = include_str!("../sql/find_list.sql");

/// Writes everything the plan says but the outcomes, which are the caller's.
pub(super) fn write(
    connection: &Connection,
    rows: &Rows<'_>,
    plan: &UndoPlan,
    numbers: &HashMap<RecordId, i64>,
) -> Outcome<()> {
    let unknown = |id: RecordId| Failure::internal(format!("the undo names record {id}, which nobody has looked up"));
    let number = |id: RecordId| numbers.get(&id).copied().ok_or_else(|| unknown(id));
    let list_no: Option<i64> = match rows.spec.options.list_id {
        Some(list_id) => {
            let mut statement = connection.prepare_cached(LIST)?;
            statement.query_row((rows.team_no, list_id.as_bytes()), |row| row.get(0)).optional()?
        }
        None => None,
    };
    change_keys(connection, plan, number)?;
    let object_type = rows.spec.object_type.number();
    let mut left: usize = 0;
    for id in &plan.removals {
        let record_no = number(*id)?;
        connection.prepare_cached(REMOVE)?.execute([record_no])?;
        if !is_own_id(rows.spec, *id) {
            connection.prepare_cached(REMOVE_ALIAS)?.execute((rows.team_no, id.as_bytes()))?;
        }
        connection.prepare_cached(REMOVE_IMAGES)?.execute([record_no])?;
        if list_no.is_some() {
            left += connection.prepare_cached(LEAVE_LIST)?.execute((list_no, record_no))?;
        }
    }
    for restore in &plan.restores {
        let record_no = number(restore.id)?;
        if let Some(body) = &restore.body {
            connection.prepare_cached(UPDATE)?.execute((record_no, body, rows.now.0))?;
        }
        match &restore.entry {
            EntryRestore::Stays => {}
            EntryRestore::Leaves => left += connection.prepare_cached(LEAVE_LIST)?.execute((list_no, record_no))?,
            EntryRestore::Becomes(entry) => {
                let version = i64::try_from(entry.version).unwrap_or(i64::MAX);
                connection.prepare_cached(LIST_VALUES)?.execute((list_no, record_no, &entry.values, version))?;
            }
        }
        if restore.hides {
            // Places that are left by now are counted there.
            connection.prepare_cached(HIDE)?.execute((record_no, rows.now.0))?;
            connection.prepare_cached(RECORD_MEMBERS)?.execute((rows.team_no, object_type, record_no, -1))?;
        }
        let version = i64::try_from(restore.version).unwrap_or(i64::MAX);
        connection.prepare_cached(RESTORED)?.execute((rows.undone_no, record_no, version))?;
    }
    let fewer = |count: usize| -i64::try_from(count).unwrap_or(i64::MAX);
    let hidden = plan.restores.iter().filter(|restore| restore.hides).count();
    connection.prepare_cached(LIVE)?.execute((rows.team_no, object_type, fewer(plan.removals.len() + hidden)))?;
    connection.prepare_cached(MEMBERS)?.execute((list_no, fewer(left)))?;
    Ok(())
}

fn change_keys(connection: &Connection, plan: &UndoPlan, number: impl Fn(RecordId) -> Outcome<i64>) -> Outcome<()> {
    let mut changes = Vec::with_capacity(plan.key_changes.len());
    for change in &plan.key_changes {
        changes.push(HolderChange { key: change.key, record_no: number(change.record)?, holds: change.held });
    }
    if changes.is_empty() { Ok(()) } else { holders::change(connection, &changes) }
}
