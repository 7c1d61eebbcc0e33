//! Applying dry runs. A dry run itself is an import that is submitted as one ([`Intake::as_dry_run`](crate::Intake)).

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_store::{AdmitApply, Answered, ApplyEffect, Caller};

use crate::idempotency::IdempotentRequest;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

impl Engine {
    /// Makes the application of a dry run a durable job, or says why not.
    ///
    /// # Errors
    /// [`EngineError::TooManyJobs`]; the store's; [`EngineError::ShuttingDown`].
    pub async fn apply_dry_run(
        &self,
        caller: Caller,
        of: JobId,
        idempotent: Option<IdempotentRequest<ApplyEffect>>,
    ) -> Result<Answered<ApplyEffect>, EngineError> {
        self.check_room_for_a_job(&caller).await?;
        let (store, hints) = (Arc::clone(&self.store), self.work_hints.clone());
        let (job_id, retention, now) = (JobId(self.ids.random_uuid()), self.settings.retention, self.clock.now());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let answered = store.admit_apply(AdmitApply { caller, of, retention, job_id, now, idempotent }).await?;
            hints.send_modify(|hints| *hints += 1);
            Ok(answered)
        })
        .await
    }
}
