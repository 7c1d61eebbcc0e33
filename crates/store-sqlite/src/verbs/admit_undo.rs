//! `admit_undo`: makes the undo of a job a job.

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_domain::import::undo::{UndoRefusal, refusal, undo_of};
use refract_store::{AdmitUndo, Answered, StoreError, UndoEffect};
use rusqlite::{Connection, OptionalExtension};

use super::admit::insert;
use crate::error::Outcome;
use crate::idempotency::{KeyOwner, once};
use crate::job;
use crate::numbers::first_number;
use crate::store::{Shared, SqliteStore};
use crate::team::require_team;
use crate::writer::{Lane, WriteContext};

const FIND: &str = include_str!("../sql/snapshot.sql");
const UNDER_WAY: &str = include_str!("../sql/undo_under_way.sql");

/// See [`refract_store::UndoVerbs::admit_undo`].
#[tracing::instrument(name = "store.admit_undo", skip_all, fields(job_id = %command.job_id, of = %command.of))]
pub(crate) async fn admit_undo(store: &SqliteStore, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| admit(write, &shared, command)).await
}

fn admit(write: &mut WriteContext<'_>, shared: &Shared, command: AdmitUndo) -> Outcome<Answered<UndoEffect>> {
    let AdmitUndo { caller, of, retention, job_id, now, idempotent } = command;
    let team_no = require_team(write.connection, caller.team_id)?.team_no;
    once(write, KeyOwner { team_no, caller }, idempotent, now, |write| {
        let connection = write.connection;
        let mut statement = connection.prepare_cached(FIND)?;
        let mut rows = statement.query((of.as_bytes(), caller.team_id.as_bytes()))?;
        let Some(row) = rows.next()? else { return Ok(UndoEffect::Refused(UndoRefusal::NotFound)) };
        let undone = job::snapshot(row, &shared.hasher)?;
        let under_way = under_way(connection, team_no, of)?;
        if let Some(refusal) = refusal(&undone, retention, now, under_way) {
            return Ok(UndoEffect::Refused(refusal));
        }
        let spec = undo_of(&undone.spec, undone.cursor, job_id, caller.key_id, now);
        insert(write, team_no, first_number(&spec.record_ids)?, None, &spec)?;
        Ok(UndoEffect::Admitted(spec))
    })
}

/// The undo of a job that has not ended.
fn under_way(connection: &Connection, team_no: i64, of: JobId) -> Outcome<Option<JobId>> {
    let mut statement = connection.prepare_cached(UNDER_WAY)?;
    let found: Option<[u8; 16]> = statement.query_row((team_no, of.as_bytes()), |row| row.get(0)).optional()?;
    Ok(found.map(JobId::from_bytes))
}
