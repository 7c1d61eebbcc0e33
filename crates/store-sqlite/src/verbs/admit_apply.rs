//! `admit_apply`: makes the application of a dry run a job.

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_domain::import::apply::{ApplyRefusal, apply_of, refusal};
use refract_store::{AdmitApply, Answered, ApplyEffect, StoreError};
use rusqlite::{Connection, OptionalExtension};

use super::admit::insert;
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::job;
use crate::numbers::id_space;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const FIND: &str = include_str!("../sql/snapshot.sql");
const APPLIED: &str = include_str!("../sql/apply_applied.sql");

/// See [`refract_store::DryRunVerbs::admit_apply`].
#[tracing::instrument(name = "store.admit_apply", skip_all, fields(job_id = %command.job_id, of = %command.of))]
pub(crate) async fn admit_apply(store: &SqliteStore, command: AdmitApply) -> Result<Answered<ApplyEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| admit(write, &shared, command)).await
}

fn admit(write: &mut WriteContext<'_>, shared: &Shared, command: AdmitApply) -> Outcome<Answered<ApplyEffect>> {
    let AdmitApply { caller, of, retention, job_id, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let connection = write.connection;
        let mut statement = connection.prepare_cached(FIND)?;
        let mut rows = statement.query((of.as_bytes(), caller.team_id.as_bytes()))?;
        let Some(row) = rows.next()? else { return Ok(ApplyEffect::Refused(ApplyRefusal::NotFound)) };
        let dry_run = job::snapshot(row, &shared.hasher)?;
        if let Some(refusal) = refusal(&dry_run, retention, now, applied(connection, team_no, of)?) {
            return Ok(ApplyEffect::Refused(refusal));
        }
        let first_number = write.numbers.take(dry_run.spec.total, now)?;
        let record_ids = id_space(first_number, shared.hasher.record_id_source(job_id));
        let spec = apply_of(&dry_run.spec, job_id, caller.key_id, record_ids, now);
        insert(write, team_no, first_number, None, &spec)?;
        Ok(ApplyEffect::Admitted(spec))
    })
}

/// The job that has applied a dry run.
fn applied(connection: &Connection, team_no: i64, of: JobId) -> Outcome<Option<JobId>> {
    let mut statement = connection.prepare_cached(APPLIED)?;
    let found: Option<[u8; 16]> = statement.query_row((team_no, of.as_bytes()), |row| row.get(0)).optional()?;
    Ok(found.map(JobId::from_bytes))
}
