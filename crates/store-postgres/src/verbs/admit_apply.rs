//! `admit_apply`: makes the application of a dry run a job.

use refract_domain::ids::JobId;
use refract_domain::import::apply::{ApplyRefusal, apply_of, refusal};
use refract_store::{AdmitApply, Answered, ApplyEffect, StoreError};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::admit::{NOTIFY, insert};
use crate::error::{Outcome, column};
use crate::idempotency::{KeyOwner, once};
use crate::job::{self, id_space};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

/// Nobody purges it, or applies it too, before this job is there.
const LOCK: &str = include_str!("../sql/undo_lock_job.sql");
const APPLIED: &str = include_str!("../sql/apply_applied.sql");

/// See [`refract_store::DryRunVerbs::admit_apply`].
#[tracing::instrument(name = "store.admit_apply", skip_all, fields(job_id = %command.job_id, of = %command.of))]
pub(crate) async fn admit_apply(
    store: &PostgresStore,
    command: AdmitApply,
) -> Result<Answered<ApplyEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &AdmitApply) -> Outcome<Answered<ApplyEffect>> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: command.caller };
    once(transaction, owner, command.idempotent.as_ref(), command.now, async move |transaction: &mut Transaction| {
        admit(transaction, team_no, command).await
    })
    .await
}

async fn admit(transaction: &mut Transaction, team_no: i64, command: &AdmitApply) -> Outcome<ApplyEffect> {
    let AdmitApply { caller, of, retention, job_id, now, .. } = command;
    let named = [(&team_no as _, Type::INT8), (&of.0 as _, Type::UUID)];
    let with_team = [named[0].clone(), named[1].clone(), (&caller.team_id.0 as _, Type::UUID)];
    let Some(row) = transaction.query_opt(LOCK, &with_team).await? else {
        return Ok(ApplyEffect::Refused(ApplyRefusal::NotFound));
    };
    let dry_run = job::snapshot(&row, &transaction.shared.hasher)?;
    let applied = transaction.query_opt(APPLIED, &named).await?;
    let applied = applied.map(|row| column::<Uuid>(&row, "id").map(JobId)).transpose()?;
    if let Some(refusal) = refusal(&dry_run, *retention, *now, applied) {
        return Ok(ApplyEffect::Refused(refusal));
    }
    let record_ids = id_space(*now, transaction.shared.hasher.record_id_source(*job_id));
    let spec = apply_of(&dry_run.spec, *job_id, caller.key_id, record_ids, *now);
    insert(transaction, team_no, None, &spec).await?;
    transaction.query(NOTIFY, &[]).await?;
    Ok(ApplyEffect::Admitted(spec))
}
