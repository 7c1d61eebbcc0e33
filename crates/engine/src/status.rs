//! What can be known of a job as a whole, and its end at its caller's wish. What became of its rows is in
//! [`outcomes`](crate::outcomes).
//!
//! Jobs that run in this process are answered from memory ([`RunningJobs`](crate::running_jobs::RunningJobs)). Nothing is
//! shown of a job whose numbers do not add up.

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::counters::Counters;
use refract_domain::import::job::JobSnapshot;
use refract_domain::import::progress::Estimate;
use refract_domain::retention;
use refract_store::Caller;
use tokio::time::Instant;

use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// A job as its team sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// The job at one commit.
    pub snapshot: JobSnapshot,
    /// What became of its rows; they add up.
    pub counters: Counters,
    /// How it gets on, where this process has seen it run.
    pub estimate: Option<Estimate>,
    /// From when on it answers 404.
    pub expires_at: Timestamp,
}

/// What came of the wish to cancel a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelled {
    /// It has ended by this wish.
    Now(JobView),
    /// It had ended before, as it is here.
    EndedBefore(JobView),
}

impl Engine {
    /// A job of the caller's team; `None` when there is none of this id, or it has expired.
    ///
    /// # Errors
    /// The store's; [`EngineError::Internal`] when its numbers do not add up.
    pub async fn job(&self, caller: &Caller, id: JobId) -> Result<Option<JobView>, EngineError> {
        if let Some((snapshot, estimate)) = self.running_jobs.get(caller, id, self.clock.now()) {
            return self.shown_job(snapshot, estimate);
        }
        match self.store.snapshot(caller, id).await? {
            Some(snapshot) => self.shown_job(snapshot, None),
            None => Ok(None),
        }
    }

    /// Ends a job that has not ended. Rows that are written stay; those it did not come to are not attempted. `None` as for
    /// [`Self::job`].
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn cancel_job(self: &Arc<Self>, caller: &Caller, id: JobId) -> Result<Option<Cancelled>, EngineError> {
        let (engine, caller) = (Arc::clone(self), *caller);
        to_the_end(async move {
            let is_ended = engine.store.cancel(&caller, id, engine.clock.now()).await?;
            if is_ended {
                // By then whoever ran the job here has met the fence, or the lease is out.
                engine.running_jobs.end(id, Instant::now() + engine.settings.lease_for);
                tracing::info!(job = %id, "job cancelled");
            }
            let Some(snapshot) = engine.store.snapshot(&caller, id).await? else { return Ok(None) };
            let view = engine.shown_job(snapshot, None)?;
            Ok(view.map(if is_ended { Cancelled::Now } else { Cancelled::EndedBefore }))
        })
        .await
    }

    /// A job as it is shown, unless it has expired.
    pub(crate) fn shown_job(
        &self,
        snapshot: JobSnapshot,
        estimate: Option<Estimate>,
    ) -> Result<Option<JobView>, EngineError> {
        let retention = self.settings.retention;
        let (created_at, ended_at) = (snapshot.spec.created_at, snapshot.state.ended_at());
        if retention::is_expired(created_at, ended_at, retention, self.clock.now()) {
            return Ok(None);
        }
        let counters = Counters::of(&snapshot).map_err(|error| EngineError::Internal(error.to_string()))?;
        let expires_at = retention::expires_at(created_at, ended_at, retention);
        Ok(Some(JobView { snapshot, counters, estimate, expires_at }))
    }
}
