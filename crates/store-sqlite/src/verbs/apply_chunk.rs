//! `apply_chunk`: carries out one chunk of a job.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::forecast::{Expected, Forecast};
use refract_domain::import::job::{JobKind, JobSpec, keeps_rows};
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::plan::Purpose;
use refract_domain::import::tally::Tally;
use refract_domain::limits::NEW_OPTIONS_PER_JOB_MAX;
use refract_store::{ApplyChunk, ChunkReceipt, Lease, OutcomePiece, StoreError};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::chunk::{Drafted, NumberedIds, Rows, Undoable, carry_out, draft};
use crate::error::{Failure, Outcome};
use crate::job;
use crate::numbers::{first_number, id_space};
use crate::store::{Shared, SqliteStore, end_of_rows};
use crate::team::require_team;
use crate::verbs::results::outcome_piece;
use crate::writer::{Lane, WriteContext};

const FENCE: &str = include_str!("../sql/apply_chunk_fence.sql");
const OUTCOMES: &str = include_str!("../sql/apply_chunk_outcomes.sql");
const ADVANCE: &str = include_str!("../sql/apply_chunk_advance.sql");
const DRY_RUN: &str = include_str!("../sql/apply_dry_run.sql");
const EXPECTED: &str = include_str!("../sql/apply_expected.sql");
const COMPLETE: &str = include_str!("../sql/apply_chunk_complete.sql");

/// See [`refract_store::ImportVerbs::apply_chunk`].
#[tracing::instrument(
    name = "store.apply_chunk",
    skip_all,
    fields(job_id = %lease.spec.id, first_row = command.judged.first_row, rows = command.judged.rows.len())
)]
pub(crate) async fn apply_chunk(
    store: &SqliteStore,
    lease: &mut Lease,
    command: ApplyChunk,
) -> Result<ChunkReceipt, StoreError> {
    let shared = Arc::clone(&store.shared);
    let held = Held::of(lease);
    let receipt =
        store.threads.writer.write(Lane::Chunk, move |write| write_chunk(write, &shared, &held, &command)).await?;
    lease.advance(&receipt);
    Ok(receipt)
}

/// What the lease says, for the writer's thread.
pub(super) struct Held {
    pub(super) spec: Arc<JobSpec>,
    pub(super) attempt: u32,
    pub(super) cursor: u32,
}

impl Held {
    pub(super) fn of(lease: &Lease) -> Self {
        Self { spec: Arc::clone(&lease.spec), attempt: lease.attempt, cursor: lease.cursor }
    }
}

/// The job as the fence finds it.
pub(super) struct Fenced {
    pub(super) job_no: i64,
    pub(super) tally: Tally,
    pub(super) new_options_made: u32,
    staged: Option<Uuid>,
}

fn write_chunk(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    held: &Held,
    command: &ApplyChunk,
) -> Outcome<ChunkReceipt> {
    let ApplyChunk { context, judged, lookup, now, .. } = command;
    let cursor = judged.end_row();
    command.check_place(held.cursor, held.spec.total)?;
    let fenced = fence(write.connection, held, *now, command.lease_for)?;
    let first_number = first_number(&held.spec.record_ids)?;
    let expected = match held.spec.kind {
        JobKind::Apply { of } => Some(expected(write.connection, shared, held, of, cursor)?),
        JobKind::Import | JobKind::Retry { .. } | JobKind::Undo { .. } | JobKind::DryRun => None,
    };
    let rows = Rows {
        context,
        judged,
        lookup,
        team: require_team(write.connection, held.spec.team_id)?,
        ids: NumberedIds { space: held.spec.record_ids, first_number },
        new_options_left: NEW_OPTIONS_PER_JOB_MAX.saturating_sub(fenced.new_options_made),
        now: *now,
        undoable: Some(Undoable { job_no: fenced.job_no, job_id: held.spec.id }),
        purpose: Purpose::of(held.spec.kind, expected.as_deref()),
    };
    let plan = if held.spec.kind.is_dry_run() {
        draft(write.connection, &rows, &Drafted { job_no: fenced.job_no, options: fenced.new_options_made })?
    } else {
        carry_out(write, shared, &rows)?
    };
    let new_options = u32::try_from(plan.new_options.len()).unwrap_or(u32::MAX);
    let (outcomes, forecasts) = (plan.outcomes.as_slice(), plan.forecasts.as_slice());
    let done = Done { cursor, outcomes, forecasts, tally: plan.tally, new_options, now: *now };
    advance(write, shared, held, &fenced, &done)
}

/// What the dry run that the job applies said of its next rows.
fn expected(connection: &Connection, shared: &Shared, held: &Held, of: JobId, end_row: u32) -> Outcome<Vec<Expected>> {
    if held.cursor >= end_row {
        return Ok(Vec::new());
    }
    let team_no = require_team(connection, held.spec.team_id)?.team_no;
    let mut statement = connection.prepare_cached(DRY_RUN)?;
    let found = statement.query_row((team_no, of.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let gone = || Failure::corrupt(format!("job {of}, which is being applied, is gone"));
    let (job_no, first_number, total): (i64, i64, u32) = found.optional()?.ok_or_else(gone)?;
    let first = held.cursor.saturating_sub(OutcomePiece::ROWS_MAX - 1);
    let mut statement = connection.prepare_cached(EXPECTED)?;
    let pieces = statement.query_map((job_no, first, end_row - 1), outcome_piece)?;
    let pieces: Vec<OutcomePiece> = pieces.collect::<rusqlite::Result<_>>()?;
    let ids = id_space(first_number, shared.hasher.record_id_source(of));
    let rows = (held.cursor, end_row);
    Ok(OutcomePiece::expected_of(&pieces, rows, (&ids, total), &held.spec.record_ids)?)
}

/// What a chunk has come to.
pub(super) struct Done<'a> {
    /// Where the next one begins.
    pub(super) cursor: u32,
    pub(super) outcomes: &'a [RowOutcome],
    /// What else a dry run says of each row.
    pub(super) forecasts: &'a [Forecast],
    /// The sums of the outcomes.
    pub(super) tally: Tally,
    /// Options made.
    pub(super) new_options: u32,
    pub(super) now: Timestamp,
}

/// Moves a fenced job on, and completes it with its last row.
pub(super) fn advance(
    write: &mut WriteContext<'_>,
    shared: &Arc<Shared>,
    held: &Held,
    fenced: &Fenced,
    done: &Done<'_>,
) -> Outcome<ChunkReceipt> {
    let Done { cursor, now, .. } = *done;
    let total = held.spec.total;
    write_outcomes(write.connection, fenced.job_no, held.cursor, done)?;
    let mut tally = fenced.tally;
    tally += done.tally;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    write.connection.prepare_cached(ADVANCE)?.execute((
        fenced.job_no,
        cursor,
        count(tally.created),
        count(tally.existing + tally.skipped),
        count(tally.updated),
        count(tally.rejected),
        fenced.new_options_made.saturating_add(done.new_options),
        count(tally.skipped),
    ))?;
    let (notes, job_id) = (Arc::clone(shared), held.spec.id);
    write.after_commit(move || notes.notes.forget(job_id));
    let complete = cursor == total;
    if complete {
        let keeps_rows = keeps_rows(held.spec.kind, &tally, total);
        write.connection.prepare_cached(COMPLETE)?.execute((fenced.job_no, now.0, keeps_rows))?;
        end_of_rows(write, &shared.staged, fenced.staged, keeps_rows);
    }
    Ok(ChunkReceipt { tally, cursor, complete })
}

/// Finds the job where the lease says it is, and prolongs the lease from `now` on.
pub(super) fn fence(connection: &Connection, held: &Held, now: Timestamp, lease_for: Duration) -> Outcome<Fenced> {
    let mut statement = connection.prepare_cached(FENCE)?;
    let lease_until = now.plus(lease_for);
    let parameters = (held.spec.id.as_bytes(), held.attempt, held.cursor, lease_until.0, now.0);
    let mut rows = statement.query(parameters)?;
    let row = rows.next()?.ok_or(StoreError::LeaseLost)?;
    let fenced = Fenced {
        job_no: row.get("job_no")?,
        tally: job::tally(row)?,
        new_options_made: row.get("new_options_made")?,
        staged: job::staged(row)?,
    };
    // The update is done once the statement says that there is no further row.
    while rows.next()?.is_some() {}
    Ok(fenced)
}

fn write_outcomes(connection: &Connection, job_no: i64, first_row: u32, done: &Done<'_>) -> Outcome<()> {
    let mut statement = connection.prepare_cached(OUTCOMES)?;
    for piece in OutcomePiece::of_chunk(first_row, done.outcomes, done.forecasts) {
        let forecast = Some(piece.forecast).filter(|forecast| !forecast.is_empty());
        statement.execute((job_no, piece.first_row, piece.rows, piece.encoded, forecast))?;
    }
    Ok(())
}
