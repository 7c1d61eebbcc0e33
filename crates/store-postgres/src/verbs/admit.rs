//! `admit`: makes an upload's rows durable and, in one commit, visible as a queued job.

use refract_domain::ids::RECORD_INDEX_MAX;
use refract_domain::import::job::JobSpec;
use refract_store::{AdmitJob, Answered, StoreError, Upload};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::abandon::drop_rows;
use crate::error::{Failure, Outcome, column};
use crate::idempotency::{KeyOwner, once};
use crate::job::{id_space, int4};
use crate::schema::type_number;
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const UPLOAD: &str = include_str!("../sql/admit_upload.sql");
const INSERT: &str = include_str!("../sql/admit_job.sql");
/// Tells all nodes that there is a job.
pub(super) const NOTIFY: &str = include_str!("../sql/hints_notify.sql");

/// See [`refract_store::ImportVerbs::admit`].
#[tracing::instrument(name = "store.admit", skip_all, fields(job_id = %command.job_id))]
pub(crate) async fn admit(store: &PostgresStore, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError> {
    store.shared.refuse_when_closing()?;
    let upload = command.upload.id;
    let open = store.shared.uploads.get(upload).map_err(|failure| failure.error)?;
    let work = (command, open.rows);
    let written =
        store.write(work, |transaction, (command, total)| Box::pin(write_job(transaction, command, *total))).await;
    store.shared.uploads.settle(upload);
    match &written {
        Ok(Answered::Fresh(_)) => {}
        // The job may be there after all: leave the rows to a purge, which can ask.
        Err(StoreError::OutcomeUnknown(_) | StoreError::Closing) => {}
        Ok(_) | Err(_) => {
            if let Err(error) = drop_rows(store, Upload { id: upload }, open).await {
                tracing::warn!(%upload, %error, "staged rows are left to the purge");
            }
        }
    }
    written
}

async fn write_job(transaction: &mut Transaction, command: &AdmitJob, total: u32) -> Outcome<Answered<JobSpec>> {
    let AdmitJob { caller, job_id, kind, object_type, options, upload, now, idempotent } = command;
    let team_no = require_team(transaction, caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: *caller };
    once(transaction, owner, idempotent.as_ref(), *now, async move |transaction: &mut Transaction| {
        if total > RECORD_INDEX_MAX {
            return Err(Failure::internal(format!("{total} rows are more than one source of record ids can number")));
        }
        let spec = JobSpec {
            id: *job_id,
            kind: *kind,
            team_id: caller.team_id,
            key_id: caller.key_id,
            object_type: *object_type,
            options: options.clone(),
            total,
            record_ids: id_space(*now, transaction.shared.hasher.record_id_source(*job_id)),
            created_at: *now,
        };
        let staged = (total > 0).then_some(upload.id);
        if let Some(upload) = staged {
            take_upload(transaction, team_no, upload, total).await?;
        }
        insert(transaction, team_no, staged, &spec).await?;
        transaction.query(NOTIFY, &[]).await?;
        Ok(spec)
    })
    .await
}

/// The rows are the job's from now on: no purge looks at them any more.
async fn take_upload(transaction: &mut Transaction, team_no: i64, upload: Uuid, total: u32) -> Outcome<()> {
    let row = transaction.query_opt(UPLOAD, &[(&team_no, Type::INT8), (&upload, Type::UUID)]).await?;
    let row = row.ok_or_else(|| StoreError::StagedRowsLost(format!("upload {upload} was taken for dead")))?;
    let rows: i64 = column(&row, "rows")?;
    if rows != i64::from(total) {
        return Err(Failure::corrupt(format!("{rows} staged rows where {total} were sent")));
    }
    Ok(())
}

/// Writes the row of a queued job.
pub(super) async fn insert(
    transaction: &mut Transaction,
    team_no: i64,
    staged: Option<Uuid>,
    spec: &JobSpec,
) -> Outcome<()> {
    let (object_type, total) = (type_number(spec.object_type), int4(spec.total)?);
    let list_id = spec.options.list_id.map(|list_id| list_id.0);
    let more = spec.options.encode_more();
    let (kind, of_job) = (spec.kind.name(), spec.kind.of().map(|of| of.0));
    let parameters = [
        (&team_no as _, Type::INT8),
        (&spec.id.0 as _, Type::UUID),
        (&spec.key_id.0 as _, Type::UUID),
        (&object_type as _, Type::INT2),
        (&spec.options.dedupe_by as _, Type::TEXT),
        (&spec.options.case_insensitive as _, Type::BOOL),
        (&spec.options.update_existing as _, Type::BOOL),
        (&spec.options.create_missing_options as _, Type::BOOL),
        (&spec.options.require_list_stage as _, Type::BOOL),
        (&list_id as _, Type::UUID),
        (&total as _, Type::INT4),
        (&staged as _, Type::UUID),
        (&spec.created_at.0 as _, Type::INT8),
        (&kind as _, Type::TEXT),
        (&of_job as _, Type::UUID),
        (&more as _, Type::TEXT),
    ];
    transaction.execute(INSERT, &parameters).await?;
    Ok(())
}
