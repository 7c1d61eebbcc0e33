//! Records as they are stored, found by id or by number.

use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{RecordId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::kept_grants;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;
use crate::numbers::claimed_number;
use crate::schema::object_type;

const FIND: &str = include_str!("sql/find_record.sql");
const ALIAS: &str = include_str!("sql/find_alias.sql");

/// A record with what the public view of it leaves out.
#[derive(Debug, Clone)]
pub(crate) struct StoredRecord {
    pub(crate) record_no: i64,
    pub(crate) team_no: i64,
    pub(crate) deleted: bool,
    pub(crate) record: Record,
    /// See [`Grants::text`].
    pub(crate) grants: Option<String>,
}

impl StoredRecord {
    /// Whether the record can be seen as one of this type.
    pub(crate) fn is_live(&self, object_type: ObjectType) -> bool {
        !self.deleted && self.record.object_type == object_type
    }

    /// The grants as they were put, or those that its team has without.
    pub(crate) fn grants(&self, team_id: TeamId) -> Outcome<Grants> {
        Ok(kept_grants(self.grants.as_deref(), team_id, self.record.id)?)
    }

    /// Whether its team may only read it.
    pub(crate) fn is_read_only(&self, team_id: TeamId) -> Outcome<bool> {
        Ok(self.grants.is_some() && self.grants(team_id)?.is_read_only_for(team_id))
    }
}

/// The team's record of this id, deleted or not, of any type.
pub(crate) fn find_by_id(connection: &Connection, team_no: i64, id: RecordId) -> Outcome<Option<StoredRecord>> {
    if let Some(record_no) = claimed_number(id)
        && let Some(found) = find_by_number(connection, record_no)?
        && found.record.id == id
        && found.team_no == team_no
    {
        return Ok(Some(found));
    }
    let mut statement = connection.prepare_cached(ALIAS)?;
    let alias: Option<i64> = statement.query_row((team_no, id.as_bytes()), |row| row.get(0)).optional()?;
    alias.map_or(Ok(None), |record_no| find_by_number(connection, record_no))
}

/// The record of this number.
pub(crate) fn find_by_number(connection: &Connection, record_no: i64) -> Outcome<Option<StoredRecord>> {
    let mut statement = connection.prepare_cached(FIND)?;
    let mut rows = statement.query([record_no])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let version: i64 = row.get(3)?;
    let record = Record {
        id: RecordId::from_bytes(row.get(1)?),
        object_type: object_type(row.get(2)?)?,
        version: version.unsigned_abs(),
        created_at: Timestamp(row.get(4)?),
        updated_at: Timestamp(row.get(5)?),
        body: row.get(7)?,
    };
    let deleted = row.get::<_, Option<i64>>(6)?.is_some();
    Ok(Some(StoredRecord { record_no, team_no: row.get(0)?, deleted, record, grants: row.get(8)? }))
}
