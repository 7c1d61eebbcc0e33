//! Runs jobs: claims them, and carries out their chunks round robin over the teams.
//!
//! One lane: while the store applies a chunk, the next one is read and judged, so that the store never waits for the
//! judge. Memory is bounded by the two chunks this takes, whatever the number of jobs and their sizes. The order is
//! that of a ring of held jobs, at most one a team: every team with work gets a chunk before any gets a second.
//!
//! Must not know how rows are judged or written, nor hold anything that a restart would miss: all there is to know of a
//! job lies in the store, and a lost lease only means that somebody else goes on.

mod held;
mod lane;
mod prepare;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::judge::JudgeContext;
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_store::{ClaimJobs, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Engine;
use held::HeldJob;
use lane::Lane;

/// Judges the rows of a chunk; [`refract_domain::import::judge::judge_chunk`] but in tests of crashes.
pub type JudgeChunk = dyn Fn(&JudgeContext, &RawChunk) -> JudgedChunk + Send + Sync;

/// How long the runner leaves the store alone after it failed to answer a claim.
const CLAIM_BACKOFF: Duration = Duration::from_secs(1);

/// Runs jobs until `stopped` turns true, then gives back those it holds.
pub(crate) async fn run(engine: Arc<Engine>, judge: Arc<JudgeChunk>, mut stopped: watch::Receiver<bool>) {
    let worker = engine.ids.random_uuid();
    let mut ring: VecDeque<HeldJob> = VecDeque::new();
    let mut lane = Lane::new(Arc::clone(&engine), judge);
    let mut look_at = Instant::now();
    while !*stopped.borrow() {
        // Registered before looking: a job admitted between the look and the wait wakes the wait.
        let admitted = engine.job_admitted.notified();
        tokio::pin!(admitted);
        let was_woken = admitted.as_mut().enable();
        if was_woken || Instant::now() >= look_at {
            let backoff = claim_into(&engine, worker, &lane, &mut ring).await;
            look_at = Instant::now() + backoff.unwrap_or(engine.settings.poll_every);
        }
        let in_hand_before = jobs_in_hand(&lane, &ring);
        if lane.turn(&mut ring).await {
            if jobs_in_hand(&lane, &ring) < in_hand_before {
                // A team's next job may have been waiting for this one.
                look_at = Instant::now();
            }
            continue;
        }
        let wake_at = ring.iter().filter_map(HeldJob::not_before).min().map_or(look_at, |due| due.min(look_at));
        tokio::select! {
            () = &mut admitted => look_at = Instant::now(),
            // From another node, perhaps for nothing.
            () = engine.store.work_hint() => look_at = Instant::now(),
            () = tokio::time::sleep_until(wake_at) => {}
            _ = stopped.changed() => {}
        }
    }
    lane.finish(&mut ring).await;
    for held in ring {
        release(&engine, held).await;
    }
}

/// How many jobs are in our hands.
fn jobs_in_hand(lane: &Lane, ring: &VecDeque<HeldJob>) -> usize {
    ring.len() + usize::from(lane.team_in_hand().is_some())
}

/// Claims what there is room for; gives back how long to wait when the store failed.
async fn claim_into(engine: &Engine, worker: Uuid, lane: &Lane, ring: &mut VecDeque<HeldJob>) -> Option<Duration> {
    let mut busy_teams: Vec<_> = ring.iter().map(HeldJob::team_id).collect();
    busy_teams.extend(lane.team_in_hand());
    let jobs_max = engine.settings.jobs_held_max.saturating_sub(busy_teams.len());
    if jobs_max == 0 {
        return None;
    }
    let command =
        ClaimJobs { worker, busy_teams, jobs_max, lease_for: engine.settings.lease_for, now: engine.clock.now() };
    let asked_at = Instant::now();
    match engine.store.claim(command).await {
        Ok(leases) => {
            for lease in leases {
                tracing::info!(job = %lease.spec.id, attempt = lease.attempt, cursor = lease.cursor, "job claimed");
                ring.push_back(HeldJob::new(lease, asked_at, engine));
            }
            None
        }
        Err(error) => {
            if !matches!(error, StoreError::Closing) {
                tracing::warn!(%error, "no jobs could be claimed");
            }
            Some(CLAIM_BACKOFF)
        }
    }
}

async fn release(engine: &Engine, held: HeldJob) {
    let job = held.job_id();
    engine.running_jobs.remove(job);
    if let Err(error) = engine.store.release(held.into_lease(), engine.clock.now()).await {
        tracing::warn!(%job, %error, "a job could not be given back; it is taken over when its lease is out");
    }
}
