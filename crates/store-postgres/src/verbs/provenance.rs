//! `provenance`: which import job last wrote a record.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordId, ordered_part};
use refract_domain::import::provenance::{LastImport, Provenance};
use refract_domain::object_type::ObjectType;
use refract_domain::record::Record;
use refract_store::{Caller, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Outcome, column};
use crate::job::{self, number};
use crate::records::find_one;
use crate::store::PostgresStore;
use crate::team::find_team;
use crate::transaction::Transaction;

const MADE_BY: &str = include_str!("../sql/provenance_jobs.sql");
const CHANGED_BY: &str = include_str!("../sql/provenance_images.sql");

/// See [`refract_store::UndoVerbs::provenance`].
#[tracing::instrument(name = "store.provenance", level = "debug", skip_all, fields(record_id = %id))]
pub(crate) async fn provenance(
    store: &PostgresStore,
    caller: &Caller,
    object_type: ObjectType,
    id: RecordId,
) -> Result<Option<Provenance>, StoreError> {
    store
        .read((*caller, object_type, id), |transaction, (caller, object_type, id)| {
            Box::pin(async move {
                let Some(team_no) = find_team(transaction, caller.team_id).await? else { return Ok(None) };
                let stored = find_one(transaction, team_no, *id).await?;
                let Some(stored) = stored.filter(|stored| stored.is_live(*object_type)) else { return Ok(None) };
                of_record(transaction, team_no, caller, &stored.record).await.map(Some)
            })
        })
        .await
}

async fn of_record(
    transaction: &mut Transaction,
    team_no: i64,
    caller: &Caller,
    record: &Record,
) -> Outcome<Provenance> {
    let mut imports: Vec<LastImport> = made_by(transaction, team_no, caller, record).await?.into_iter().collect();
    let mut stands_for = record.version;
    for row in transaction.query(CHANGED_BY, &[(&team_no, Type::INT8), (&record.id.0, Type::UUID)]).await? {
        let version_before = version(&row, "version_before")?;
        match column::<Option<i64>>(&row, "restored_version")? {
            Some(restored) if restored.unsigned_abs() == record.version => stands_for = version_before,
            Some(_) => {}
            None => {
                let version_after = version(&row, "version_after")?;
                imports.push(LastImport {
                    job_id: JobId(column(&row, "job_id")?),
                    row: number(&row, "last_row")?,
                    // Kept only because the record's id does not tell.
                    created: (version_before, version_after) == (0, 1),
                    at: Timestamp(column(&row, "written_at")?),
                    version: version_after,
                });
            }
        }
    }
    Ok(Provenance::of(record.id, record.version, stands_for, imports.into_iter()))
}

/// The job that made the record, as far as its id tells: one of those that make ids of its millisecond.
async fn made_by(
    transaction: &mut Transaction,
    team_no: i64,
    caller: &Caller,
    record: &Record,
) -> Outcome<Option<LastImport>> {
    let Some((millis, index)) = ordered_part(record.id) else { return Ok(None) };
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    let parameters = [(&team_no as _, Type::INT8), (&millis as _, Type::INT8), (&caller.team_id.0 as _, Type::UUID)];
    for job in transaction.query(MADE_BY, &parameters).await? {
        let spec = job::spec(&job, &transaction.shared.hasher)?;
        let row = index.checked_sub(spec.record_ids.first_index).filter(|row| *row < spec.total);
        if let Some(row) = row.filter(|row| spec.record_ids.record_id(*row) == record.id) {
            let (job_id, at) = (spec.id, record.created_at);
            return Ok(Some(LastImport { job_id, row, created: true, at, version: 1 }));
        }
    }
    Ok(None)
}

fn version(row: &Row, name: &str) -> Outcome<u64> {
    column::<i64>(row, name).map(i64::unsigned_abs)
}
