//! `provenance`: which import job last wrote a record.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordId};
use refract_domain::import::provenance::{LastImport, Provenance};
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};
use rusqlite::Connection;

use crate::error::{Failure, Outcome};
use crate::records::{StoredRecord, find_by_id};
use crate::store::SqliteStore;
use crate::team::find_team;

const MADE_BY: &str = include_str!("../sql/provenance_jobs.sql");
const CHANGED_BY: &str = include_str!("../sql/provenance_images.sql");

/// See [`refract_store::UndoVerbs::provenance`].
#[tracing::instrument(name = "store.provenance", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn provenance(
    store: &SqliteStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Provenance>, StoreError> {
    let team_id = caller.team_id;
    let work = move |connection: &Connection| {
        let Some(team) = find_team(connection, team_id)? else { return Ok(None) };
        let stored = find_by_id(connection, team.team_no, id)?.filter(|stored| stored.is_live(object_type));
        stored.map(|stored| of_record(connection, &stored)).transpose()
    };
    store.threads.readers.read(work).await
}

fn of_record(connection: &Connection, stored: &StoredRecord) -> Outcome<Provenance> {
    let StoredRecord { record_no, team_no, record, .. } = stored;
    let mut imports = Vec::new();
    let mut statement = connection.prepare_cached(MADE_BY)?;
    let mut rows = statement.query([team_no, record_no])?;
    if let Some(row) = rows.next()? {
        let first_number: i64 = row.get(1)?;
        let row_index = u32::try_from(record_no - first_number).map_err(|_| Failure::internal("a row beyond all"))?;
        let (job_id, at) = (JobId::from_bytes(row.get(0)?), record.created_at);
        imports.push(LastImport { job_id, row: row_index, created: true, at, version: 1 });
    }
    let mut stands_for = record.version;
    let mut statement = connection.prepare_cached(CHANGED_BY)?;
    let mut rows = statement.query([record_no])?;
    while let Some(row) = rows.next()? {
        let version = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
        match row.get::<_, Option<i64>>("restored_version")? {
            Some(restored) if restored.unsigned_abs() == record.version => stands_for = version("version_before")?,
            Some(_) => {}
            None => imports.push(LastImport {
                job_id: JobId::from_bytes(row.get("id")?),
                row: row.get("last_row")?,
                created: false,
                at: Timestamp(row.get("written_at")?),
                version: version("version_after")?,
            }),
        }
    }
    Ok(Provenance::of(record.id, record.version, stands_for, imports.into_iter()))
}
