//! Waiting for a job to get on. Changes that this process makes are told at once; for those of other nodes the store is
//! asked at a fixed pace. A wait ends when the server is about to stop.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::JobId;
use refract_domain::import::listing::JobMark;
use refract_store::Caller;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::running_jobs::Watch;
use crate::{Engine, EngineError, JobView};

/// How often a job is looked at that nobody here speaks of.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whoever watches a job. From its making on no change is missed, though several may be seen as one.
pub struct JobWatch {
    engine: Arc<Engine>,
    caller: Caller,
    id: JobId,
    changes: Watch,
    accepting: watch::Receiver<bool>,
}

/// What a wait came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// The job has got on.
    Changed(JobView),
    /// It has not; the time is over, or the server is about to stop.
    Same(JobView),
    /// It is not there any more.
    Gone,
}

impl Engine {
    /// Begins to watch a job, whether there is one or not.
    #[must_use]
    pub fn watch_job(self: &Arc<Self>, caller: &Caller, id: JobId) -> JobWatch {
        let (changes, accepting) = (self.running_jobs.watch(id), self.accepting.subscribe());
        JobWatch { engine: Arc::clone(self), caller: *caller, id, changes, accepting }
    }
}

impl JobWatch {
    /// The job as it is.
    ///
    /// # Errors
    /// As [`Engine::job`].
    pub async fn view(&self) -> Result<Option<JobView>, EngineError> {
        self.engine.job(&self.caller, self.id).await
    }

    /// Whether the server is about to stop, so that waiting is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !*self.accepting.borrow()
    }

    /// Waits until the job stands elsewhere than at `seen`, at most until `deadline`.
    ///
    /// # Errors
    /// As [`Engine::job`].
    pub async fn beyond(&mut self, seen: JobMark, deadline: Instant) -> Result<Waited, EngineError> {
        loop {
            let Some(view) = self.view().await? else { return Ok(Waited::Gone) };
            if JobMark::of(&view.snapshot) != seen {
                return Ok(Waited::Changed(view));
            }
            if self.is_over() || Instant::now() >= deadline {
                return Ok(Waited::Same(view));
            }
            let look_at = deadline.min(Instant::now() + LOOK_EVERY);
            tokio::select! {
                () = self.changes.changed() => {}
                () = tokio::time::sleep_until(look_at) => {}
                // Without a sender the engine is gone, which means the same.
                _ = self.accepting.wait_for(|accepting| !*accepting) => {}
            }
        }
    }

    /// Lets time pass, unless the server is about to stop.
    pub async fn rest(&mut self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            _ = self.accepting.wait_for(|accepting| !*accepting) => {}
        }
    }
}
