//! The verbs of an import, in the order in which an import meets them. Each is one transaction.

use std::sync::Arc;
use std::time::Duration;
use std::{iter, slice};

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordIdSpace, TeamId};
use refract_domain::import::forecast::{self, Forecast};
use refract_domain::import::job::{JobError, JobKind, JobSnapshot, JobSpec};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::listing::{JobFilter, JobPlace};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::{Outcome, decode, encode};
use refract_domain::import::plan::{Lookup, Purpose};
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;
use uuid::Uuid;

use crate::caller::Caller;
use crate::dry_run::DRAFTS_PURGED_MAX;
use crate::error::StoreError;
use crate::idempotency::{Answered, IdempotencyClaim, Idempotent, KeptAnswer};
use crate::lease::Lease;

/// An upload in progress. Its rows are invisible until [`ImportVerbs::admit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Names the staged rows inside the store.
    pub id: Uuid,
}

/// Makes an upload's rows a job.
pub struct AdmitJob {
    /// Who.
    pub caller: Caller,
    /// The job's public id, from the engine's id source.
    pub job_id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// The type of the records.
    pub object_type: ObjectType,
    /// What was asked.
    pub options: ImportOptions,
    /// The staged rows.
    pub upload: Upload,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<JobSpec>>,
}

/// A small import, judged, to be matched and written at once.
pub struct InlineImport {
    /// Who.
    pub caller: Caller,
    /// What the rows were judged under.
    pub context: Arc<JudgeContext>,
    /// The rows.
    pub judged: JudgedChunk,
    /// A random value that keys the record ids.
    pub source: Uuid,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<InlineReport>>,
}

/// What came of an inline import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineReport {
    /// Where the created records' ids come from.
    pub record_ids: RecordIdSpace,
    /// One outcome a row.
    pub outcomes: Vec<Outcome>,
    /// Their sums.
    pub tally: Tally,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Which jobs a worker can take.
#[derive(Debug, Clone)]
pub struct ClaimJobs {
    /// Names the worker, for people who look into the database.
    pub worker: Uuid,
    /// Teams of which the worker already holds a job; a worker holds one job a team.
    pub busy_teams: Vec<TeamId>,
    /// At most this many jobs.
    pub jobs_max: usize,
    /// How long others leave the job alone, counted by the database's clock where there are several nodes.
    pub lease_for: Duration,
    /// The present.
    pub now: Timestamp,
}

/// Carries out one chunk.
pub struct ApplyChunk {
    /// What the rows were judged under.
    pub context: Arc<JudgeContext>,
    /// The rows; they start at the lease's cursor. Shared, so that whoever had them judged can fill their buffers again
    /// once the store has let go of them, which it has when it answers.
    pub judged: Arc<JudgedChunk>,
    /// [`Lookup::of`] these rows. Made beforehand: a store with one writer must not spend its time on it.
    pub lookup: Lookup,
    /// How much longer the lease holds from now on.
    pub lease_for: Duration,
    /// The present.
    pub now: Timestamp,
}

impl ApplyChunk {
    /// How large the records may be together that the rows of a chunk meet, where they must be read.
    pub const FOUND_BYTES_MAX: usize = 40 << 20;
    /// The same of rows that are all or nothing, which cannot be cut: an import of larger ones ends.
    pub const FOUND_BYTES_MAX_OF_ALL: usize = 512 << 20;

    /// What a store must refuse ([`StoreError::ChunkTooLarge`]) of these rows should the records that they meet be larger, those
    /// of a draft counted by themselves; `chunk_max` is what it holds of a chunk that can be cut, half of it where what the rows
    /// leave behind is in memory too. A single row has no bound.
    #[must_use]
    pub fn found_bytes_max(
        context: &JudgeContext,
        judged: &JudgedChunk,
        purpose: Purpose<'_>,
        chunk_max: usize,
    ) -> usize {
        match (judged.rows.len(), context.options().atomic) {
            (0 | 1, _) => usize::MAX,
            (_, true) => Self::FOUND_BYTES_MAX_OF_ALL,
            (_, false) if purpose == Purpose::DryRun => chunk_max / 2,
            (_, false) => chunk_max,
        }
    }

    /// Refuses rows that do not begin at the job's cursor, go beyond its total, or end without being its last although
    /// there are none. For backends; who calls it otherwise has made a mistake.
    pub fn check_place(&self, cursor: u32, total: u32) -> Result<(), StoreError> {
        let (first, end) = (self.judged.first_row, self.judged.end_row());
        if first != cursor || end > total || (self.judged.rows.is_empty() && end < total) {
            return Err(StoreError::Internal(format!("rows {first} to {end} at cursor {cursor} of {total}")));
        }
        Ok(())
    }
}

/// What one chunk came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkReceipt {
    /// The counters of the whole job after this chunk.
    pub tally: Tally,
    /// The cursor after this chunk.
    pub cursor: u32,
    /// Whether this was the last chunk, so that the job is complete and the lease is over.
    pub complete: bool,
}

/// Consecutive outcomes in their stored form (`refract_domain::import::outcome::decode`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomePiece {
    /// Index of the first row.
    pub first_row: u32,
    /// How many rows.
    pub rows: u32,
    /// Their outcomes, encoded.
    pub encoded: Vec<u8>,
    /// Of a dry run what else it says of each row (`refract_domain::import::forecast::decode`); otherwise nothing.
    pub forecast: Vec<u8>,
}

impl OutcomePiece {
    /// Rows whose outcomes lie together, at most.
    pub const ROWS_MAX: u32 = 4_096;

    /// The size in bytes at which a piece ends. Connections to a database keep room for the largest message that they
    /// ever carried, so that pieces of rows that all failed at length must not be large.
    pub const BYTES_ENOUGH: usize = 256 << 10;

    /// The pieces of the outcomes of a chunk whose first row is this, with what a dry run says of each row. For backends.
    pub fn of_chunk(first_row: u32, outcomes: &[Outcome], forecasts: &[Forecast]) -> impl Iterator<Item = Self> {
        let (mut next_row, mut rest, mut forecasts) = (first_row, outcomes, forecasts.iter());
        iter::from_fn(move || {
            let likely_bytes = rest.len().min(Self::ROWS_MAX as usize);
            let encoded = Vec::with_capacity(likely_bytes);
            let mut piece = Self { first_row: next_row, rows: 0, encoded, forecast: Vec::new() };
            while piece.rows < Self::ROWS_MAX
                && piece.encoded.len() + piece.forecast.len() < Self::BYTES_ENOUGH
                && let Some((outcome, after)) = rest.split_first()
            {
                encode(slice::from_ref(outcome), &mut piece.encoded);
                if let Some(forecast) = forecasts.next() {
                    forecast::encode(forecast, &mut piece.forecast);
                }
                piece.rows += 1;
                rest = after;
            }
            next_row = next_row.saturating_add(piece.rows);
            (piece.rows > 0).then_some(piece)
        })
    }

    /// The outcomes of the rows `from_row..end_row` out of consecutive pieces that hold them. For backends.
    pub fn rows_of(pieces: &[Self], from_row: u32, end_row: u32) -> Result<Vec<Outcome>, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("outcomes of rows {from_row} to {end_row}"));
        let mut outcomes = Vec::with_capacity(end_row.saturating_sub(from_row) as usize);
        for piece in pieces {
            for (row, outcome) in (piece.first_row..).zip(decode(&piece.encoded)) {
                let outcome = outcome.ok_or_else(corrupt)?;
                if (from_row..end_row).contains(&row) {
                    outcomes.push(outcome);
                }
            }
        }
        if outcomes.len() == end_row.saturating_sub(from_row) as usize { Ok(outcomes) } else { Err(corrupt()) }
    }
}

/// What is old enough to go.
#[derive(Debug, Clone, Copy)]
pub struct Purge {
    /// The present.
    pub now: Timestamp,
    /// How long ended jobs are kept (see `refract_domain::retention`).
    pub retention: Duration,
    /// At most this many of each kind in one transaction.
    pub batch_max: usize,
}

/// At most this many images of records go in one transaction; see [`Purged::images`].
pub const IMAGES_PURGED_MAX: usize = 20_000;

/// What a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Expired jobs, with their outcomes and staged rows.
    pub jobs: usize,
    /// Staged rows that no job claims and no upload of this process is writing.
    pub uploads: usize,
    /// Idempotency keys past their time, and kept answers that are no longer replayed.
    pub idempotency_keys: usize,
    /// What expired jobs kept of records in case they were undone; it goes before its job, and the job with the last of it.
    pub images: usize,
    /// What dry runs that have ended had drafted.
    pub drafts: usize,
}

impl Purged {
    /// Whether any kind filled its batch, so that another purge finds more.
    #[must_use]
    pub const fn is_full(&self, batch_max: usize) -> bool {
        self.jobs >= batch_max
            || self.uploads >= batch_max
            || self.idempotency_keys >= batch_max
            || self.images >= IMAGES_PURGED_MAX
            || self.drafts >= DRAFTS_PURGED_MAX
    }
}

/// The verbs of an import.
#[async_trait]
pub trait ImportVerbs {
    /// Opens an upload.
    async fn begin(&self, caller: &Caller) -> Result<Upload, StoreError>;

    /// Appends rows to an upload; the chunk starts where the one before ended. Gives the chunk back to be filled again.
    async fn stage_chunk(&self, upload: &Upload, chunk: RawChunk) -> Result<RawChunk, StoreError>;

    /// Makes an upload's rows durable and, in one commit, visible as a queued job together with the idempotency answer.
    /// The total is what was staged; zero rows make a job that completes when it is claimed and its empty chunk applied.
    /// On any answer but `Fresh`, and on an error that says it did not happen, the staged rows are removed.
    async fn admit(&self, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError>;

    /// Drops an upload and its rows.
    async fn abandon(&self, upload: Upload) -> Result<(), StoreError>;

    /// Matches and writes a small import, with its idempotency answer, in one commit.
    /// [`StoreError::SchemaChanged`] when the rows were judged under another version.
    async fn apply_inline(&self, command: InlineImport) -> Result<Answered<InlineReport>, StoreError>;

    /// Keeps the answer of a request that had no effect, such as a 400. `Fresh(())` when it is kept now.
    async fn keep_answer(
        &self,
        caller: &Caller,
        claim: IdempotencyClaim,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<Answered<()>, StoreError>;

    /// Takes runnable jobs: queued, or their lease is over. Oldest first, at most one a team, none of a busy team.
    async fn claim(&self, command: ClaimJobs) -> Result<Vec<Lease>, StoreError>;

    /// Gives a job back, queued, as on shutdown: this is no death. A lost lease is no error.
    async fn release(&self, lease: Lease, now: Timestamp) -> Result<(), StoreError>;

    /// Prolongs a lease from now on while a job does work that no chunk commits, such as keying its property.
    /// [`StoreError::LeaseLost`] when another worker has the job, or it has ended.
    async fn prolong(&self, lease: &Lease, lease_for: Duration, now: Timestamp) -> Result<(), StoreError>;

    /// Reads staged rows from `from_row` on: at least one unless `from_row` is the job's total, at most `rows_max`, and
    /// no further row once `bytes_max` is reached. Needs no lease, so that the next chunk can be read while one is
    /// applied. Once the job has ended the rows are there for as long as the job is, if some did not get in
    /// (`refract_domain::import::job::keeps_rows`). [`StoreError::StagedRowsLost`] or `Corrupt` when that cannot be.
    async fn load_chunk(
        &self,
        spec: &JobSpec,
        from_row: u32,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<RawChunk, StoreError>;

    /// Notes that `row` is about to be judged after a worker died here, or with `None` that judging is over.
    ///
    /// Called for row after row, so it must be cheap: the note has to outlive the process, not a power cut. It is
    /// best effort; the next [`claim`](Self::claim) reads it into [`Lease::suspect_row`].
    fn suspect(&self, lease: &Lease, row: Option<u32>);

    /// Carries out one chunk: fence (attempt and cursor), claim keys, plan, write, outcomes, tally, cursor; the last one
    /// also completes the job. A dry run drafts what an import would write, and a job that applies one writes what it said.
    /// [`StoreError::SchemaChanged`] when the rows were judged under another version, or without options that a dry run has
    /// drafted meanwhile; [`StoreError::ChunkTooLarge`] when the records that they meet are more than
    /// [`ApplyChunk::FOUND_BYTES_MAX`] and there are fewer rows to try with. [`StoreError::LeaseLost`] when the fence finds another attempt or cursor; then, as on
    /// every other error, nothing is written. On success the lease stands at the new cursor.
    async fn apply_chunk(&self, lease: &mut Lease, command: ApplyChunk) -> Result<ChunkReceipt, StoreError>;

    /// Ends a job that cannot be carried through. Records and outcomes written so far stay.
    async fn fail(&self, lease: Lease, error: JobError, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a job at its caller's wish. `false` when there is none of the team's, or it has ended.
    async fn cancel(&self, caller: &Caller, job_id: JobId, now: Timestamp) -> Result<bool, StoreError>;

    /// One consistent read of a job; `None` when the team has none of this id. Expiry is the engine's to judge.
    async fn snapshot(&self, caller: &Caller, job_id: JobId) -> Result<Option<JobSnapshot>, StoreError>;

    /// The team's jobs after a place, the newest first, at most `jobs_max`; ended ones too for as long as they are there.
    /// Expiry is the engine's to judge.
    async fn jobs(
        &self,
        caller: &Caller,
        filter: &JobFilter,
        after: JobPlace,
        jobs_max: u32,
    ) -> Result<Vec<JobSnapshot>, StoreError>;

    /// The piece of outcomes that begins at or holds `from_row`; `None` when no row from there on has an outcome.
    /// Callers pass `first_row + rows` of the last piece; a piece is at most a few thousand rows.
    async fn results(&self, caller: &Caller, job_id: JobId, from_row: u32) -> Result<Option<OutcomePiece>, StoreError>;

    /// How many jobs of the caller's team have not ended.
    async fn unfinished_jobs(&self, caller: &Caller) -> Result<u32, StoreError>;

    /// Removes what is past its time, in a bounded batch; may run twice, anywhere.
    async fn purge(&self, command: Purge) -> Result<Purged, StoreError>;

    /// How many small writes (inline imports, single records, admissions, …) have had to wait behind a chunk since the
    /// store was opened. It only grows; a worker that sees it grow makes its chunks smaller. Stores whose chunks make
    /// nobody wait answer 0.
    fn small_writes_waited(&self) -> u64 {
        0
    }

    /// How many chunks the store carries out beside each other, of jobs of different teams. A store with one writer does
    /// one after the other.
    fn chunks_at_once(&self) -> usize {
        1
    }

    /// Waits for a hint that there may be a job to claim, admitted or given back by any process. A hint may be missed and
    /// may come for nothing: whoever waits also looks from time to time. Stores that only one process has open never
    /// give one: that process knows what it admits.
    async fn work_hint(&self) {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use refract_domain::error::{RowCode, RowError};

    use super::*;

    #[test]
    fn pieces_follow_each_other_and_end_by_rows_or_by_bytes() {
        let made = vec![Outcome::Created { given_id: None }; 5_000];
        let cut: Vec<_> = OutcomePiece::of_chunk(7, &made, &[]).map(|piece| (piece.first_row, piece.rows)).collect();
        assert_eq!(cut, [(7, 4_096), (4_103, 904)]);

        let failed = Outcome::Rejected(Box::new(RowError::new("", RowCode::InvalidRow, "x".repeat(1_000))));
        let failed = vec![failed; 1_000];
        let pieces: Vec<_> = OutcomePiece::of_chunk(0, &failed, &[]).collect();
        assert!(pieces.len() > 3, "{} pieces", pieces.len());
        assert!(pieces.iter().all(|piece| piece.encoded.len() < OutcomePiece::BYTES_ENOUGH + 2_000));
        assert_eq!(OutcomePiece::rows_of(&pieces, 0, 1_000).unwrap(), failed);
        assert_eq!(OutcomePiece::of_chunk(0, &[], &[]).count(), 0);
    }
}
