//! Finds what rows that are undone speak of: what became of them, the records, and what the job did to those.

use std::collections::HashMap;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::undo::{Entry, Image, Present, UndoFound, record_of};
use refract_store::{OutcomePiece, UndoChunk};
use rusqlite::{Connection, OptionalExtension, Row};

use super::Rows;
use crate::error::Outcome;
use crate::records::{StoredRecord, find_by_id};

const OUTCOMES: &str = include_str!("../sql/undo_outcomes.sql");
const IMAGES: &str = include_str!("../sql/undo_images.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const ENTRIES: &str = include_str!("../sql/undo_entries.sql");

/// What became of these rows of a job.
pub(crate) fn outcomes(connection: &Connection, job_no: i64, from_row: u32, end_row: u32) -> Outcome<Vec<RowOutcome>> {
    if from_row >= end_row {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(OUTCOMES)?;
    let first = from_row.saturating_sub(OutcomePiece::ROWS_MAX - 1);
    let pieces = statement.query_map((job_no, first, end_row - 1), |row| {
        let forecast = Vec::new();
        Ok(OutcomePiece { first_row: row.get(0)?, rows: row.get(1)?, encoded: row.get(2)?, forecast })
    })?;
    let pieces: Vec<OutcomePiece> = pieces.collect::<rusqlite::Result<_>>()?;
    Ok(OutcomePiece::rows_of(&pieces, from_row, end_row)?)
}

/// What the plan needs, and what writing it needs besides.
pub(super) struct Findings {
    pub(super) found: UndoFound,
    /// The numbers of the records that are there.
    pub(super) numbers: HashMap<RecordId, i64>,
    /// How many rows were looked at: all, unless their records are large.
    pub(super) rows: usize,
}

pub(super) fn find(connection: &Connection, rows: &Rows<'_>, outcomes: &[RowOutcome]) -> Outcome<Findings> {
    let mut findings = Findings { found: UndoFound::default(), numbers: HashMap::new(), rows: 0 };
    let lists = lists(connection, rows)?;
    let mut bytes = 0;
    for (row, outcome) in (rows.first_row..).zip(outcomes) {
        if bytes >= UndoChunk::BYTES_MAX {
            break;
        }
        findings.rows += 1;
        let Some((id, _)) = record_of(outcome, &rows.spec.record_ids, row) else { continue };
        if findings.numbers.contains_key(&id) {
            continue;
        }
        if let Some(stored) = find_by_id(connection, rows.team_no, id)? {
            findings.numbers.insert(id, stored.record_no);
            bytes += find_record(connection, rows, &lists, stored, &mut findings.found)?;
        }
    }
    Ok(findings)
}

/// The lists in which the records may have places, with their numbers.
fn lists(connection: &Connection, rows: &Rows<'_>) -> Outcome<Vec<(ListId, i64)>> {
    let mut statement = connection.prepare_cached(LIST)?;
    let mut lists = Vec::new();
    for list in rows.context.schema().lists.values().filter(|list| list.object_type == rows.spec.object_type) {
        let list_no: Option<i64> =
            statement.query_row((rows.team_no, list.id.as_bytes()), |row| row.get(0)).optional()?;
        lists.extend(list_no.map(|list_no| (list.id, list_no)));
    }
    Ok(lists)
}

/// Gives the bytes of the record as it is and as it was.
fn find_record(
    connection: &Connection,
    rows: &Rows<'_>,
    lists: &[(ListId, i64)],
    stored: StoredRecord,
    found: &mut UndoFound,
) -> Outcome<usize> {
    let read_only = stored.is_read_only(rows.spec.team_id)?;
    let StoredRecord { record_no, deleted, record, .. } = stored;
    let mut bytes = record.body.len();
    let mut stands_for = record.version;
    let mut statement = connection.prepare_cached(IMAGES)?;
    let mut images = statement.query([record_no])?;
    while let Some(row) = images.next()? {
        let restored_version = row.get::<_, Option<i64>>("restored_version")?.map(i64::unsigned_abs);
        if restored_version == Some(record.version) {
            stands_for = row.get::<_, i64>("version_before")?.unsigned_abs();
        }
        if row.get::<_, i64>("job_no")? == rows.undone_no {
            let image = image(row, restored_version.is_some())?;
            bytes += image.body.as_ref().map_or(0, String::len);
            found.images.insert(record.id, image);
        }
    }
    let own_numbers = rows.first_number..rows.first_number + i64::from(rows.spec.total);
    let mut present = Present {
        made: own_numbers.contains(&record_no),
        version: record.version,
        stands_for,
        deleted,
        read_only,
        body: record.body,
        entry: None,
        is_elsewhere: false,
    };
    for (list_id, list_no) in lists {
        let mut statement = connection.prepare_cached(ENTRIES)?;
        let mut entries = statement.query((list_no, record_no))?;
        let Some(row) = entries.next()? else { continue };
        if Some(*list_id) == rows.spec.options.list_id {
            let version: i64 = row.get(1)?;
            present.entry = Some(Entry { values: row.get(0)?, version: version.unsigned_abs() });
        } else {
            present.is_elsewhere = true;
        }
    }
    found.present.insert(record.id, present);
    Ok(bytes)
}

fn image(row: &Row<'_>, restored: bool) -> Outcome<Image> {
    let version = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    let (entry_before, entry_after) = (version("entry_before")?, version("entry_after")?);
    let values: Option<String> = row.get("entry_values")?;
    Ok(Image {
        version_before: version("version_before")?,
        version_after: version("version_after")?,
        deleted: row.get("deleted")?,
        mixed: row.get("mixed")?,
        restored,
        body: row.get("body")?,
        entry: values.map(|values| Entry { values, version: entry_before }),
        entry_after: (entry_after > 0).then_some(entry_after),
    })
}
