//! Writes a plan, a statement for each kind of write, whatever the number of rows.

use std::collections::HashSet;

use refract_domain::ids::RecordId;
use refract_domain::import::plan::{ChunkPlan, NewOption};
use refract_domain::property::{PropertyPlace, SchemaChange};
use tokio_postgres::types::Type;
use tracing::{Instrument, debug_span};
use uuid::Uuid;

use super::copying::CopyPieces;
use super::{Rows, images, schema_use};
use crate::counts::count_members;
use crate::error::{Failure, Outcome};
use crate::holders;
use crate::schema;
use crate::team::SchemaUse;
use crate::transaction::Transaction;

const RECORD: &str = include_str!("../sql/write_record.sql");
const UPDATE: &str = include_str!("../sql/write_update.sql");
const RESTORE: &str = include_str!("../sql/restore_record.sql");
const LIST_ENTRY: &str = include_str!("../sql/write_list_entry.sql");
const LIST_VALUES: &str = include_str!("../sql/write_list_values.sql");

/// Writes everything the plan says but the outcomes, which are the caller's. `members` are the found records that are
/// in the import's list already.
pub(super) async fn write(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    plan: &ChunkPlan,
    members: &HashSet<RecordId>,
) -> Outcome<()> {
    insert_records(transaction, rows, plan).instrument(debug_span!("chunk.copy")).await?;
    images::keep(transaction, rows, plan).await?;
    restore_records(transaction, rows, &plan.restores).await?;
    update_records(transaction, rows, plan).await?;
    holders::change(transaction, rows.team_no, &plan.moved_claims, &plan.key_changes).await?;
    write_list_entries(transaction, rows, plan, members).await?;
    write_options(transaction, rows, &plan.new_options).await
}

async fn insert_records(transaction: &mut Transaction, rows: &Rows<'_>, plan: &ChunkPlan) -> Outcome<()> {
    if plan.inserts.is_empty() {
        return Ok(());
    }
    let copied = transaction.copy_records(RECORD, CopyPieces::new(rows, plan)).await?;
    let wanted = u64::try_from(plan.inserts.len()).unwrap_or(u64::MAX);
    if copied != wanted {
        return Err(Failure::internal(format!("{copied} of {wanted} records were copied")));
    }
    transaction.counts.records(rows.team_no, rows.object_type(), i64::try_from(copied).unwrap_or(i64::MAX));
    Ok(())
}

/// Brings deleted records back, with their places in lists; their keys are among those that the plan changes.
async fn restore_records(transaction: &mut Transaction, rows: &Rows<'_>, restores: &[RecordId]) -> Outcome<()> {
    if restores.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = restores.iter().map(|id| id.0).collect();
    let named = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY), (&rows.now.0 as _, Type::INT8)];
    let restored = transaction.execute(RESTORE, &named).await?;
    if restored != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
        return Err(Failure::internal(format!("{restored} of {} records were restored", ids.len())));
    }
    transaction.counts.records(rows.team_no, rows.object_type(), i64::try_from(ids.len()).unwrap_or(i64::MAX));
    count_members(transaction, rows.team_no, &ids, 1).await
}

async fn update_records(transaction: &mut Transaction, rows: &Rows<'_>, plan: &ChunkPlan) -> Outcome<()> {
    if plan.updates.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = plan.updates.iter().map(|update| update.id.0).collect();
    let bodies: Vec<&str> = plan.updates.iter().map(|update| update.after.as_str()).collect();
    let parameters = [
        (&rows.team_no as _, Type::INT8),
        (&ids as _, Type::UUID_ARRAY),
        (&bodies as _, Type::TEXT_ARRAY),
        (&rows.now.0 as _, Type::INT8),
    ];
    let updated = transaction.execute(UPDATE, &parameters).await?;
    if updated != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
        return Err(Failure::internal(format!("{updated} of {} records were updated", ids.len())));
    }
    Ok(())
}

async fn write_list_entries(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    plan: &ChunkPlan,
    members: &HashSet<RecordId>,
) -> Outcome<()> {
    let Some(list_id) = rows.context.options().list_id.filter(|_| !plan.list_entries.is_empty()) else {
        return Ok(());
    };
    let (changing, joining): (Vec<_>, Vec<_>) =
        plan.list_entries.iter().partition(|entry| members.contains(&entry.record));
    for (sql, entries) in [(LIST_ENTRY, &joining), (LIST_VALUES, &changing)] {
        if entries.is_empty() {
            continue;
        }
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.record.0).collect();
        let values: Vec<&str> = entries.iter().map(|entry| entry.values.as_str()).collect();
        let parameters = [
            (&rows.team_no as _, Type::INT8),
            (&list_id.0 as _, Type::UUID),
            (&ids as _, Type::UUID_ARRAY),
            (&values as _, Type::TEXT_ARRAY),
        ];
        transaction.execute(sql, &parameters).await?;
    }
    transaction.counts.members(rows.team_no, list_id, i64::try_from(joining.len()).unwrap_or(i64::MAX));
    Ok(())
}

async fn write_options(transaction: &mut Transaction, rows: &Rows<'_>, options: &[NewOption]) -> Outcome<()> {
    if options.is_empty() {
        return Ok(());
    }
    if schema_use(rows.judged) != SchemaUse::Own {
        return Err(Failure::internal("options were made by rows that cannot make any"));
    }
    let changes: Vec<SchemaChange> = options
        .iter()
        .map(|NewOption { list_id, property, option }| {
            let (object_type, list_id) = (rows.object_type(), *list_id);
            let place = PropertyPlace { object_type, list_id, slug: property.clone() };
            SchemaChange::PutOption(place, option.clone())
        })
        .collect();
    schema::keep(transaction, rows.team_no, &changes).await?;
    images::sign(transaction, rows, options).await?;
    schema::changed(transaction, rows.context.team_id(), rows.team_no).await
}
