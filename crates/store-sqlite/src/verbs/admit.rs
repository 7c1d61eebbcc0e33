//! `admit`: makes an upload's rows durable and, in one commit, visible as a queued job.

use std::sync::Arc;

use refract_domain::import::job::JobSpec;
use refract_domain::key::KeyHasher;
use refract_store::{AdmitJob, Answered, StoreError};
use rusqlite::params;
use uuid::Uuid;

use super::blocking;
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::numbers::id_space;
use crate::store::SqliteStore;
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const INSERT: &str = include_str!("../sql/admit_job.sql");

/// See [`refract_store::ImportVerbs::admit`].
#[tracing::instrument(name = "store.admit", skip_all, fields(job_id = %command.job_id))]
pub(crate) async fn admit(store: &SqliteStore, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError> {
    store.threads.writer.refuse_when_closing()?;
    let upload = command.upload.id;
    let staged = Arc::clone(&store.shared.staged);
    // Before the job: 202 means that the rows are on disk.
    let synced = blocking(move || staged.sync(upload)).await;
    let written = match synced {
        Ok(total) => {
            let shared = Arc::clone(&store.shared);
            let work = move |write: &mut WriteContext<'_>| {
                let answered = write_job(write, command, total, &shared.hasher)?;
                if matches!(answered, Answered::Fresh(_)) {
                    write.after_commit(move || shared.staged.settle(upload));
                }
                Ok(answered)
            };
            store.threads.writer.write(Lane::Small, work).await
        }
        Err(error) => Err(error),
    };
    let staged = Arc::clone(&store.shared.staged);
    match &written {
        Ok(Answered::Fresh(_)) => {}
        // The job may be there after all: leave the rows to whoever sweeps and can ask.
        Err(StoreError::OutcomeUnknown(_) | StoreError::Closing) => staged.settle(upload),
        Ok(_) | Err(_) => {
            blocking(move || {
                staged.remove(upload);
                Ok(())
            })
            .await?;
        }
    }
    written
}

fn write_job(
    write: &mut WriteContext<'_>,
    command: AdmitJob,
    total: u32,
    hasher: &KeyHasher,
) -> Outcome<Answered<JobSpec>> {
    let AdmitJob { caller, job_id, kind, object_type, options, upload, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let first_number = write.numbers.take(total, now)?;
        let spec = JobSpec {
            id: job_id,
            kind,
            team_id: caller.team_id,
            key_id: caller.key_id,
            object_type,
            options,
            total,
            record_ids: id_space(first_number, hasher.record_id_source(job_id)),
            created_at: now,
        };
        insert(write, team_no, first_number, (total > 0).then_some(upload.id), &spec)?;
        Ok(spec)
    })
}

/// Writes the row of a queued job.
pub(super) fn insert(
    write: &WriteContext<'_>,
    team_no: i64,
    first_number: i64,
    staged: Option<Uuid>,
    spec: &JobSpec,
) -> Outcome<()> {
    write.connection.prepare_cached(INSERT)?.execute(params![
        spec.id.as_bytes(),
        team_no,
        spec.key_id.as_bytes(),
        spec.object_type.number(),
        &spec.options.dedupe_by,
        spec.options.case_insensitive,
        spec.options.update_existing,
        spec.options.create_missing_options,
        spec.options.require_list_stage,
        spec.options.list_id.map(|list_id| *list_id.as_bytes()),
        spec.total,
        first_number,
        staged.map(Uuid::into_bytes),
        spec.created_at.0,
        spec.kind.name(),
        spec.kind.of().map(|of| *of.as_bytes()),
        spec.options.encode_more(),
    ])?;
    Ok(())
}
