//! The verbs of an import.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordIdSpace};
use refract_domain::import::forecast;
use refract_domain::import::job::{JobError, JobErrorCode, JobSnapshot, JobSpec, JobState};
use refract_domain::import::listing::{JobFilter, JobPlace};
use refract_domain::import::outcome::encode;
use refract_domain::import::plan::Purpose;
use refract_domain::import::row::RawChunk;
use refract_domain::import::tally::Tally;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{
    AdmitJob, Answered, ApplyChunk, Caller, ChunkReceipt, ClaimJobs, IdempotencyClaim, Idempotent, ImportVerbs,
    InlineImport, InlineReport, KeptAnswer, Lease, OutcomePiece, Purge, Purged, SchemaVerbs, StoreError, Upload,
};
use uuid::Uuid;

use super::MemoryStore;
use super::chunk::Rows;
use super::dry_run::Draft;
use super::state::{Job, Staged};

/// Outcomes given back at once.
const PIECE_ROWS_MAX: usize = 1_000;

#[async_trait]
impl ImportVerbs for MemoryStore {
    async fn begin(&self, _caller: &Caller) -> Result<Upload, StoreError> {
        self.transaction(|state| {
            state.uploads_begun += 1;
            let id = Uuid::from_u64_pair(state.process, state.uploads_begun);
            state.uploads.insert(id, Staged { process: state.process, chunks: Vec::new() });
            Ok(Upload { id })
        })
    }

    async fn stage_chunk(&self, upload: &Upload, chunk: RawChunk) -> Result<RawChunk, StoreError> {
        self.transaction(|state| {
            let staged = state.uploads.get_mut(&upload.id);
            let staged = staged.ok_or_else(|| StoreError::Internal("no such upload".to_owned()))?;
            if staged.chunks.last().map_or(0, |last| last.end_row()) != chunk.first_row {
                return Err(StoreError::Internal("the chunk does not follow the one before".to_owned()));
            }
            staged.chunks.push(Arc::new(chunk.clone()));
            Ok(chunk)
        })
    }

    async fn admit(&self, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError> {
        let AdmitJob { caller, job_id, kind, object_type, options, upload, now, idempotent } = command;
        self.transaction(|state| {
            let staged = state.uploads.remove(&upload.id);
            let staged = staged.ok_or_else(|| StoreError::Internal("no such upload".to_owned()))?;
            state.once(&caller, idempotent, now, |within| {
                let spec = JobSpec {
                    id: job_id,
                    kind,
                    team_id: caller.team_id,
                    key_id: caller.key_id,
                    object_type,
                    options,
                    total: staged.chunks.last().map_or(0, |last| last.end_row()),
                    record_ids: RecordIdSpace {
                        created_ms: now.millis(),
                        first_index: 0,
                        source: self.key_hasher().record_id_source(job_id),
                    },
                    created_at: now,
                };
                within.jobs.push(queued(spec.clone(), staged.chunks));
                Ok(spec)
            })
        })
    }

    async fn abandon(&self, upload: Upload) -> Result<(), StoreError> {
        self.transaction(|state| {
            state.uploads.remove(&upload.id);
            Ok(())
        })
    }

    async fn apply_inline(&self, command: InlineImport) -> Result<Answered<InlineReport>, StoreError> {
        let InlineImport { caller, context, judged, source, now, idempotent } = command;
        let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source };
        let new_options_left = NEW_OPTIONS_PER_JOB_MAX;
        let purpose = Purpose::Write;
        let rows =
            Rows { context: &context, judged: &judged, record_ids, new_options_left, now, job_id: None, purpose };
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                let plan = within.write_rows(&rows)?;
                Ok(InlineReport { record_ids, outcomes: plan.outcomes, tally: plan.tally, created_at: now })
            })
        })
    }

    async fn keep_answer(
        &self,
        caller: &Caller,
        claim: IdempotencyClaim,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<Answered<()>, StoreError> {
        let idempotent = Idempotent { claim, render: Arc::new(move |()| answer.clone()) };
        self.transaction(|state| state.once(caller, Some(idempotent), now, |_| Ok(())))
    }

    async fn claim(&self, command: ClaimJobs) -> Result<Vec<Lease>, StoreError> {
        self.transaction(|state| Ok(state.claim(&command)))
    }

    async fn release(&self, lease: Lease, now: Timestamp) -> Result<(), StoreError> {
        self.transaction(|state| {
            if let Ok(job) = state.held(&lease) {
                job.give_back(now);
            }
            Ok(())
        })
    }

    async fn prolong(&self, lease: &Lease, lease_for: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.transaction(|state| {
            state.held(lease)?.lease_until = now.plus(lease_for);
            Ok(())
        })
    }

    async fn load_chunk(
        &self,
        spec: &JobSpec,
        from_row: u32,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<RawChunk, StoreError> {
        let staged =
            self.read(|state| state.job(spec.team_id, spec.kind.rows_of(spec.id)).map(|job| job.chunks.clone()))?;
        let staged = staged.ok_or_else(|| StoreError::StagedRowsLost("no such job".to_owned()))?;
        let mut loaded = RawChunk::starting_at(from_row);
        let rows = staged.iter().flat_map(|chunk| (chunk.first_row..).zip(chunk.rows()));
        for (_, raw) in rows.skip_while(|(row, _)| *row < from_row) {
            let is_full = loaded.len() >= rows_max || loaded.bytes.len() >= bytes_max;
            if is_full && !loaded.is_empty() {
                break;
            }
            loaded.push(raw);
        }
        if loaded.is_empty() && from_row < spec.total {
            return Err(StoreError::StagedRowsLost("the job has ended".to_owned()));
        }
        Ok(loaded)
    }

    fn suspect(&self, lease: &Lease, row: Option<u32>) {
        if let Ok(job) = self.lock().held(lease) {
            job.note = row;
        }
    }

    async fn apply_chunk(&self, lease: &mut Lease, command: ApplyChunk) -> Result<ChunkReceipt, StoreError> {
        let receipt = self.transaction(|state| state.apply_chunk(lease, &command))?;
        lease.cursor = receipt.cursor;
        lease.tally = receipt.tally;
        lease.deaths = 0;
        lease.suspect_row = None;
        lease.suspect_deaths = 0;
        Ok(receipt)
    }

    async fn fail(&self, lease: Lease, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.transaction(|state| {
            state.held(&lease)?.end(JobState::Failed { ended_at: now, error }, now);
            Ok(())
        })
    }

    async fn cancel(&self, caller: &Caller, job_id: JobId, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(|state| {
            let mut jobs = state.jobs.iter_mut();
            let job = jobs.find(|job| job.spec.id == job_id && job.spec.team_id == caller.team_id);
            let Some(job) = job.filter(|job| job.state.ended_at().is_none()) else { return Ok(false) };
            let message = "the import was cancelled; rows written before stay".to_owned();
            let error = JobError { code: JobErrorCode::Cancelled, message };
            job.end(JobState::Failed { ended_at: now, error }, now);
            Ok(true)
        })
    }

    async fn snapshot(&self, caller: &Caller, job_id: JobId) -> Result<Option<JobSnapshot>, StoreError> {
        self.read(|state| state.job(caller.team_id, job_id).map(Job::snapshot))
    }

    async fn jobs(
        &self,
        caller: &Caller,
        filter: &JobFilter,
        after: JobPlace,
        jobs_max: u32,
    ) -> Result<Vec<JobSnapshot>, StoreError> {
        self.read(|state| {
            let mine = state.jobs.iter().filter(|job| job.spec.team_id == caller.team_id).map(Job::snapshot);
            let mut found: Vec<_> = mine.filter(|job| filter.holds(job) && JobPlace::of(job) < after).collect();
            found.sort_by_key(|job| std::cmp::Reverse(JobPlace::of(job)));
            found.truncate(jobs_max as usize);
            found
        })
    }

    async fn results(&self, caller: &Caller, job_id: JobId, from_row: u32) -> Result<Option<OutcomePiece>, StoreError> {
        self.read(|state| {
            let job = state.job(caller.team_id, job_id)?;
            let rest = job.outcomes.get(from_row as usize..).filter(|rest| !rest.is_empty())?;
            let piece: Vec<_> = rest.iter().take(PIECE_ROWS_MAX).map(|outcome| outcome.as_ref().clone()).collect();
            let mut encoded = Vec::new();
            encode(&piece, &mut encoded);
            let rows = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let forecasts = job.forecasts.get(from_row as usize..).unwrap_or_default();
            let mut forecast = Vec::new();
            forecasts.iter().take(piece.len()).for_each(|one| forecast::encode(one, &mut forecast));
            Some(OutcomePiece { first_row: from_row, rows, encoded, forecast })
        })
    }

    async fn unfinished_jobs(&self, caller: &Caller) -> Result<u32, StoreError> {
        self.read(|state| {
            let mine = state.jobs.iter().filter(|job| job.spec.team_id == caller.team_id);
            let unfinished = mine.filter(|job| job.state.ended_at().is_none()).count();
            u32::try_from(unfinished).unwrap_or(u32::MAX)
        })
    }

    async fn purge(&self, command: Purge) -> Result<Purged, StoreError> {
        self.transaction(|state| Ok(state.purge(&command)))
    }
}

/// A job that was just admitted.
pub(super) fn queued(spec: JobSpec, chunks: Vec<Arc<RawChunk>>) -> Job {
    let created_at = spec.created_at;
    Job {
        spec: Arc::new(spec),
        state: JobState::Queued,
        chunks,
        attempt: 0,
        lease_until: created_at,
        outcomes: Vec::new(),
        forecasts: Vec::new(),
        draft: Draft::default(),
        tally: Tally::default(),
        options_made: 0,
        deaths: 0,
        suspect_row: None,
        suspect_deaths: 0,
        note: None,
        updated_at: created_at,
    }
}
