//! What happens to jobs between admission and purge, as changes of [`State`].

use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, TeamId};
use refract_domain::import::job::{JobKind, JobState};
use refract_domain::import::plan::Purpose;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_domain::retention::is_expired;
use refract_store::{ApplyChunk, ChunkReceipt, ClaimJobs, Lease, Purge, Purged, StoreError};

use super::chunk::Rows;
use super::state::{Job, Staged, State};

impl State {
    /// The team's job.
    pub(super) fn job(&self, team_id: TeamId, job_id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.spec.id == job_id && job.spec.team_id == team_id)
    }

    /// The job of a lease, as long as the lease holds.
    pub(super) fn held(&mut self, lease: &Lease) -> Result<&mut Job, StoreError> {
        let mut jobs = self.jobs.iter_mut();
        let held = jobs.find(|job| job.spec.id == lease.spec.id && job.is_held_by(lease.attempt));
        held.ok_or(StoreError::LeaseLost)
    }

    pub(super) fn claim(&mut self, command: &ClaimJobs) -> Vec<Lease> {
        let mut busy = command.busy_teams.clone();
        let mut leases = Vec::new();
        self.jobs.sort_by_key(|job| job.spec.created_at);
        for job in &mut self.jobs {
            if leases.len() >= command.jobs_max || busy.contains(&job.spec.team_id) {
                continue;
            }
            match job.state {
                JobState::Queued => {}
                JobState::Running { .. } if job.lease_until <= command.now => job.bury(),
                JobState::Running { .. } | JobState::Complete { .. } | JobState::Failed { .. } => continue,
            }
            busy.push(job.spec.team_id);
            job.attempt += 1;
            job.state = JobState::Running { attempt: job.attempt };
            job.lease_until = command.now.plus(command.lease_for);
            job.updated_at = command.now;
            leases.push(job.lease());
        }
        leases
    }

    /// Carries one chunk out; see the verb for the order of things.
    pub(super) fn apply_chunk(&mut self, lease: &Lease, command: &ApplyChunk) -> Result<ChunkReceipt, StoreError> {
        let job = self.held(lease)?;
        if job.cursor() != lease.cursor {
            return Err(StoreError::LeaseLost);
        }
        if command.judged.first_row != lease.cursor || command.judged.end_row() > job.spec.total {
            return Err(StoreError::Internal("the chunk is not at the cursor".to_owned()));
        }
        let (spec, new_options_left) = (Arc::clone(&job.spec), NEW_OPTIONS_PER_JOB_MAX - job.options_made);
        let expected = match spec.kind {
            JobKind::Apply { of } => Some(self.expected(&spec, of, (lease.cursor, command.judged.end_row()))?),
            _ => None,
        };
        let rows = Rows {
            context: &command.context,
            judged: &command.judged,
            record_ids: spec.record_ids,
            new_options_left,
            now: command.now,
            job_id: Some(spec.id),
            purpose: Purpose::of(spec.kind, expected.as_deref()),
        };
        let plan = if spec.kind.is_dry_run() { self.draft_rows(&rows, &spec)? } else { self.write_rows(&rows)? };
        let job = self.held(lease)?;
        job.options_made += u32::try_from(plan.new_options.len()).unwrap_or(u32::MAX);
        job.outcomes.extend(plan.outcomes.into_iter().map(Arc::new));
        job.forecasts.extend(plan.forecasts);
        job.tally += plan.tally;
        job.forget_deaths();
        job.lease_until = command.now.plus(command.lease_for);
        job.updated_at = command.now;
        let complete = job.cursor() == job.spec.total;
        if complete {
            job.end(JobState::Complete { ended_at: command.now }, command.now);
        }
        Ok(ChunkReceipt { tally: job.tally, cursor: job.cursor(), complete })
    }

    pub(super) fn purge(&mut self, command: &Purge) -> Purged {
        let Purge { now, retention, batch_max } = *command;
        let is_undone = |id: JobId| {
            let undoes = |job: &Job| job.spec.kind.is_undo() && job.spec.kind.of() == Some(id) && !job.state_is_end();
            self.jobs.iter().any(undoes)
        };
        let is_applied = |id: JobId| self.jobs.iter().any(|job| job.spec.kind == JobKind::Apply { of: id });
        let is_past = |job: &Job| {
            let is_expired = is_expired(job.spec.created_at, job.state.ended_at(), retention, now);
            is_expired && !is_undone(job.spec.id) && !is_applied(job.spec.id)
        };
        let expired: Vec<JobId> =
            self.jobs.iter().filter(|job| is_past(job)).map(|job| job.spec.id).take(batch_max).collect();
        let mut drafts = 0;
        for job in self.jobs.iter_mut().filter(|job| job.state_is_end()) {
            drafts += std::mem::take(&mut job.draft).len();
        }
        self.jobs.retain(|job| !expired.contains(&job.spec.id));
        let images = self.images.len();
        self.images.retain(|(_, job_id, _), _| !expired.contains(job_id));
        let images = images - self.images.len();
        let process = self.process;
        // An upload without rows leaves nothing that could be lost.
        let is_lost = |staged: &Staged| staged.process != process && !staged.chunks.is_empty();
        let lost = self.uploads.iter().filter(|(_, staged)| is_lost(staged)).map(|(id, _)| *id);
        let lost: Vec<_> = lost.take(batch_max).collect();
        self.uploads.retain(|id, _| !lost.contains(id));
        let idempotency_keys = self.forget(now, batch_max);
        Purged { jobs: expired.len(), uploads: lost.len(), idempotency_keys, images, drafts }
    }
}

impl Job {
    /// Counts the death of the worker that let its lease run out.
    fn bury(&mut self) {
        self.deaths += 1;
        match self.note.take() {
            Some(row) if self.suspect_row == Some(row) => self.suspect_deaths += 1,
            Some(row) => (self.suspect_row, self.suspect_deaths) = (Some(row), 1),
            None => {}
        }
    }

    /// A commit has got past the place at which workers died.
    pub(super) fn forget_deaths(&mut self) {
        self.deaths = 0;
        self.suspect_row = None;
        self.suspect_deaths = 0;
        self.note = None;
    }

    /// The job goes back to the queue; nobody died.
    pub(super) fn give_back(&mut self, now: Timestamp) {
        self.state = JobState::Queued;
        self.deaths = 0;
        self.note = None;
        self.updated_at = now;
    }

    fn lease(&self) -> Lease {
        Lease {
            spec: Arc::clone(&self.spec),
            attempt: self.attempt,
            cursor: self.cursor(),
            tally: self.tally,
            deaths: self.deaths,
            suspect_row: self.suspect_row,
            suspect_deaths: self.suspect_deaths,
        }
    }
}
