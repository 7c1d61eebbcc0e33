//! Finds what rows that are undone speak of: what became of them, the records, and what the job did to those.

use std::collections::HashMap;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::undo::{Entry, Image, Present, UndoFound, record_of};
use refract_store::OutcomePiece;
use rusqlite::{Connection, Row};

use super::Rows;
use crate::error::Outcome;
use crate::records::{StoredRecord, find_by_id};

const OUTCOMES: &str = include_str!("../sql/undo_outcomes.sql");
const IMAGES: &str = include_str!("../sql/undo_images.sql");
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
}

pub(super) fn find(connection: &Connection, rows: &Rows<'_>, outcomes: &[RowOutcome]) -> Outcome<Findings> {
    let mut findings = Findings { found: UndoFound::default(), numbers: HashMap::new() };
    for (row, outcome) in (rows.first_row..).zip(outcomes) {
        let Some((id, _)) = record_of(outcome, &rows.spec.record_ids, row) else { continue };
        if findings.numbers.contains_key(&id) {
            continue;
        }
        if let Some(stored) = find_by_id(connection, rows.team_no, id)? {
            findings.numbers.insert(id, stored.record_no);
            find_record(connection, rows, stored, &mut findings.found)?;
        }
    }
    Ok(findings)
}

fn find_record(connection: &Connection, rows: &Rows<'_>, stored: StoredRecord, found: &mut UndoFound) -> Outcome<()> {
    let read_only = stored.is_read_only(rows.spec.team_id)?;
    let StoredRecord { record_no, deleted, record, .. } = stored;
    let mut stands_for = record.version;
    let mut statement = connection.prepare_cached(IMAGES)?;
    let mut images = statement.query([record_no])?;
    while let Some(row) = images.next()? {
        let restored_version = row.get::<_, Option<i64>>("restored_version")?.map(i64::unsigned_abs);
        if restored_version == Some(record.version) {
            stands_for = row.get::<_, i64>("version_before")?.unsigned_abs();
        }
        if row.get::<_, i64>("job_no")? == rows.undone_no {
            found.images.insert(record.id, image(row, restored_version.is_some())?);
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
    let mut statement = connection.prepare_cached(ENTRIES)?;
    let mut entries = statement.query((rows.team_no, record.object_type.number(), record_no))?;
    while let Some(row) = entries.next()? {
        if Some(ListId::from_bytes(row.get(0)?)) == rows.spec.options.list_id {
            let version: i64 = row.get(2)?;
            present.entry = Some(Entry { values: row.get(1)?, version: version.unsigned_abs() });
        } else {
            present.is_elsewhere = true;
        }
    }
    found.present.insert(record.id, present);
    Ok(())
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
