//! The verbs of dry runs.

use async_trait::async_trait;
use refract_domain::ids::JobId;
use refract_domain::import::plan::NewOption;
use refract_store::{AdmitApply, Answered, ApplyEffect, Caller, DryRunVerbs, StoreError};

use super::{FaultyStore, Verb};

#[async_trait]
impl DryRunVerbs for FaultyStore {
    async fn admit_apply(&self, command: AdmitApply) -> Result<Answered<ApplyEffect>, StoreError> {
        self.pass(Verb::AdmitApply, self.inner.admit_apply(command)).await
    }

    async fn drafted_options(&self, caller: &Caller, job_id: JobId) -> Result<Vec<NewOption>, StoreError> {
        self.pass(Verb::DraftedOptions, self.inner.drafted_options(caller, job_id)).await
    }
}
