//! Records as they are stored, found by id.

use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{RecordId, TeamId};
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::kept_grants;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::schema::object_type;
use crate::transaction::Transaction;

const FIND: &str = include_str!("sql/find_record.sql");
const LOCK: &str = include_str!("sql/find_record_locked.sql");

/// A record with what the public view of it leaves out.
#[derive(Debug, Clone)]
pub(crate) struct StoredRecord {
    pub(crate) deleted: bool,
    pub(crate) record: Record,
    /// See [`Grants::text`]; unread where nobody writes.
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

/// The team's records of these ids, deleted or not, of any type, as they are at this moment.
pub(crate) async fn find(transaction: &mut Transaction, team_no: i64, ids: &[Uuid]) -> Outcome<Vec<StoredRecord>> {
    read(transaction, FIND, team_no, ids).await
}

/// The same, and nobody else changes them before this transaction ends. Locked in the order of their ids.
pub(crate) async fn lock(transaction: &mut Transaction, team_no: i64, ids: &[Uuid]) -> Outcome<Vec<StoredRecord>> {
    read(transaction, LOCK, team_no, ids).await
}

/// The team's record of this id.
pub(crate) async fn find_one(
    transaction: &mut Transaction,
    team_no: i64,
    id: RecordId,
) -> Outcome<Option<StoredRecord>> {
    Ok(find(transaction, team_no, &[id.0]).await?.pop())
}

/// The team's record of this id, locked.
pub(crate) async fn lock_one(
    transaction: &mut Transaction,
    team_no: i64,
    id: RecordId,
) -> Outcome<Option<StoredRecord>> {
    Ok(lock(transaction, team_no, &[id.0]).await?.pop())
}

async fn read(transaction: &mut Transaction, sql: &str, team_no: i64, ids: &[Uuid]) -> Outcome<Vec<StoredRecord>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(sql, &[(&team_no, Type::INT8), (&ids, Type::UUID_ARRAY)]).await?;
    rows.iter().map(|row| Ok(StoredRecord { grants: column(row, "grants")?, ..stored(row)? })).collect()
}

/// A record out of a row with its columns, `deleted` among them.
pub(crate) fn stored(row: &Row) -> Outcome<StoredRecord> {
    let version: i64 = column(row, "version")?;
    let record = Record {
        id: RecordId(column(row, "id")?),
        object_type: object_type(row)?,
        version: version.unsigned_abs(),
        created_at: Timestamp(column(row, "created_at")?),
        updated_at: Timestamp(column(row, "updated_at")?),
        body: column(row, "body")?,
    };
    Ok(StoredRecord { deleted: column(row, "deleted")?, record, grants: None })
}
