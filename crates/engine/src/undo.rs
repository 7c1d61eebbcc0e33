//! Undo of import jobs, and which import last wrote a record.

use std::sync::Arc;

use refract_domain::ids::{JobId, RecordId};
use refract_domain::import::provenance::Provenance;
use refract_domain::object_type::ObjectType;
use refract_store::{AdmitUndo, Answered, Caller, UndoEffect};

use crate::idempotency::IdempotentRequest;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

impl Engine {
    /// Makes the undo of a job a durable job, or says why not.
    ///
    /// # Errors
    /// [`EngineError::TooManyJobs`]; the store's; [`EngineError::ShuttingDown`].
    pub async fn undo(
        &self,
        caller: Caller,
        of: JobId,
        idempotent: Option<IdempotentRequest<UndoEffect>>,
    ) -> Result<Answered<UndoEffect>, EngineError> {
        self.check_room_for_a_job(&caller).await?;
        let (store, hints) = (Arc::clone(&self.store), self.work_hints.clone());
        let (job_id, retention, now) = (JobId(self.ids.random_uuid()), self.settings.retention, self.clock.now());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let answered = store.admit_undo(AdmitUndo { caller, of, retention, job_id, now, idempotent }).await?;
            hints.send_modify(|hints| *hints += 1);
            Ok(answered)
        })
        .await
    }

    /// Which import job last wrote a record, of those that can still be read; `None` when there is no such record.
    ///
    /// # Errors
    /// The store's.
    pub async fn provenance(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Provenance>, EngineError> {
        let Some(provenance) = self.store.provenance(caller, object_type, id).await? else { return Ok(None) };
        let Some(import) = provenance.import else { return Ok(Some(provenance)) };
        let is_kept = self.job(caller, import.job_id).await?.is_some();
        Ok(Some(if is_kept { provenance } else { provenance.without_import() }))
    }
}
