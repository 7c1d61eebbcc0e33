//! A chunk of a dry run: planned as any other, and drafted beside the job instead of written.

use refract_domain::ids::{ListId, OptionId, RecordId};
use refract_domain::import::draft::{DraftKey, DraftRecord, DraftWrites, draft_chunk, needed_records};
use refract_domain::import::plan::{ChunkPlan, NewOption, PlanInput};
use refract_domain::key::KeyHash;
use refract_domain::property::SelectOption;
use refract_store::StoreError;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Rows, finding};
use crate::error::Outcome;

const KEYS: &str = include_str!("../sql/draft_keys.sql");
const RECORDS: &str = include_str!("../sql/draft_records.sql");
const WRITE_KEY: &str = include_str!("../sql/write_draft_key.sql");
const WRITE_RECORD: &str = include_str!("../sql/write_draft_record.sql");
const WRITE_OPTION: &str = include_str!("../sql/write_draft_option.sql");

/// The job whose draft grows, and how many options it holds.
pub(crate) struct Drafted {
    pub(crate) job_no: i64,
    pub(crate) options: u32,
}

/// Plans judged rows against what is there and what is drafted, and drafts what they would write.
pub(crate) fn draft(connection: &Connection, rows: &Rows<'_>, drafted: &Drafted) -> Outcome<ChunkPlan> {
    let is_current = rows.judged.schema_version == rows.team.schema_version;
    if !is_current || rows.context.drafted_options() != drafted.options {
        return Err(StoreError::SchemaChanged.into());
    }
    let mut found = finding::find(connection, rows)?.found;
    let keys = find_keys(connection, drafted.job_no, &rows.lookup.keys)?;
    let wanted = needed_records(rows.lookup, &found, &keys);
    let records = find_records(connection, drafted.job_no, &wanted, rows.found_bytes_max())?;
    found.cover(rows.lookup, rows.object_type(), &keys, records);
    let (plan, writes) = draft_chunk(PlanInput {
        context: rows.context,
        chunk: rows.judged,
        lookup: rows.lookup,
        found,
        record_ids: rows.ids.space,
        new_options_left: rows.new_options_left,
        purpose: rows.purpose,
    });
    write(connection, drafted, &writes)?;
    Ok(plan)
}

fn find_keys(connection: &Connection, job_no: i64, keys: &[KeyHash]) -> Outcome<Vec<DraftKey>> {
    let mut statement = connection.prepare_cached(KEYS)?;
    let mut found = Vec::new();
    for key in keys {
        let mut rows = statement.query((job_no, key.as_bytes()))?;
        while let Some(row) = rows.next()? {
            let record = RecordId::from_bytes(row.get(0)?);
            found.push(DraftKey { key: *key, record, held: row.get(1)? });
        }
    }
    Ok(found)
}

fn find_records(
    connection: &Connection,
    job_no: i64,
    ids: &[RecordId],
    mut bytes_left: usize,
) -> Outcome<Vec<DraftRecord>> {
    let mut statement = connection.prepare_cached(RECORDS)?;
    let mut found = Vec::new();
    for id in ids {
        let record = statement.query_row((job_no, id.as_bytes()), |row| {
            Ok(DraftRecord { id: *id, body: row.get(0)?, list_values: row.get(1)? })
        });
        let Some(record) = record.optional()? else { continue };
        bytes_left = bytes_left.checked_sub(record.body.len()).ok_or(StoreError::ChunkTooLarge)?;
        found.push(record);
    }
    Ok(found)
}

fn write(connection: &Connection, drafted: &Drafted, writes: &DraftWrites) -> Outcome<()> {
    let job_no = drafted.job_no;
    let mut statement = connection.prepare_cached(WRITE_KEY)?;
    for DraftKey { key, record, held } in &writes.keys {
        statement.execute((job_no, key.as_bytes(), record.as_bytes(), held))?;
    }
    let mut statement = connection.prepare_cached(WRITE_RECORD)?;
    for DraftRecord { id, body, list_values } in &writes.records {
        statement.execute((job_no, id.as_bytes(), body, list_values))?;
    }
    let mut statement = connection.prepare_cached(WRITE_OPTION)?;
    for (place, NewOption { list_id, property, option }) in (drafted.options..).zip(&writes.options) {
        let list_id = list_id.map(|id| *id.as_bytes());
        let SelectOption { id, slug, value, sort_index, .. } = option;
        statement.execute((job_no, place, list_id, property, id.as_bytes(), slug, value, sort_index))?;
    }
    Ok(())
}

/// The drafted option of a row.
pub(crate) fn option(row: &Row<'_>) -> rusqlite::Result<NewOption> {
    let slug: String = row.get(3)?;
    let value: String = row.get(4)?;
    Ok(NewOption {
        list_id: row.get::<_, Option<[u8; 16]>>(0)?.map(ListId::from_bytes),
        property: row.get(1)?,
        option: SelectOption::new(OptionId::from_bytes(row.get(2)?), slug, value, row.get(5)?),
    })
}
