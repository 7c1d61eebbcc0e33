//! What can be known of a job: its snapshot while it runs, its results once it has ended.
//!
//! Jobs that run in this process are answered from memory, where the runner leaves the snapshot of each commit; that
//! keeps polls off the store. The store is asked for all others, and once the lease is out: from then on another node may
//! have taken the job further.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::JobSnapshot;
use refract_domain::retention;
use refract_store::{Caller, OutcomePiece};

use tokio::time::Instant;

use crate::{Engine, EngineError, SharedStore};

/// The latest committed snapshots of the jobs that this process runs.
#[derive(Default)]
pub(crate) struct RunningJobs {
    by_id: Mutex<HashMap<JobId, Latest>>,
}

/// The latest snapshot of a job, and until when nobody else can have made a later one.
struct Latest {
    snapshot: JobSnapshot,
    lease_until: Instant,
}

impl RunningJobs {
    pub(crate) fn put(&self, snapshot: JobSnapshot, lease_until: Instant) {
        if let Ok(mut jobs) = self.by_id.lock() {
            jobs.insert(snapshot.spec.id, Latest { snapshot, lease_until });
        }
    }

    pub(crate) fn remove(&self, id: JobId) {
        if let Ok(mut jobs) = self.by_id.lock() {
            jobs.remove(&id);
        }
    }

    fn get(&self, caller: &Caller, id: JobId) -> Option<JobSnapshot> {
        let jobs = self.by_id.lock().ok()?;
        let latest = jobs.get(&id).filter(|latest| Instant::now() < latest.lease_until)?;
        Some(&latest.snapshot).filter(|snapshot| snapshot.spec.team_id == caller.team_id).cloned()
    }
}

/// A job as its team sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobView {
    /// The job at one commit.
    pub snapshot: JobSnapshot,
    /// From when on it answers 404.
    pub expires_at: Timestamp,
}

/// The outcomes of a job, read piece by piece so that memory stays bounded.
pub struct JobResults {
    store: SharedStore,
    caller: Caller,
    job_id: JobId,
    next_row: u32,
}

impl Engine {
    /// A job of the caller's team; `None` when there is none of this id, or it has expired.
    ///
    /// # Errors
    /// The store's.
    pub async fn job(&self, caller: &Caller, id: JobId) -> Result<Option<JobView>, EngineError> {
        let snapshot = match self.running_jobs.get(caller, id) {
            Some(snapshot) => Some(snapshot),
            None => self.store.snapshot(caller, id).await?,
        };
        let retention = self.settings.retention;
        Ok(snapshot.and_then(|snapshot| {
            let (created_at, ended_at) = (snapshot.spec.created_at, snapshot.state.ended_at());
            let gone = retention::is_expired(created_at, ended_at, retention, self.clock.now());
            let expires_at = retention::expires_at(created_at, ended_at, retention);
            (!gone).then_some(JobView { snapshot, expires_at })
        }))
    }

    /// The outcomes of a job from its first row on, as many as have one.
    #[must_use]
    pub fn results(self: &Arc<Self>, caller: &Caller, view: &JobView) -> JobResults {
        JobResults { store: Arc::clone(&self.store), caller: *caller, job_id: view.snapshot.spec.id, next_row: 0 }
    }
}

impl JobResults {
    /// The next outcomes in row order; `None` after the last.
    ///
    /// # Errors
    /// The store's.
    pub async fn next(&mut self) -> Result<Option<OutcomePiece>, EngineError> {
        let piece = self.store.results(&self.caller, self.job_id, self.next_row).await?;
        if let Some(piece) = &piece {
            self.next_row = piece.first_row + piece.rows;
        }
        Ok(piece)
    }
}
