//! Runs jobs: claims them, and carries out their chunks round robin over the teams.
//!
//! A lane has one chunk in the store's hands at a time; meanwhile the next one is read and judged, so that the store never
//! waits for the judge. Memory is bounded by the two chunks this takes, whatever the number of jobs and their sizes. The
//! order is that of a ring of held jobs, at most one a team: every team with work gets a chunk before any gets a second.
//! Where the store can carry out several chunks beside each other there are as many lanes, each with teams of its own, so
//! that a team whose job comes later need not wait for the chunk of another.
//!
//! Must not know how rows are judged or written, nor hold anything that a restart would miss: all there is to know of a
//! job lies in the store, and a lost lease only means that somebody else goes on.

mod duplicates;
mod held;
mod lane;
mod lanes;
mod prepare;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::judge::JudgeContext;
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_store::{ClaimJobs, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Engine;
use held::HeldJob;
use lane::Lane;
use lanes::Lanes;

/// Judges the rows of a chunk; [`refract_domain::import::judge::judge_chunk`] but in tests of crashes.
pub type JudgeChunk = dyn Fn(&JudgeContext, &RawChunk) -> JudgedChunk + Send + Sync;

/// How long the runner leaves the store alone after it failed to answer a claim.
const CLAIM_BACKOFF: Duration = Duration::from_secs(1);

/// Starts as many lanes as the store has use for; they run jobs until `stopped` turns true, then give back those they hold.
pub(crate) fn start(
    engine: &Arc<Engine>,
    judge: &Arc<JudgeChunk>,
    stopped: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let count = engine.store.chunks_at_once().max(1);
    let lanes = Lanes::new(count);
    let run_lane = |number| {
        let lane = Lane::new(Arc::clone(engine), Arc::clone(judge), lanes.lane(number));
        tokio::spawn(run(Arc::clone(engine), lane, stopped.clone()))
    };
    let mut tasks: Vec<_> = (0..count).map(run_lane).collect();
    tasks.push(tokio::spawn(pass_hints_on(Arc::clone(engine), stopped.clone())));
    tasks
}

/// Tells the lanes what the store has heard from other nodes.
async fn pass_hints_on(engine: Arc<Engine>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        tokio::select! {
            () = engine.store.work_hint() => engine.work_hints.send_modify(|hints| *hints += 1),
            _ = stopped.changed() => {}
        }
    }
}

async fn run(engine: Arc<Engine>, mut lane: Lane, mut stopped: watch::Receiver<bool>) {
    let worker = engine.ids.random_uuid();
    let mut ring: VecDeque<HeldJob> = VecDeque::new();
    let mut hints = engine.work_hints.subscribe();
    let mut look_at = Instant::now();
    while !*stopped.borrow() {
        // Seen before looking: a hint that comes between the look and the wait ends the wait.
        let was_hinted = hints.has_changed().unwrap_or(false);
        hints.mark_unchanged();
        if was_hinted || Instant::now() >= look_at {
            let looked = claim_into(&engine, worker, &lane, &mut ring).await;
            look_at = Instant::now() + looked.unwrap_or(engine.settings.poll_every);
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
            _ = hints.changed() => look_at = Instant::now(),
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

/// Claims what there is room for, one job at a time where several lanes look, so that each gets some; gives back when to
/// look again, if not after the usual time.
async fn claim_into(engine: &Engine, worker: Uuid, lane: &Lane, ring: &mut VecDeque<HeldJob>) -> Option<Duration> {
    let own_teams = ring.iter().map(HeldJob::team_id).chain(lane.team_in_hand());
    let mut claiming = lane.beside.claim(own_teams.collect()).await;
    let busy_teams = claiming.busy_teams();
    let room = engine.settings.jobs_held_max.saturating_sub(busy_teams.len());
    let jobs_max = if claiming.is_only_lane() { room } else { room.min(1) };
    if jobs_max == 0 {
        return None;
    }
    let command =
        ClaimJobs { worker, busy_teams, jobs_max, lease_for: engine.settings.lease_for, now: engine.clock.now() };
    let asked_at = Instant::now();
    match engine.store.claim(command).await {
        Ok(leases) => {
            // Another team's job may be waiting behind the only one that was asked for.
            let look_again = (jobs_max < room && !leases.is_empty()).then_some(Duration::ZERO);
            for lease in leases {
                tracing::info!(job = %lease.spec.id, attempt = lease.attempt, cursor = lease.cursor, "job claimed");
                let held = HeldJob::new(lease, asked_at, engine);
                claiming.add(held.team_id());
                ring.push_back(held);
            }
            look_again
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
