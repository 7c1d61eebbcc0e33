//! One chunk in the store's hands, the next one being made ready.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::TeamId;
use refract_domain::import::job::{JobError, JobErrorCode, JobKind, JobState};
use refract_domain::import::row::JudgedChunk;
use refract_store::{ApplyChunk, ChunkReceipt, StoreError, UndoChunk};
use tokio::time::Instant;

use super::held::HeldJob;
use super::lanes::OneOfLanes;
use super::prepare::{Errand, Prepared, ReadyChunk, Wanted, crashed, prepare_at_cursor};
use super::{JudgeChunk, release};
use crate::Engine;
use crate::chunk_size::ChunkSize;

/// For how long a job may fail before it is ended.
const FAILING_MAX: Duration = Duration::from_secs(24 * 3600);

/// The lane in which chunks go to the store, one at a time.
pub(super) struct Lane {
    engine: Arc<Engine>,
    judge: Arc<JudgeChunk>,
    /// The other lanes.
    pub(super) beside: OneOfLanes,
    size: ChunkSize,
    /// The job whose chunk is next, with the chunk.
    in_hand: Option<(HeldJob, ReadyChunk)>,
    /// Buffers of chunks that were applied, to be filled again.
    spare: Vec<JudgedChunk>,
}

impl Lane {
    pub(super) fn new(engine: Arc<Engine>, judge: Arc<JudgeChunk>, beside: OneOfLanes) -> Self {
        let settings = &engine.settings;
        let size =
            ChunkSize::new(settings.chunk_rows_max, settings.chunk_time_alone, settings.chunk_time_while_waited_for);
        Self { engine, judge, beside, size, in_hand: None, spare: Vec::new() }
    }

    /// The team whose job is in the lane rather than in the ring.
    pub(super) fn team_in_hand(&self) -> Option<TeamId> {
        self.in_hand.as_ref().map(|(held, _)| held.team_id())
    }

    /// Does the next piece of work; `false` when there is none at present.
    pub(super) async fn turn(&mut self, ring: &mut VecDeque<HeldJob>) -> bool {
        let next = take_due(ring);
        match (self.in_hand.take(), next) {
            (None, None) => {
                self.rest();
                false
            }
            (None, Some(mut held)) => {
                let room = self.room();
                self.beside.is_at(Some(held.served));
                let prepared = self.prepare(&mut held, room).await;
                self.place(held, prepared, ring).await;
                true
            }
            (Some((held, chunk)), Some(next)) => {
                self.apply_beside_other(held, chunk, next, ring).await;
                true
            }
            (Some((held, chunk)), None) => {
                self.apply_beside_same(held, chunk, ring).await;
                true
            }
        }
    }

    /// Gives the job in hand back to the ring, its chunk undone: nothing of it has reached the store.
    pub(super) async fn finish(&mut self, ring: &mut VecDeque<HeldJob>) {
        if let Some((held, _)) = self.in_hand.take() {
            ring.push_back(held);
        }
    }

    async fn apply_beside_other(
        &mut self,
        mut held: HeldJob,
        chunk: ReadyChunk,
        mut next: HeldJob,
        ring: &mut VecDeque<HeldJob>,
    ) {
        let (rows, cursor) = (chunk.rows(), held.lease.cursor);
        let room = self.room();
        self.beside.take_turn(held.served).await;
        let started = Instant::now();
        let ((applied, spare), prepared) =
            tokio::join!(apply(&self.engine, &mut held, chunk), self.prepare(&mut next, room));
        self.spare.extend(spare);
        self.saw(done(&held, cursor, rows), started.elapsed());
        if let Some(held) = self.settle(held, applied, rows).await {
            ring.push_back(held);
        }
        self.place(next, prepared, ring).await;
    }

    async fn apply_beside_same(&mut self, mut held: HeldJob, chunk: ReadyChunk, ring: &mut VecDeque<HeldJob>) {
        let (rows, end_row, cursor) = (chunk.rows(), chunk.end_row(), held.lease.cursor);
        let may_look_ahead = end_row < held.lease.spec.total && !held.is_wary() && end_row >= held.one_by_one_until;
        let errand = Errand::of(&self.engine, &held, &self.judge).filter(|_| may_look_ahead);
        let room = self.room();
        let wanted = self.wanted(&held, end_row, self.size.rows());
        let ahead = async {
            let errand = errand?;
            Some(errand.prepare(wanted, room, None).await)
        };
        self.beside.take_turn(held.served).await;
        let started = Instant::now();
        let ((applied, spare), ahead) = tokio::join!(apply(&self.engine, &mut held, chunk), ahead);
        self.spare.extend(spare);
        self.saw(done(&held, cursor, rows), started.elapsed());
        let Some(held) = self.settle(held, applied, rows).await else { return };
        match ahead {
            Some(Prepared::Chunk(ready)) if is_next(&held, &ready) => self.in_hand = Some((held, ready)),
            // Whatever else was found ahead will be found again at the cursor.
            _ => ring.push_front(held),
        }
    }

    fn saw(&mut self, rows: usize, took: Duration) {
        self.size.saw(rows, took, self.engine.store.small_writes_waited() + self.beside.gave_way());
    }

    fn wanted(&self, held: &HeldJob, from_row: u32, rows_max: usize) -> Wanted {
        if held.lease.spec.options.atomic {
            // All or nothing is one transaction.
            return Wanted { from_row, rows_max: usize::MAX, bytes_max: usize::MAX };
        }
        let (rows_max, bytes_max) = (rows_max.min(held.rows_max), self.engine.settings.chunk_bytes_max);
        if held.lease.spec.kind.is_dry_run() {
            // What a chunk leaves behind is in memory a second time, with what is said of its rows.
            return Wanted { from_row, rows_max: rows_max.div_ceil(2), bytes_max: bytes_max / 2 };
        }
        Wanted { from_row, rows_max, bytes_max }
    }

    /// Nothing to do: the room of the last chunks is not worth keeping.
    fn rest(&mut self) {
        self.beside.is_at(None);
        if self.spare.is_empty() {
            return;
        }
        self.spare = Vec::new();
        if let Some(when_idle) = self.engine.settings.when_idle {
            tokio::task::spawn_blocking(when_idle);
        }
    }

    fn room(&mut self) -> JudgedChunk {
        self.spare.pop().unwrap_or_default()
    }

    async fn prepare(&self, held: &mut HeldJob, room: JudgedChunk) -> Prepared {
        let cursor = held.lease.cursor;
        let rows_max = if cursor < held.one_by_one_until { 1 } else { self.size.rows() };
        let wanted = self.wanted(held, cursor, rows_max);
        prepare_at_cursor(&self.engine, held, &self.judge, wanted, room).await
    }

    /// Takes a job with what was made ready for it into the lane, or deals with what stood in the way.
    async fn place(&mut self, held: HeldJob, prepared: Prepared, ring: &mut VecDeque<HeldJob>) {
        match prepared {
            Prepared::Chunk(ready) => self.in_hand = Some((held, ready)),
            Prepared::Keying => ring.push_back(held),
            Prepared::Hopeless(error) => end(&self.engine, held, error).await,
            Prepared::Lost => put_down(&self.engine, &held),
            Prepared::Failed(error) => {
                let job = held.job_id();
                tracing::warn!(%job, %error, "the next rows of a job could not be read; trying again");
                if let Some(held) = pause(&self.engine, held, &error).await {
                    ring.push_back(held);
                }
            }
        }
    }

    /// What a chunk that was applied, or was not, means for its job; `None` when the job is out of our hands.
    async fn settle(
        &mut self,
        mut held: HeldJob,
        applied: Result<ChunkReceipt, StoreError>,
        rows: usize,
    ) -> Option<HeldJob> {
        let error = match applied {
            Ok(receipt) => {
                held.advanced(&receipt, &self.engine);
                if receipt.complete {
                    tracing::info!(job = %held.job_id(), tally = ?receipt.tally, "job complete");
                    return None;
                }
                return Some(held);
            }
            Err(error) => error,
        };
        match error {
            StoreError::SchemaChanged => {
                held.forget_schema();
                Some(held)
            }
            StoreError::ChunkTooLarge if held.lease.spec.options.atomic => {
                let message = "the records that these rows meet are too large together to be changed at once; nothing was \
                               written. Send fewer rows, or leave out options.atomic";
                end(&self.engine, held, JobError { code: JobErrorCode::Internal, message: message.into() }).await;
                None
            }
            StoreError::ChunkTooLarge if rows > 1 => {
                tracing::debug!(job = %held.job_id(), rows, "the records of a chunk are too large together; fewer rows");
                held.rows_max = rows / 2;
                Some(held)
            }
            StoreError::LeaseLost => {
                put_down(&self.engine, &held);
                None
            }
            StoreError::OutcomeUnknown(_) => read_back(&self.engine, held).await,
            StoreError::Corrupt(_) if matches!(held.lease.spec.kind, JobKind::Apply { .. }) => {
                tracing::error!(job = %held.job_id(), %error, "what a dry run said cannot be read");
                let message = "what the dry run said cannot be read; send the rows without a result again";
                end(&self.engine, held, JobError { code: JobErrorCode::PayloadCorrupt, message: message.into() }).await;
                None
            }
            StoreError::Internal(_) if held.lease.spec.options.atomic => {
                tracing::error!(job = %held.job_id(), %error, "rows that are all or nothing could not be applied");
                let message =
                    "the server could not write these rows, which are all or nothing; nothing was written".into();
                end(&self.engine, held, JobError { code: JobErrorCode::Internal, message }).await;
                None
            }
            StoreError::Internal(_) if rows > 1 => {
                tracing::error!(job = %held.job_id(), %error, "a chunk could not be applied; its rows are tried one by one");
                held.one_by_one_until = held.lease.cursor.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
                Some(held)
            }
            StoreError::Internal(_) if !held.lease.spec.kind.is_undo() => self.reject_row(held, error).await,
            transient => {
                tracing::warn!(job = %held.job_id(), error = %transient, "a chunk could not be applied; trying again");
                pause(&self.engine, held, &transient).await
            }
        }
    }

    /// A single row that the store cannot apply is rejected; the job goes on.
    async fn reject_row(&self, mut held: HeldJob, error: StoreError) -> Option<HeldJob> {
        let context = held.context.clone()?;
        let judged = JudgedChunk {
            first_row: held.lease.cursor,
            schema_version: context.schema().version,
            rows: vec![crashed()],
            ..JudgedChunk::default()
        };
        tracing::error!(job = %held.job_id(), row = held.lease.cursor, %error, "a row could not be applied");
        match apply(&self.engine, &mut held, ReadyChunk::of(context, judged)).await.0 {
            Ok(receipt) => {
                held.advanced(&receipt, &self.engine);
                (!receipt.complete).then_some(held)
            }
            Err(again) => pause(&self.engine, held, &again).await,
        }
    }
}

/// How many rows of a chunk were carried out: fewer than it has where the store cut it; all where it failed.
fn done(held: &HeldJob, cursor: u32, rows: usize) -> usize {
    match held.lease.cursor.saturating_sub(cursor) {
        0 => rows,
        done => done as usize,
    }
}

fn take_due(ring: &mut VecDeque<HeldJob>) -> Option<HeldJob> {
    let now = Instant::now();
    let place = ring.iter().position(|held| held.is_due(now))?;
    ring.remove(place)
}

fn is_next(held: &HeldJob, ready: &ReadyChunk) -> bool {
    // Nothing is made ready ahead for an undo.
    let ReadyChunk::Rows { judged, .. } = ready else { return false };
    let is_current = held.context.as_ref().is_some_and(|context| context.schema().version == judged.schema_version);
    is_current && judged.first_row == held.lease.cursor
}

/// Has a chunk carried out; gives back its buffers too, unless the store still holds them.
async fn apply(
    engine: &Engine,
    held: &mut HeldJob,
    chunk: ReadyChunk,
) -> (Result<ChunkReceipt, StoreError>, Option<JudgedChunk>) {
    let (rows, started) = (chunk.rows(), Instant::now());
    let (lease_for, now) = (engine.settings.lease_for, engine.clock.now());
    let (applied, spare) = match chunk {
        ReadyChunk::Rows { context, judged, lookup } => {
            let command = ApplyChunk { context, judged: Arc::clone(&judged), lookup, lease_for, now };
            (engine.store.apply_chunk(&mut held.lease, command).await, Arc::into_inner(judged))
        }
        ReadyChunk::Undo { rows, .. } => {
            let command = UndoChunk { rows_max: rows as usize, lease_for, now };
            (engine.store.undo_chunk(&mut held.lease, command).await, None)
        }
    };
    held.served += started.elapsed();
    if applied.is_ok() {
        held.leased_since = started;
    }
    tracing::debug!(job = %held.job_id(), rows, micros = started.elapsed().as_micros(), "chunk applied");
    (applied, spare)
}

/// Another worker has the job.
fn put_down(engine: &Engine, held: &HeldJob) {
    tracing::info!(job = %held.job_id(), "another worker has the job");
    engine.running_jobs.remove(held.job_id());
}

/// Pauses a failing job, or ends it when it has been failing for a day.
async fn pause(engine: &Engine, mut held: HeldJob, error: &StoreError) -> Option<HeldJob> {
    let failing_ms = held.failed(engine.clock.now());
    if matches!(error, StoreError::Closing) {
        return Some(held);
    }
    if u128::try_from(failing_ms).unwrap_or(0) < FAILING_MAX.as_millis() {
        return Some(held);
    }
    let message = "the store has not been able to carry this import on for a day; send the rows without a result again";
    end(engine, held, JobError { code: JobErrorCode::Internal, message: message.into() }).await;
    None
}

async fn end(engine: &Engine, held: HeldJob, error: JobError) {
    let job = held.job_id();
    let code = error.code.name();
    engine.running_jobs.remove(job);
    match engine.store.fail(held.into_lease(), error, engine.clock.now()).await {
        Ok(()) => tracing::error!(%job, code, "job failed"),
        // Whoever has it may have finished it, and dropped the rows that were missed here.
        Err(StoreError::LeaseLost) => tracing::info!(%job, code, "another worker has the job"),
        Err(store_error) => {
            tracing::warn!(%job, code, error = %store_error, "the failure of a job could not be kept; it will be found again");
        }
    }
}

/// After a commit whose answer was lost: the job's cursor tells whether it happened.
async fn read_back(engine: &Engine, mut held: HeldJob) -> Option<HeldJob> {
    let job = held.job_id();
    match engine.store.snapshot(&held.lease.caller(), job).await {
        Ok(Some(snapshot)) if snapshot.state == (JobState::Running { attempt: held.lease.attempt }) => {
            held.lease.cursor = snapshot.cursor;
            held.lease.tally = snapshot.tally;
            Some(held)
        }
        Ok(_) => {
            tracing::info!(%job, "another worker has the job, or it has ended");
            engine.running_jobs.remove(job);
            None
        }
        Err(error) => {
            tracing::warn!(%job, %error, "whether a chunk was committed is not known yet; giving the job back");
            release(engine, held).await;
            None
        }
    }
}
