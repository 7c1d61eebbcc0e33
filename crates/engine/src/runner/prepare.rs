//! Makes the next chunk of a job ready: its rows are read and judged.
//!
//! A row that brings the process down must not stop the job for ever. A panic is caught and its row rejected. Against
//! worse, rows are noted before they are judged once a worker has died at this cursor; the row that was noted at two
//! deaths, after three in all, is rejected unread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use refract_domain::error::{Fault, RowCode, RowError};
use refract_domain::import::duplicates::DuplicateRows;
use refract_domain::import::job::{JobError, JobErrorCode, JobKind, JobSpec};
use refract_domain::import::judge::{ContextError, JudgeContext};
use refract_domain::import::plan::Lookup;
use refract_domain::import::row::{JudgedChunk, JudgedRow, RawChunk};
use refract_store::{Keying, Lease, SharedStore, StoreError};

use super::duplicates::search_step;
use super::{HeldJob, JudgeChunk};
use tokio::time::Instant;

use crate::judging::{dry_run_context, judge_context, key_step};
use crate::{Engine, EngineError};

/// Deaths at one cursor after which a row is given up.
const DEATHS_MAX: u32 = 4;
/// Deaths in a row with the same row noted after which it is that row. Two could be chance where a note takes a round trip to
/// the database: a chunk that is judged warily then takes most of the life of a process that something else kills.
const SUSPECT_DEATHS_MAX: u32 = 3;

/// How often a lease is prolonged in its time while no chunk does it.
const PROLONGED_IN_A_LEASE: u32 = 3;

/// Rows read and judged at a time.
pub(super) const PIECE_ROWS_MAX: usize = 4_096;
/// Raw bytes read and judged at a time.
pub(super) const PIECE_BYTES_MAX: usize = 1 << 20;

/// What is reserved for a chunk at most, told by its first rows: of later ones that are not alike there may be none so large.
const ROOM_BYTES_MAX: usize = 64 << 20;
const ROOM_KEYS_MAX: usize = 1 << 20;

/// Most rows undone at once: the records that they name are all in memory, and large ones end a chunk sooner
/// ([`refract_store::UndoChunk::BYTES_MAX`]). Not fewer: keys lie in the order of their hashes, so a chunk visits pages all over
/// them, whatever its size.
const UNDO_ROWS_MAX: usize = 32_768;

/// A chunk ready to be carried out.
pub(super) enum ReadyChunk {
    /// Rows to apply, with what they were judged under and what the store must look up for them.
    Rows { context: Arc<JudgeContext>, judged: Arc<JudgedChunk>, lookup: Lookup },
    /// Rows of another job to undo, from the cursor on.
    Undo { first_row: u32, rows: u32 },
}

impl ReadyChunk {
    /// Judged rows with what the store must look up for them.
    pub(super) fn of(context: Arc<JudgeContext>, judged: JudgedChunk) -> Self {
        let lookup = Lookup::of(&context, &judged);
        Self::Rows { context, judged: Arc::new(judged), lookup }
    }

    /// The next rows of an undo.
    fn of_undo(spec: &JobSpec, wanted: Wanted) -> Self {
        let rows_max = u32::try_from(wanted.rows_max.min(UNDO_ROWS_MAX)).unwrap_or(u32::MAX);
        let rows = spec.total.saturating_sub(wanted.from_row).min(rows_max);
        Self::Undo { first_row: wanted.from_row, rows }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Rows { judged, .. } => judged.rows.len(),
            Self::Undo { rows, .. } => *rows as usize,
        }
    }

    /// The row after its last.
    pub(super) fn end_row(&self) -> u32 {
        match self {
            Self::Rows { judged, .. } => judged.end_row(),
            Self::Undo { first_row, rows } => first_row.saturating_add(*rows),
        }
    }
}

/// What preparing came to.
pub(super) enum Prepared {
    Chunk(ReadyChunk),
    /// The dedupe property is being keyed, or duplicates are looked for; one step of it was taken.
    Keying,
    /// The job cannot be carried through.
    Hopeless(JobError),
    /// Not now.
    Failed(StoreError),
    /// Another worker has the job.
    Lost,
}

/// Which rows to make ready.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) from_row: u32,
    pub(super) rows_max: usize,
    pub(super) bytes_max: usize,
}

/// What the next chunk of a job needs, apart from the lease, which may be in use for the chunk before.
pub(super) struct Errand {
    pub(super) store: SharedStore,
    spec: Arc<JobSpec>,
    context: Arc<JudgeContext>,
    judge: Arc<JudgeChunk>,
    /// Rows that yield to others of the same key.
    duplicates: Option<Arc<DuplicateRows>>,
    /// With the lease's bookkeeping of deaths.
    given_up_row: Option<u32>,
}

impl Errand {
    /// What the rows are judged under.
    pub(super) fn context(&self) -> &Arc<JudgeContext> {
        &self.context
    }

    /// The errand for a job whose context is known.
    pub(super) fn of(engine: &Engine, held: &HeldJob, judge: &Arc<JudgeChunk>) -> Option<Self> {
        Some(Self {
            store: Arc::clone(&engine.store),
            spec: Arc::clone(&held.lease.spec),
            context: Arc::clone(held.context.as_ref()?),
            judge: Arc::clone(judge),
            duplicates: held.duplicates.found(),
            given_up_row: given_up_row(&held.lease),
        })
    }

    /// Reads and judges rows, a piece at a time: what is raw is never more than a piece, and still in the processor's
    /// cache when it is judged. With a lease every row is noted before. The rows go into the room of an earlier chunk:
    /// memory touched for the first time is slow, and an allocator keeps what comes and goes in megabytes.
    pub(super) async fn prepare(self, wanted: Wanted, room: JudgedChunk, noted_for: Option<Noted<'_>>) -> Prepared {
        let errand = Arc::new(self);
        let started = Instant::now();
        let mut leased_since = started;
        let mut judged = room;
        judged.start_over(wanted.from_row, errand.context.schema().version);
        let mut bytes = 0;
        loop {
            let rows_max = (wanted.rows_max - judged.rows.len()).min(PIECE_ROWS_MAX);
            let raw = match errand.store.load_chunk(&errand.spec, judged.end_row(), rows_max, PIECE_BYTES_MAX).await {
                Ok(raw) => raw,
                Err(error) => return unreadable(error),
            };
            let piece = match noted_for {
                Some(Noted { engine, lease }) => {
                    if !prolong(engine, lease, &mut leased_since).await {
                        return Prepared::Lost;
                    }
                    Ok(tokio::task::block_in_place(|| errand.judge_noting(&raw, lease)))
                }
                None => apart(&errand, move |errand| errand.judge_or_isolate(&raw)).await,
            };
            match piece {
                Ok(piece) => {
                    bytes += piece.text.len() + bytes_of_faults(&piece);
                    errand.append(&mut judged, piece, wanted);
                }
                Err(error) => return Prepared::Failed(error),
            }
            let is_full = judged.rows.len() >= wanted.rows_max || bytes >= wanted.bytes_max;
            if is_full || judged.end_row() >= errand.spec.total {
                break;
            }
        }
        let ready = |errand: &Self| {
            if let Some(duplicates) = &errand.duplicates {
                duplicates.pass_over(&errand.context, &mut judged);
            }
            ReadyChunk::of(Arc::clone(&errand.context), judged)
        };
        match apart(&errand, ready).await {
            Ok(ready) => {
                let (rows, micros) = (ready.rows(), started.elapsed().as_micros());
                tracing::debug!(job = %errand.spec.id, rows, micros, "chunk made ready");
                Prepared::Chunk(ready)
            }
            Err(error) => Prepared::Failed(error),
        }
    }

    /// Adds a piece. The first one tells how much room the whole chunk will take: a buffer that grows is one copied.
    fn append(&self, judged: &mut JudgedChunk, piece: JudgedChunk, wanted: Wanted) {
        if judged.rows.is_empty() && !piece.rows.is_empty() {
            let rows_left = self.spec.total.saturating_sub(piece.first_row) as usize;
            let rows = rows_left.min(wanted.rows_max);
            let (bytes, keys) = room_for(rows, &piece);
            judged.rows.reserve_exact(rows);
            judged.text.reserve_exact(bytes.min(wanted.bytes_max.saturating_add(PIECE_BYTES_MAX)));
            judged.keys.reserve_exact(keys);
        }
        judged.append(piece);
    }

    pub(super) fn judge_or_isolate(&self, raw: &RawChunk) -> JudgedChunk {
        let whole = catch_unwind(AssertUnwindSafe(|| (self.judge)(&self.context, raw)));
        whole.unwrap_or_else(|_| self.judge_each(raw, |_| {}))
    }

    pub(super) fn judge_noting(&self, raw: &RawChunk, lease: &Lease) -> JudgedChunk {
        let judged = self.judge_each(raw, |row| self.store.suspect(lease, Some(row)));
        self.store.suspect(lease, None);
        judged
    }

    /// Judges row by row, so that a row that panics is rejected alone.
    fn judge_each(&self, raw: &RawChunk, before: impl Fn(u32)) -> JudgedChunk {
        let mut all = JudgedChunk::default();
        all.start_over(raw.first_row, self.context.schema().version);
        for (row, bytes) in (raw.first_row..).zip(raw.rows()) {
            if Some(row) == self.given_up_row {
                all.rows.push(crashed());
                continue;
            }
            before(row);
            let mut alone = RawChunk::starting_at(row);
            alone.push(bytes);
            match catch_unwind(AssertUnwindSafe(|| (self.judge)(&self.context, &alone))) {
                Ok(judged) => all.append(judged),
                Err(_) => all.rows.push(crashed()),
            }
        }
        all
    }
}

/// A lease in whose name rows are noted before they are judged.
#[derive(Clone, Copy)]
pub(super) struct Noted<'l> {
    engine: &'l Engine,
    lease: &'l Lease,
}

/// The bytes of text and the keys of so many rows like these, as far as room is made for them beforehand.
fn room_for(rows: usize, like: &JudgedChunk) -> (usize, usize) {
    let of_all = |of_these: usize| of_these.saturating_mul(rows) / like.rows.len().max(1);
    let bytes = of_all(like.text.len());
    (bytes.saturating_add(bytes / 32).min(ROOM_BYTES_MAX), of_all(like.keys.len()).min(ROOM_KEYS_MAX))
}

/// Makes the chunk at the lease's cursor ready, with all that a job needs before its first.
pub(super) async fn prepare_at_cursor(
    engine: &Engine,
    held: &mut HeldJob,
    judge: &Arc<JudgeChunk>,
    wanted: Wanted,
    room: JudgedChunk,
) -> Prepared {
    if held.lease.spec.kind.is_undo() {
        // Nothing to read or to judge: the store has it all.
        return Prepared::Chunk(ReadyChunk::of_undo(&held.lease.spec, wanted));
    }
    if !held.is_keyed {
        // What it matches by may have gone since it was admitted.
        if held.context.is_none()
            && let Err(hopeless_or_failed) = find_context(engine, held).await
        {
            return hopeless_or_failed;
        }
        let spec = &held.lease.spec;
        match key_step(&engine.store, &held.lease.caller(), spec.object_type, &spec.options).await {
            Ok(Keying::Ready) => {
                held.is_keyed = true;
                // The first step may have changed the schema.
                held.context = None;
            }
            Ok(Keying::Building) if holds_on(engine, held).await => return Prepared::Keying,
            // Another worker keys on. The fence of a chunk says so too, where a lost job is put down.
            Ok(Keying::Building) => {}
            Err(error) => return Prepared::Failed(error),
        }
    }
    if held.context.is_none()
        && let Err(hopeless_or_failed) = find_context(engine, held).await
    {
        return hopeless_or_failed;
    }
    if let Some(context) = &held.context {
        held.duplicates.begin_under(context);
    }
    let Some(errand) = Errand::of(engine, held, judge) else { return Prepared::Keying };
    if held.duplicates.are_missing(held.lease.spec.options.duplicates) {
        return match search_step(held, errand, engine.settings.duplicate_keys_max).await {
            Ok(()) if holds_on(engine, held).await => Prepared::Keying,
            Ok(()) => Prepared::Lost,
            Err(hopeless_or_failed) => hopeless_or_failed,
        };
    }
    if held.lease.spec.options.atomic
        && let Some(row) = errand.given_up_row
    {
        return Prepared::Hopeless(not_all(row));
    }
    let wanted = up_to_given_up_row(wanted, errand.given_up_row);
    let noted_for = held.is_wary().then_some(Noted { engine, lease: &held.lease });
    errand.prepare(wanted, room, noted_for).await
}

/// Prolongs the lease in good time, since no chunk does; `false` when another worker has the job.
async fn holds_on(engine: &Engine, held: &mut HeldJob) -> bool {
    prolong(engine, &held.lease, &mut held.leased_since).await
}

/// Prolongs a lease that has lasted since `leased_since`, if it is time; `false` when another worker has the job.
async fn prolong(engine: &Engine, lease: &Lease, leased_since: &mut Instant) -> bool {
    let lease_for = engine.settings.lease_for;
    if leased_since.elapsed() < lease_for / PROLONGED_IN_A_LEASE {
        return true;
    }
    let asked_at = Instant::now();
    match engine.store.prolong(lease, lease_for, engine.clock.now()).await {
        Ok(()) => *leased_since = asked_at,
        Err(StoreError::LeaseLost) => return false,
        // After the next step it is tried again.
        Err(error) => tracing::warn!(job = %lease.spec.id, %error, "the lease of a job could not be prolonged"),
    }
    true
}

/// What the errors of a chunk take: a row that is wrong all over is smaller than what is to be said of it.
fn bytes_of_faults(judged: &JudgedChunk) -> usize {
    let errors = judged.rows.iter().filter_map(|row| match row {
        JudgedRow::Faulty(error) => Some(error),
        JudgedRow::Skipped(_) | JudgedRow::Good(_) => None,
    });
    let faults = errors.flat_map(|error| error.faults());
    let texts = |fault: &Fault| {
        let more = [&fault.value, &fault.suggestion].into_iter().flatten().map(|text| text.len()).sum::<usize>();
        fault.field.len() + fault.message.len() + more
    };
    faults.map(|fault| size_of::<Fault>() + texts(fault)).sum()
}

/// Runs work that takes its time on a thread where it may.
pub(super) async fn apart<T: Send + 'static>(
    errand: &Arc<Errand>,
    work: impl FnOnce(&Errand) -> T + Send + 'static,
) -> Result<T, StoreError> {
    let errand = Arc::clone(errand);
    let done = tokio::task::spawn_blocking(move || work(&errand)).await;
    done.map_err(|error| StoreError::Internal(format!("judging did not end: {error}")))
}

async fn find_context(engine: &Engine, held: &mut HeldJob) -> Result<(), Prepared> {
    let spec = &held.lease.spec;
    let caller = held.lease.caller();
    let context = match spec.kind {
        JobKind::DryRun => dry_run_context(&engine.store, &caller, spec, held.freshness).await,
        _ => judge_context(&engine.store, &caller, spec.object_type, &spec.options, held.freshness).await,
    };
    match context {
        Ok(context) => {
            held.context = Some(context);
            held.freshness = refract_store::Freshness::Cached;
            Ok(())
        }
        Err(EngineError::Options(error)) => {
            let code = match error {
                ContextError::UnknownDedupeProperty { .. }
                | ContextError::NotAKey { .. }
                | ContextError::RuleWithoutKey { .. }
                | ContextError::DuplicatesByNewOptions { .. }
                | ContextError::UnknownWriteProperty { .. }
                | ContextError::NotAppendable { .. } => JobErrorCode::PropertyDeleted,
                ContextError::UnknownList(_)
                | ContextError::ListOfAnotherType { .. }
                | ContextError::StageWithoutList => JobErrorCode::ListDeleted,
            };
            Err(Prepared::Hopeless(JobError { code, message: error.to_string() }))
        }
        Err(EngineError::Store(error)) => Err(Prepared::Failed(error)),
        Err(other) => Err(Prepared::Failed(StoreError::Internal(other.to_string()))),
    }
}

/// Ends the chunk with the row that is given up. Its commit puts these deaths behind the job; were a second such row in
/// the same chunk, the two would be suspected in turn for ever.
fn up_to_given_up_row(wanted: Wanted, given_up_row: Option<u32>) -> Wanted {
    let rows_before = given_up_row.and_then(|row| row.checked_sub(wanted.from_row));
    let rows_max = rows_before.map_or(usize::MAX, |rows| rows as usize + 1);
    Wanted { rows_max: wanted.rows_max.min(rows_max), ..wanted }
}

/// The row that this lease gives up unread.
fn given_up_row(lease: &Lease) -> Option<u32> {
    let is_certain = lease.deaths >= DEATHS_MAX && lease.suspect_deaths >= SUSPECT_DEATHS_MAX;
    lease.suspect_row.filter(|_| is_certain)
}

/// A row of an import of all or nothing brings its judge down.
fn not_all(row: u32) -> JobError {
    let message = format!(
        "the import is all or nothing, and the server could not process row {row}; nothing was written. Check that row for \
         unusual content and report it"
    );
    JobError { code: JobErrorCode::Internal, message }
}

/// The verdict on a row that brings its judge down.
pub(super) fn crashed() -> JudgedRow {
    let message = "the server could not process this row and left it out; check it for unusual content and report it";
    JudgedRow::Faulty(Box::new(RowError::new("", RowCode::RowCrashed, message)))
}

pub(super) fn unreadable(error: StoreError) -> Prepared {
    let (code, message) = match &error {
        StoreError::StagedRowsLost(_) => (JobErrorCode::StorageLost, "the rows of this import are no longer stored"),
        StoreError::Corrupt(_) => (JobErrorCode::PayloadCorrupt, "the stored rows of this import cannot be read"),
        _ => return Prepared::Failed(error),
    };
    tracing::error!(%error, "staged rows cannot be read");
    Prepared::Hopeless(JobError { code, message: format!("{message}; send the rows without a result again") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(rows: usize, bytes: usize, keys: usize) -> JudgedChunk {
        JudgedChunk {
            rows: (0..rows).map(|_| crashed()).collect(),
            text: "x".repeat(bytes),
            keys: vec![refract_domain::key::KeyHash::from_bytes([0; 16]); keys],
            ..JudgedChunk::default()
        }
    }

    #[test]
    fn room_is_made_for_rows_like_the_first_but_not_for_any_number_of_large_ones() {
        assert_eq!(room_for(3_200, &like(100, 10_000, 200)), (330_000, 6_400));
        assert_eq!(room_for(100_000, &like(1, 1 << 20, 100_000)), (ROOM_BYTES_MAX, ROOM_KEYS_MAX));
        assert_eq!(room_for(0, &like(0, 0, 0)), (0, 0));
    }
}
