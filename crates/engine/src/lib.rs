//! The use cases of Refract and the worker that runs import jobs.
//!
//! Owns the way of an import from its first row to its last outcome: admission, the choice between inline and queued,
//! staging, and the runner that judges chunks and has the store apply them. Knows the store only through its contract;
//! must not know HTTP, JSON shapes with public names, or any database.

mod accounts;
mod batches;
mod bodies;
mod chunk_size;
mod dry_run;
mod duties;
mod error;
mod find;
mod grants;
mod idempotency;
mod intake;
mod jobs;
mod judging;
mod lists;
mod modelling;
mod outcomes;
mod preview;
mod query;
mod records;
mod retry;
mod rows;
mod runner;
mod running_jobs;
mod settings;
mod shared_clock;
mod show;
mod status;
mod submit;
mod task;
mod undo;
mod upserts;
mod views;
mod watching;

use std::sync::{Arc, Mutex};

use refract_domain::clock::Clock;
use refract_domain::limits::ImportLimits;
use tokio::sync::watch;
use uuid::Uuid;

pub use error::EngineError;
pub use find::{Found, Wanted};
pub use idempotency::{IdempotentRequest, KeyReservation};
pub use intake::Intake;
pub use jobs::JobsPage;
pub use lists::WantedList;
pub use modelling::Operation;
pub use outcomes::{Fates, FatesPage, JobOutcomes};
pub use query::{Page, Question};
pub use records::RecordScope;
pub use refract_store::{
    Access, Answered, ApiKey, ApplyEffect, BatchEffect, Caller, IdempotencyClaim, InlineReport, KeptAnswer, List,
    OutcomePiece, RecordEffect, SchemaEffect, SharedStore, StoreError, UndoEffect, ViewEffect, WrittenRecord,
};
pub use retry::RetryFault;
pub use rows::{JobRow, JobRows, RowsLeft};
pub use runner::JudgeChunk;
pub use settings::EngineSettings;
pub use show::{ShownRecord, View, written_values};
pub use status::{Cancelled, JobView};
pub use submit::Submitted;
pub use upserts::MeantBy;
pub use views::{PageWanted, ViewChange, ViewFault};
pub use watching::{JobWatch, Waited};

/// Where random ids come from; the binary passes the system's source in, tests one they own.
pub trait IdSource: Send + Sync {
    /// A random uuid (version 4: 122 random bits).
    fn random_uuid(&self) -> Uuid;
}

/// The use cases, and the tasks that run beside them.
pub struct Engine {
    store: SharedStore,
    clock: Arc<shared_clock::SharedClock>,
    ids: Arc<dyn IdSource>,
    settings: EngineSettings,
    known_keys: accounts::KnownKeys,
    keys_in_progress: idempotency::KeysInProgress,
    inline_permits: submit::InlinePermits,
    running_jobs: running_jobs::RunningJobs,
    ready_properties: upserts::ReadyProperties,
    /// Counts the hints that there may be a job to claim; only hints, the lanes look by themselves too.
    work_hints: watch::Sender<u64>,
    /// Whether new work is welcome; whoever waits for a job stops waiting when it is not.
    accepting: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    background: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Engine {
    /// Starts the use cases with their runner and duties on the present tokio runtime.
    #[must_use]
    pub fn start(
        store: SharedStore,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        settings: EngineSettings,
    ) -> Arc<Self> {
        Self::start_with_judge(store, clock, ids, settings, Arc::new(refract_domain::import::judge::judge_chunk))
    }

    /// As [`Self::start`], with another judge of chunks: how tests bring in rows that crash.
    #[must_use]
    pub fn start_with_judge(
        store: SharedStore,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        settings: EngineSettings,
        judge: Arc<JudgeChunk>,
    ) -> Arc<Self> {
        let (stop, stopped) = watch::channel(false);
        let engine = Arc::new(Self {
            known_keys: accounts::KnownKeys::default(),
            keys_in_progress: idempotency::KeysInProgress::default(),
            inline_permits: submit::InlinePermits::new(settings.inline_per_team_max),
            running_jobs: running_jobs::RunningJobs::default(),
            ready_properties: upserts::ReadyProperties::default(),
            work_hints: watch::Sender::new(0),
            accepting: watch::Sender::new(true),
            stop,
            background: Mutex::new(Vec::new()),
            store,
            clock: Arc::new(shared_clock::SharedClock::new(clock)),
            ids,
            settings,
        });
        let duties = tokio::spawn(duties::run(Arc::clone(&engine), stopped.clone()));
        let mut background = vec![duties];
        if engine.settings.run_jobs {
            background.extend(runner::start(&engine, &judge, &stopped));
        }
        if let Ok(mut tasks) = engine.background.lock() {
            tasks.extend(background);
        }
        engine
    }

    /// The clock that everything here goes by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The limits of imports.
    #[must_use]
    pub fn limits(&self) -> &ImportLimits {
        &self.settings.limits
    }

    /// Whether new work is welcome and the store answers. Puts the clock right: ask before anything is served.
    ///
    /// # Errors
    /// [`EngineError::ShuttingDown`] after [`Self::stop_accepting`]; the store's error when it does not answer.
    pub async fn ready(&self) -> Result<(), EngineError> {
        self.check_accepting()?;
        Ok(self.clock.learn(&self.store).await?)
    }

    /// Refuses new imports and writes from now on, and ends every wait for a job; what is under way goes on.
    pub fn stop_accepting(&self) {
        self.accepting.send_replace(false);
    }

    /// Ends the runner after the chunk in hand, gives its jobs back, and closes the store.
    pub async fn shutdown(&self) {
        self.stop_accepting();
        // No receiver is no fault: then nothing runs that had to be stopped.
        let _ = self.stop.send(true);
        let tasks = self.background.lock().map(|mut tasks| std::mem::take(&mut *tasks)).unwrap_or_default();
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task did not end as it should");
            }
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close as it should");
        }
    }

    /// Refuses a further job of a team that has as many as it may.
    async fn check_room_for_a_job(&self, caller: &Caller) -> Result<(), EngineError> {
        self.check_accepting()?;
        let limit = self.settings.queued_jobs_per_team_max;
        if self.store.unfinished_jobs(caller).await? >= limit {
            return Err(EngineError::TooManyJobs { limit });
        }
        Ok(())
    }

    fn check_accepting(&self) -> Result<(), EngineError> {
        if *self.accepting.borrow() { Ok(()) } else { Err(EngineError::ShuttingDown) }
    }
}
