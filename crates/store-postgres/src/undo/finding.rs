//! Finds what rows that are undone speak of: what became of them, the records, and what the job did to those.

use std::collections::{BTreeSet, HashMap};

use refract_domain::ids::{JobId, ListId, RecordId};
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::undo::{Entry, Image, Present, UndoFound, is_own_id, record_of};
use refract_store::{OutcomePiece, UndoChunk};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Rows;
use crate::error::{Outcome, column};
use crate::job::{int4, number};
use crate::records;
use crate::transaction::Transaction;

const OUTCOMES: &str = include_str!("../sql/undo_outcomes.sql");
const CHANGED: &str = include_str!("../sql/undo_changed.sql");
const BYTES: &str = include_str!("../sql/undo_bytes.sql");
const IMAGES: &str = include_str!("../sql/undo_images.sql");
const ENTRIES: &str = include_str!("../sql/undo_entries.sql");

/// What became of these rows of a job.
pub(crate) async fn outcomes(
    transaction: &mut Transaction,
    team_no: i64,
    JobId(job_id): JobId,
    from_row: u32,
    end_row: u32,
) -> Outcome<Vec<RowOutcome>> {
    if from_row >= end_row {
        return Ok(Vec::new());
    }
    let first = int4(from_row.saturating_sub(OutcomePiece::ROWS_MAX - 1))?;
    let last = int4(end_row - 1)?;
    let parameters =
        [(&team_no as _, Type::INT8), (&job_id as _, Type::UUID), (&first as _, Type::INT4), (&last as _, Type::INT4)];
    let mut pieces = Vec::new();
    for row in transaction.query(OUTCOMES, &parameters).await? {
        pieces.push(OutcomePiece {
            first_row: number(&row, "first_row")?,
            rows: number(&row, "rows")?,
            encoded: column(&row, "encoded")?,
            forecast: Vec::new(),
        });
    }
    Ok(OutcomePiece::rows_of(&pieces, from_row, end_row)?)
}

/// Locks the records that the job made or changed; what it did to them is read once they are locked. Says of how many rows:
/// all, unless their records are large.
pub(super) async fn find(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    outcomes: &[RowOutcome],
) -> Outcome<(UndoFound, usize)> {
    let ids = written(transaction, rows, outcomes).await?;
    let mut found = UndoFound::default();
    if ids.is_empty() {
        return Ok((found, outcomes.len()));
    }
    let (ids, row_count) = within_bytes(transaction, rows, outcomes, ids).await?;
    for stored in records::lock(transaction, rows.team_no, &ids).await? {
        let read_only = stored.is_read_only(rows.spec.team_id)?;
        let present = Present {
            made: is_own_id(rows.spec, stored.record.id),
            version: stored.record.version,
            stands_for: stored.record.version,
            deleted: stored.deleted,
            read_only,
            body: stored.record.body,
            entry: None,
            is_elsewhere: false,
        };
        found.present.insert(stored.record.id, present);
    }
    let parameters = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY), (&rows.of.0 as _, Type::UUID)];
    for row in transaction.query(IMAGES, &parameters).await? {
        add_image(rows, &row, &mut found)?;
    }
    for row in transaction.query(ENTRIES, &[(&rows.team_no, Type::INT8), (&ids, Type::UUID_ARRAY)]).await? {
        let Some(present) = found.present.get_mut(&RecordId(column(&row, "record_id")?)) else { continue };
        if Some(ListId(column(&row, "list_id")?)) == rows.spec.options.list_id {
            present.entry = Some(Entry { values: column(&row, "values")?, version: version(&row, "version")? });
        } else {
            present.is_elsewhere = true;
        }
    }
    Ok((found, row_count))
}

/// Those of the records that are named by rows that fit into a chunk, and how many rows that are.
async fn within_bytes(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    outcomes: &[RowOutcome],
    ids: Vec<Uuid>,
) -> Outcome<(Vec<Uuid>, usize)> {
    let parameters = [(&rows.team_no as _, Type::INT8), (&ids as _, Type::UUID_ARRAY), (&rows.of.0 as _, Type::UUID)];
    let mut bytes_of = HashMap::new();
    let mut sum = 0;
    for row in transaction.query(BYTES, &parameters).await? {
        let bytes = usize::try_from(column::<i64>(&row, "bytes")?).unwrap_or(usize::MAX);
        sum += bytes;
        bytes_of.insert(column::<Uuid>(&row, "id")?, bytes);
    }
    if sum < UndoChunk::BYTES_MAX {
        return Ok((ids, outcomes.len()));
    }
    let (mut taken, mut named, mut row_count) = (0, BTreeSet::new(), 0);
    for (row, outcome) in (rows.first_row..).zip(outcomes) {
        if taken >= UndoChunk::BYTES_MAX {
            break;
        }
        row_count += 1;
        if let Some((id, _)) = record_of(outcome, &rows.spec.record_ids, row)
            && named.insert(id.0)
        {
            taken += bytes_of.get(&id.0).copied().unwrap_or_default();
        }
    }
    Ok((ids.into_iter().filter(|id| named.contains(id)).collect(), row_count))
}

/// The ids of the records that the job may have written in these rows, ascending.
async fn written(transaction: &mut Transaction, rows: &Rows<'_>, outcomes: &[RowOutcome]) -> Outcome<Vec<Uuid>> {
    let (mut made, mut met) = (BTreeSet::new(), BTreeSet::new());
    for (row, outcome) in (rows.first_row..).zip(outcomes) {
        match record_of(outcome, &rows.spec.record_ids, row) {
            Some((id, is_made)) if is_made || is_own_id(rows.spec, id) => made.insert(id.0),
            Some((id, _)) => met.insert(id.0),
            None => false,
        };
    }
    let met: Vec<Uuid> = met.into_iter().collect();
    if !met.is_empty() {
        let parameters =
            [(&rows.team_no as _, Type::INT8), (&rows.of.0 as _, Type::UUID), (&met as _, Type::UUID_ARRAY)];
        for row in transaction.query(CHANGED, &parameters).await? {
            made.insert(column(&row, "record_id")?);
        }
    }
    Ok(made.into_iter().collect())
}

fn add_image(rows: &Rows<'_>, row: &Row, found: &mut UndoFound) -> Outcome<()> {
    let id = RecordId(column(row, "record_id")?);
    let restored_version = column::<Option<i64>>(row, "restored_version")?.map(i64::unsigned_abs);
    let version_before = version(row, "version_before")?;
    if let Some(present) = found.present.get_mut(&id)
        && restored_version == Some(present.version)
    {
        present.stands_for = version_before;
    }
    if column::<Uuid>(row, "job_id")? != rows.of.0 {
        return Ok(());
    }
    if let Some(present) = found.present.get_mut(&id).filter(|_| version_before == 0) {
        present.made = true;
    }
    let (entry_before, entry_after) = (version(row, "entry_before")?, version(row, "entry_after")?);
    let values: Option<String> = column(row, "entry_values")?;
    let image = Image {
        version_before,
        version_after: version(row, "version_after")?,
        deleted: column(row, "deleted")?,
        mixed: column(row, "mixed")?,
        restored: restored_version.is_some(),
        body: column(row, "body")?,
        entry: values.map(|values| Entry { values, version: entry_before }),
        entry_after: (entry_after > 0).then_some(entry_after),
    };
    found.images.insert(id, image);
    Ok(())
}

fn version(row: &Row, name: &str) -> Outcome<u64> {
    column::<i64>(row, name).map(i64::unsigned_abs)
}
