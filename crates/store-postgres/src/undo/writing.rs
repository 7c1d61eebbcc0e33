//! Writes the plan of an undo, a statement for each kind of write.

use refract_domain::import::undo::{Entry, EntryRestore, Restore, UndoPlan};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Rows;
use crate::counts::count_members;
use crate::error::{Failure, Outcome};
use crate::holders;
use crate::transaction::Transaction;

const REMOVE: &str = include_str!("../sql/undo_remove_record.sql");
const REMOVE_IMAGES: &str = include_str!("../sql/undo_remove_images.sql");
const LEAVE_LIST: &str = include_str!("../sql/undo_leave_list.sql");
const LIST_VALUES: &str = include_str!("../sql/undo_list_values.sql");
pub(super) const RESTORED: &str = include_str!("../sql/undo_restored.sql");
const HIDE: &str = include_str!("../sql/delete_record.sql");
const UPDATE: &str = include_str!("../sql/write_update.sql");

/// Writes everything the plan says but the outcomes, which are the caller's.
pub(super) async fn write(transaction: &mut Transaction, rows: &Rows<'_>, plan: &UndoPlan) -> Outcome<()> {
    holders::change(transaction, rows.team_no, &[], &plan.key_changes).await?;
    remove(transaction, rows, plan).await?;
    restore_bodies(transaction, rows, &plan.restores).await?;
    restore_entries(transaction, rows, plan).await?;
    hide(transaction, rows, &plan.restores).await?;
    mark_restored(transaction, rows, &plan.restores).await
}

async fn remove(transaction: &mut Transaction, rows: &Rows<'_>, plan: &UndoPlan) -> Outcome<()> {
    if plan.removals.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = plan.removals.iter().map(|id| id.0).collect();
    let named = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY)];
    let removed = transaction.execute(REMOVE, &named).await?;
    if removed != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
        return Err(Failure::internal(format!("{removed} of {} records were removed", ids.len())));
    }
    transaction.execute(REMOVE_IMAGES, &named).await?;
    let fewer = -i64::try_from(ids.len()).unwrap_or(i64::MAX);
    transaction.counts.records(rows.team_no, rows.spec.object_type, fewer);
    Ok(())
}

async fn restore_bodies(transaction: &mut Transaction, rows: &Rows<'_>, restores: &[Restore]) -> Outcome<()> {
    let changed = restores.iter().filter_map(|restore| Some((restore.id.0, restore.body.as_deref()?)));
    let (ids, bodies): (Vec<Uuid>, Vec<&str>) = changed.unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&ids as _, Type::UUID_ARRAY),
        (&bodies as _, Type::TEXT_ARRAY),
        (&rows.now.0 as _, Type::INT8),
    ];
    transaction.execute(UPDATE, &parameters).await?;
    Ok(())
}

/// Places in the job's list: removed records leave theirs, restored ones leave or have their values back.
async fn restore_entries(transaction: &mut Transaction, rows: &Rows<'_>, plan: &UndoPlan) -> Outcome<()> {
    let Some(list_id) = rows.spec.options.list_id else { return Ok(()) };
    let leaves = plan.restores.iter().filter(|restore| restore.entry == EntryRestore::Leaves).map(|restore| restore.id);
    let leaving: Vec<Uuid> = plan.removals.iter().copied().chain(leaves).map(|id| id.0).collect();
    if !leaving.is_empty() {
        let parameters =
            [(&rows.team_no as _, Type::INT8), (&list_id.0 as _, Type::UUID), (&leaving as _, Type::UUID_ARRAY)];
        let left = transaction.execute(LEAVE_LIST, &parameters).await?;
        transaction.counts.members(rows.team_no, list_id, -i64::try_from(left).unwrap_or(i64::MAX));
    }
    let (mut ids, mut values, mut versions) = (Vec::new(), Vec::new(), Vec::new());
    for restore in &plan.restores {
        if let EntryRestore::Becomes(Entry { values: before, version }) = &restore.entry {
            ids.push(restore.id.0);
            values.push(before.as_str());
            versions.push(i64::try_from(*version).unwrap_or(i64::MAX));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&list_id.0 as _, Type::UUID),
        (&ids as _, Type::UUID_ARRAY),
        (&values as _, Type::TEXT_ARRAY),
        (&versions as _, Type::INT8_ARRAY),
    ];
    transaction.execute(LIST_VALUES, &parameters).await?;
    Ok(())
}

/// Deletes those again that the job brought back. Places that are left by now are counted there.
async fn hide(transaction: &mut Transaction, rows: &Rows<'_>, restores: &[Restore]) -> Outcome<()> {
    let ids: Vec<Uuid> = restores.iter().filter(|restore| restore.hides).map(|restore| restore.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let named = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY), (&rows.now.0 as _, Type::INT8)];
    transaction.execute(HIDE, &named).await?;
    let fewer = -i64::try_from(ids.len()).unwrap_or(i64::MAX);
    transaction.counts.records(rows.team_no, rows.spec.object_type, fewer);
    count_members(transaction, rows.team_no, &ids, -1).await
}

async fn mark_restored(transaction: &mut Transaction, rows: &Rows<'_>, restores: &[Restore]) -> Outcome<()> {
    if restores.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = restores.iter().map(|restore| restore.id.0).collect();
    let versions: Vec<i64> =
        restores.iter().map(|restore| i64::try_from(restore.version).unwrap_or(i64::MAX)).collect();
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&rows.of.0 as _, Type::UUID),
        (&ids as _, Type::UUID_ARRAY),
        (&versions as _, Type::INT8_ARRAY),
    ];
    transaction.execute(RESTORED, &parameters).await?;
    Ok(())
}
