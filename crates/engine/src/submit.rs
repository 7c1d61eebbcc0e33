//! The end of an intake: the import is carried out in the request, or becomes a job.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use refract_domain::ids::{JobId, TeamId};
use refract_domain::import::duplicates::pass_duplicates_over;
use refract_domain::import::job::{JobKind, JobSpec};
use refract_domain::import::judge::judge_chunk;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::route::Route;
use refract_domain::modelling::NewProperty;
use refract_store::{AdmitJob, Answered, Caller, Freshness, Idempotent, InlineImport, InlineReport, Keying, Render};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::idempotency::IdempotentRequest;
use crate::judging::{judge_context, key_step, with_current_schema};
use crate::task::to_the_end;
use crate::{EngineError, Intake};

/// How long an inline import waits for its turn within its team before it is refused.
const INLINE_WAIT: Duration = Duration::from_secs(5);

/// What became of an import that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It was carried out.
    Inline(InlineReport),
    /// It is a durable job.
    Job(JobSpec),
}

/// How many inline imports each team has under way.
pub(crate) struct InlinePermits {
    per_team_max: usize,
    teams: Mutex<HashMap<TeamId, Arc<Semaphore>>>,
}

impl InlinePermits {
    pub(crate) fn new(per_team_max: usize) -> Self {
        Self { per_team_max, teams: Mutex::new(HashMap::new()) }
    }

    async fn acquire(&self, caller: &Caller) -> Result<OwnedSemaphorePermit, EngineError> {
        let refusal = EngineError::TooManyInline { limit: self.per_team_max };
        let Ok(semaphore) = self.teams.lock().map(|mut teams| {
            let fresh = || Arc::new(Semaphore::new(self.per_team_max));
            Arc::clone(teams.entry(caller.team_id).or_insert_with(fresh))
        }) else {
            return Err(refusal);
        };
        match tokio::time::timeout(INLINE_WAIT, semaphore.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(refusal),
        }
    }
}

impl Intake {
    /// Only says what the rows would come to. As a job, however few they are.
    #[must_use]
    pub fn as_dry_run(mut self) -> Self {
        self.kind = JobKind::DryRun;
        self
    }

    /// Has these properties made before the rows are taken. They stay, whatever becomes of the import.
    #[must_use]
    pub fn making(mut self, new_properties: Vec<NewProperty>) -> Self {
        self.new_properties = new_properties;
        self
    }

    /// Carries the import out, or makes it a job, whatever the caller does meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Options`] when the options do not fit the team's schema; [`EngineError::AtomicTooLarge`];
    /// [`EngineError::TooManyInline`]; the store's. On any error nothing is written.
    pub async fn submit(
        self,
        options: ImportOptions,
        idempotent: Option<IdempotentRequest<Submitted>>,
    ) -> Result<Answered<Submitted>, EngineError> {
        to_the_end(async move {
            // What can be refused has been by now, but for the options themselves.
            self.check_atomic(&options)?;
            self.engine.make_properties(&self.caller, self.object_type, &self.new_properties).await?;
            match self.route() {
                // What a dry run says must be there when it is applied.
                Route::Inline if !self.kind.is_dry_run() => self.apply_inline(options, idempotent).await,
                Route::Inline | Route::Queued => {
                    let idempotent = idempotent.map(|IdempotentRequest { claim, reservation, render }| {
                        let render: Render<JobSpec> = Arc::new(move |spec| render(&Submitted::Job(spec.clone())));
                        IdempotentRequest { claim, reservation, render }
                    });
                    Ok(map_fresh(self.admit(options, idempotent).await?, Submitted::Job))
                }
            }
        })
        .await
    }

    async fn apply_inline(
        self,
        options: ImportOptions,
        idempotent: Option<IdempotentRequest<Submitted>>,
    ) -> Result<Answered<Submitted>, EngineError> {
        let _permit = self.engine.inline_permits.acquire(&self.caller).await?;
        let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
        let idempotent = idempotent.map(|idempotent| Idempotent {
            claim: idempotent.claim,
            render: Arc::new(move |report: &InlineReport| (idempotent.render)(&Submitted::Inline(report.clone()))),
        });
        self.check_options(&options).await?;
        while key_step(&self.engine.store, &self.caller, self.object_type, &options).await? == Keying::Building {}
        let (engine, intake, options) = (&self.engine, &self, &options);
        let answered = with_current_schema(|freshness| {
            let idempotent = idempotent.clone();
            async move {
                let context =
                    judge_context(&engine.store, &intake.caller, intake.object_type, options, freshness).await?;
                let mut judged = judge_chunk(&context, &intake.chunk);
                pass_duplicates_over(&context, &mut judged);
                let command = InlineImport {
                    caller: intake.caller,
                    judged,
                    context,
                    source: engine.ids.random_uuid(),
                    now: engine.clock.now(),
                    idempotent,
                };
                Ok(engine.store.apply_inline(command).await?)
            }
        })
        .await?;
        Ok(map_fresh(answered, Submitted::Inline))
    }

    /// Makes the import a job.
    pub(crate) async fn admit(
        mut self,
        options: ImportOptions,
        idempotent: Option<IdempotentRequest<JobSpec>>,
    ) -> Result<Answered<JobSpec>, EngineError> {
        self.check_options(&options).await?;
        let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
        let upload = self.finish_upload().await?;
        let command = AdmitJob {
            caller: self.caller,
            job_id: JobId(self.engine.ids.random_uuid()),
            kind: self.kind,
            object_type: self.object_type,
            options,
            upload,
            now: self.engine.clock.now(),
            idempotent,
        };
        let answered = self.engine.store.admit(command).await?;
        self.engine.work_hints.send_modify(|hints| *hints += 1);
        Ok(answered)
    }

    /// Refuses options that do not fit before anything is written.
    async fn check_options(&self, options: &ImportOptions) -> Result<(), EngineError> {
        self.check_atomic(options)?;
        let context =
            judge_context(&self.engine.store, &self.caller, self.object_type, options, Freshness::Cached).await;
        context.map(|_| ())
    }
}

fn map_fresh<A, B>(answered: Answered<A>, map: impl FnOnce(A) -> B) -> Answered<B> {
    match answered {
        Answered::Fresh(effect) => Answered::Fresh(map(effect)),
        Answered::Replay(answer) => Answered::Replay(answer),
        Answered::Mismatch => Answered::Mismatch,
        Answered::Stale => Answered::Stale,
    }
}
