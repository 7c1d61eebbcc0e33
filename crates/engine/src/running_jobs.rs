//! The jobs that this process runs, as the runner left each at its last commit, and who waits for the next.
//!
//! Polls of these are answered from memory, which keeps them off the store, until the lease is out: from then on another
//! node may have taken the job further. Owns no truth: all there is to know of a job lies in the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::JobSnapshot;
use refract_domain::import::progress::{Estimate, Progress};
use refract_store::Caller;
use tokio::sync::watch;
use tokio::time::Instant;

/// The latest committed snapshots of the jobs that this process runs.
#[derive(Clone, Default)]
pub(crate) struct RunningJobs(Arc<Mutex<Jobs>>);

#[derive(Default)]
struct Jobs {
    running: HashMap<JobId, Latest>,
    /// Jobs that were ended here from outside, until when the runner may not know it: a snapshot that it leaves in that
    /// time is of before.
    ended: HashMap<JobId, Instant>,
    /// Who waits for a change of which job.
    watched: HashMap<JobId, watch::Sender<()>>,
}

/// The latest snapshot of a job, and until when nobody else can have made a later one.
struct Latest {
    snapshot: JobSnapshot,
    progress: Progress,
    lease_until: Instant,
}

/// Wakes whoever holds it at each change of a job that this process makes.
pub(crate) struct Watch {
    jobs: RunningJobs,
    id: JobId,
    changes: Option<watch::Receiver<()>>,
}

impl RunningJobs {
    pub(crate) fn put(&self, snapshot: JobSnapshot, lease_until: Instant) {
        let mut jobs = self.lock();
        let id = snapshot.spec.id;
        let now = Instant::now();
        jobs.ended.retain(|_, until| now < *until);
        if jobs.ended.contains_key(&id) {
            return;
        }
        let mut progress = jobs.running.remove(&id).map(|before| before.progress).unwrap_or_default();
        progress.saw(snapshot.updated_at, snapshot.cursor);
        jobs.running.insert(id, Latest { snapshot, progress, lease_until });
        jobs.tell(id);
    }

    pub(crate) fn remove(&self, id: JobId) {
        let mut jobs = self.lock();
        jobs.running.remove(&id);
        jobs.tell(id);
    }

    /// The job was ended from outside; a runner that holds it finds out at its next chunk, which is before `until`.
    pub(crate) fn end(&self, id: JobId, until: Instant) {
        self.lock().ended.insert(id, until);
        self.remove(id);
    }

    /// The job, and how it gets on, as long as that is the latest there is.
    pub(crate) fn get(&self, caller: &Caller, id: JobId, now: Timestamp) -> Option<(JobSnapshot, Option<Estimate>)> {
        let jobs = self.lock();
        let latest = jobs.running.get(&id).filter(|latest| Instant::now() < latest.lease_until)?;
        let snapshot = Some(&latest.snapshot).filter(|snapshot| snapshot.spec.team_id == caller.team_id)?;
        Some((snapshot.clone(), latest.progress.estimate(snapshot.spec.total, now)))
    }

    /// From now on no change is missed.
    pub(crate) fn watch(&self, id: JobId) -> Watch {
        let changes = self.lock().watched.entry(id).or_insert_with(|| watch::Sender::new(())).subscribe();
        Watch { jobs: self.clone(), id, changes: Some(changes) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs {
    fn tell(&self, id: JobId) {
        if let Some(watched) = self.watched.get(&id) {
            watched.send_replace(());
        }
    }
}

impl Watch {
    /// Waits for a change since the last time, or since the beginning; several are one.
    pub(crate) async fn changed(&mut self) {
        // The sender lives as long as somebody watches.
        let told = match &mut self.changes {
            Some(changes) => changes.changed().await.is_ok(),
            None => false,
        };
        if !told {
            std::future::pending().await
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.changes = None;
        let mut jobs = self.jobs.lock();
        if jobs.watched.get(&self.id).is_some_and(|watched| watched.receiver_count() == 0) {
            jobs.watched.remove(&self.id);
        }
    }
}
