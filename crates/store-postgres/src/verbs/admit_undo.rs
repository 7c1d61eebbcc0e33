//! `admit_undo`: makes the undo of a job a job.

use refract_domain::ids::JobId;
use refract_domain::import::undo::{UndoRefusal, refusal, undo_of};
use refract_store::{AdmitUndo, Answered, StoreError, UndoEffect};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::admit::{NOTIFY, insert};
use crate::error::{Failure, Outcome, column};
use crate::idempotency::{KeyOwner, once};
use crate::job::{self, int4};
use crate::store::PostgresStore;
use crate::team::require_team;
use crate::transaction::Transaction;

const LOCK: &str = include_str!("../sql/undo_lock_job.sql");
const UNDER_WAY: &str = include_str!("../sql/undo_under_way.sql");
const RECORD_IDS: &str = include_str!("../sql/undo_record_ids.sql");

/// See [`refract_store::UndoVerbs::admit_undo`].
#[tracing::instrument(name = "store.admit_undo", skip_all, fields(job_id = %command.job_id, of = %command.of))]
pub(crate) async fn admit_undo(store: &PostgresStore, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError> {
    store.write(command, |transaction, command| Box::pin(answer(transaction, command))).await
}

async fn answer(transaction: &mut Transaction, command: &AdmitUndo) -> Outcome<Answered<UndoEffect>> {
    let team_no = require_team(transaction, command.caller.team_id).await?;
    let owner = KeyOwner { team_no, caller: command.caller };
    once(transaction, owner, command.idempotent.as_ref(), command.now, async move |transaction: &mut Transaction| {
        admit(transaction, team_no, command).await
    })
    .await
}

async fn admit(transaction: &mut Transaction, team_no: i64, command: &AdmitUndo) -> Outcome<UndoEffect> {
    let AdmitUndo { caller, of, retention, job_id, now, .. } = command;
    let named = [(&team_no as _, Type::INT8), (&of.0 as _, Type::UUID)];
    let with_team = [named[0].clone(), named[1].clone(), (&caller.team_id.0 as _, Type::UUID)];
    let Some(row) = transaction.query_opt(LOCK, &with_team).await? else {
        return Ok(UndoEffect::Refused(UndoRefusal::NotFound));
    };
    let undone = job::snapshot(&row, &transaction.shared.hasher)?;
    let under_way = transaction.query_opt(UNDER_WAY, &named).await?;
    let under_way = under_way.map(|row| column::<Uuid>(&row, "id").map(JobId)).transpose()?;
    if let Some(refusal) = refusal(&undone, *retention, *now, under_way) {
        return Ok(UndoEffect::Refused(refusal));
    }
    let spec = undo_of(&undone.spec, undone.cursor, *job_id, caller.key_id, *now);
    insert(transaction, team_no, None, &spec).await?;
    let millis = i64::try_from(spec.record_ids.created_ms).map_err(|_| Failure::internal("a time beyond all"))?;
    let first_index = int4(spec.record_ids.first_index)?;
    let record_ids = [
        (&team_no as _, Type::INT8),
        (&spec.id.0 as _, Type::UUID),
        (&millis as _, Type::INT8),
        (&first_index as _, Type::INT4),
    ];
    transaction.execute(RECORD_IDS, &record_ids).await?;
    transaction.query(NOTIFY, &[]).await?;
    Ok(UndoEffect::Admitted(spec))
}
