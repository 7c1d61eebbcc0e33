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
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::chunk::{Drafted, Rows, carry_out, draft};
use crate::error::{Failure, Outcome, column};
use crate::job::{self, int4, number};
use crate::staged::{drop_staged, release};
use crate::store::{PostgresStore, millis};
use crate::team::require_team;
use crate::transaction::Transaction;
use crate::verbs::results::outcome_piece;

const FENCE: &str = include_str!("../sql/apply_chunk_fence.sql");
const OUTCOMES: &str = include_str!("../sql/apply_chunk_outcomes.sql");
const ADVANCE: &str = include_str!("../sql/apply_chunk_advance.sql");
const DRY_RUN: &str = include_str!("../sql/apply_dry_run.sql");
const EXPECTED: &str = include_str!("../sql/apply_expected.sql");
const COMPLETE: &str = include_str!("../sql/apply_chunk_complete.sql");

/// Outcomes that are sent together: nearly always all of a chunk. A connection keeps room for its largest message.
const STATEMENT_BYTES_ENOUGH: usize = 1 << 20;

/// See [`refract_store::ImportVerbs::apply_chunk`].
#[tracing::instrument(
    name = "store.apply_chunk",
    skip_all,
    fields(job_id = %lease.spec.id, first_row = command.judged.first_row, rows = command.judged.rows.len())
)]
pub(crate) async fn apply_chunk(
    store: &PostgresStore,
    lease: &mut Lease,
    command: ApplyChunk,
) -> Result<ChunkReceipt, StoreError> {
    let held = Held::of(lease);
    let applied = store
        .write((held, command), |transaction, (held, command)| Box::pin(write_chunk(transaction, held, command)))
        .await?;
    let Applied { receipt, team_no, staged } = applied;
    lease.advance(&receipt);
    store.shared.notes.forget(lease.spec.id);
    if let Err(error) = drop_staged(&store.shared, team_no, staged).await {
        tracing::warn!(job_id = %lease.spec.id, %error, "staged rows are left to the purge");
    }
    Ok(receipt)
}

/// What the lease says, for the transaction's task.
pub(super) struct Held {
    pub(super) spec: Arc<JobSpec>,
    attempt: u32,
    pub(super) cursor: u32,
}

impl Held {
    pub(super) fn of(lease: &Lease) -> Self {
        Self { spec: Arc::clone(&lease.spec), attempt: lease.attempt, cursor: lease.cursor }
    }
}

/// The job as the fence finds it.
pub(super) struct Fenced {
    tally: Tally,
    new_options_made: u32,
    staged: Option<Uuid>,
}

/// What was committed, and the staged rows that are of no use any more.
pub(super) struct Applied {
    pub(super) receipt: ChunkReceipt,
    team_no: i64,
    staged: Option<Uuid>,
}

async fn write_chunk(transaction: &mut Transaction, held: &Held, command: &ApplyChunk) -> Outcome<Applied> {
    let ApplyChunk { context, judged, lookup, now, .. } = command;
    let cursor = judged.end_row();
    command.check_place(held.cursor, held.spec.total)?;
    let team_no = require_team(transaction, held.spec.team_id).await?;
    let fenced = fence(transaction, team_no, held, *now, command.lease_for).await?;
    let expected = match held.spec.kind {
        JobKind::Apply { of } => Some(expected(transaction, team_no, held, of, cursor).await?),
        JobKind::Import | JobKind::Retry { .. } | JobKind::Undo { .. } | JobKind::DryRun => None,
    };
    let rows = Rows {
        context,
        judged,
        lookup,
        team_no,
        ids: held.spec.record_ids,
        new_options_left: NEW_OPTIONS_PER_JOB_MAX.saturating_sub(fenced.new_options_made),
        now: *now,
        job_id: Some(held.spec.id),
        purpose: Purpose::of(held.spec.kind, expected.as_deref()),
    };
    let plan = if held.spec.kind.is_dry_run() {
        draft(transaction, &rows, &Drafted { job_id: held.spec.id, options: fenced.new_options_made }).await?
    } else {
        carry_out(transaction, &rows).await?
    };
    let new_options = u32::try_from(plan.new_options.len()).unwrap_or(u32::MAX);
    let (outcomes, forecasts) = (plan.outcomes.as_slice(), plan.forecasts.as_slice());
    let done = Done { cursor, outcomes, forecasts, tally: plan.tally, new_options, now: *now };
    advance(transaction, team_no, held, &fenced, &done).await
}

/// What the dry run that the job applies said of its next rows.
async fn expected(
    transaction: &mut Transaction,
    team_no: i64,
    held: &Held,
    of: JobId,
    end_row: u32,
) -> Outcome<Vec<Expected>> {
    if held.cursor >= end_row {
        return Ok(Vec::new());
    }
    let team_id = held.spec.team_id.0;
    let named = [(&team_no as _, Type::INT8), (&of.0 as _, Type::UUID), (&team_id as _, Type::UUID)];
    let row = transaction.query_opt(DRY_RUN, &named).await?;
    let row = row.ok_or_else(|| Failure::corrupt(format!("job {of}, which is being applied, is gone")))?;
    let dry_run = job::spec(&row, &transaction.shared.hasher)?;
    let first = int4(held.cursor.saturating_sub(OutcomePiece::ROWS_MAX - 1))?;
    let last = int4(end_row - 1)?;
    let named =
        [(&team_no as _, Type::INT8), (&of.0 as _, Type::UUID), (&first as _, Type::INT4), (&last as _, Type::INT4)];
    let pieces = transaction.query(EXPECTED, &named).await?;
    let pieces: Vec<OutcomePiece> = pieces.iter().map(outcome_piece).collect::<Outcome<_>>()?;
    let (rows, ids) = ((held.cursor, end_row), (&dry_run.record_ids, dry_run.total));
    Ok(OutcomePiece::expected_of(&pieces, rows, ids, &held.spec.record_ids)?)
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
pub(super) async fn advance(
    transaction: &mut Transaction,
    team_no: i64,
    held: &Held,
    fenced: &Fenced,
    done: &Done<'_>,
) -> Outcome<Applied> {
    let Done { cursor, now, .. } = *done;
    let total = held.spec.total;
    write_outcomes(transaction, team_no, held, done).await?;
    let mut tally = fenced.tally;
    tally += done.tally;
    let new_options_made = fenced.new_options_made.saturating_add(done.new_options);
    write_cursor(transaction, team_no, held, cursor, &tally, new_options_made).await?;
    let (complete, keeps_rows) = (cursor == total, keeps_rows(held.spec.kind, &tally, total));
    if complete {
        let parameters = [
            (&team_no as _, Type::INT8),
            (&held.spec.id.0 as _, Type::UUID),
            (&now.0 as _, Type::INT8),
            (&keeps_rows as _, Type::BOOL),
        ];
        transaction.execute(COMPLETE, &parameters).await?;
    }
    let staged = fenced.staged.filter(|_| complete && !keeps_rows);
    release(transaction, team_no, staged).await?;
    Ok(Applied { receipt: ChunkReceipt { tally, cursor, complete }, team_no, staged })
}

/// Finds the job where the lease says it is, and prolongs the lease from `now` on.
pub(super) async fn fence(
    transaction: &mut Transaction,
    team_no: i64,
    held: &Held,
    now: Timestamp,
    lease_for: Duration,
) -> Outcome<Fenced> {
    let (attempt, cursor) = (int4(held.attempt)?, int4(held.cursor)?);
    let (present, lease_for) = (transaction.shared.present(now), millis(lease_for));
    let parameters = [
        (&team_no as _, Type::INT8),
        (&held.spec.id.0 as _, Type::UUID),
        (&attempt as _, Type::INT4),
        (&cursor as _, Type::INT4),
        (&present as _, Type::INT8),
        (&lease_for as _, Type::INT8),
        (&now.0 as _, Type::INT8),
    ];
    let row = transaction.query_opt(FENCE, &parameters).await?.ok_or(StoreError::LeaseLost)?;
    Ok(Fenced {
        tally: job::tally(&row)?,
        new_options_made: number(&row, "new_options_made")?,
        staged: column(&row, "staged")?,
    })
}

async fn write_outcomes(transaction: &mut Transaction, team_no: i64, held: &Held, done: &Done<'_>) -> Outcome<()> {
    let mut pieces = OutcomePiece::of_chunk(held.cursor, done.outcomes, done.forecasts).peekable();
    while pieces.peek().is_some() {
        let (mut first_rows, mut counts, mut encoded, mut forecasts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0;
        while bytes < STATEMENT_BYTES_ENOUGH
            && let Some(piece) = pieces.next()
        {
            first_rows.push(int4(piece.first_row)?);
            counts.push(int4(piece.rows)?);
            bytes += piece.encoded.len() + piece.forecast.len();
            encoded.push(piece.encoded);
            forecasts.push(Some(piece.forecast).filter(|forecast| !forecast.is_empty()));
        }
        let parameters = [
            (&team_no as _, Type::INT8),
            (&held.spec.id.0 as _, Type::UUID),
            (&first_rows as _, Type::INT4_ARRAY),
            (&counts as _, Type::INT4_ARRAY),
            (&encoded as _, Type::BYTEA_ARRAY),
            (&forecasts as _, Type::BYTEA_ARRAY),
        ];
        transaction.execute(OUTCOMES, &parameters).await?;
    }
    Ok(())
}

async fn write_cursor(
    transaction: &mut Transaction,
    team_no: i64,
    held: &Held,
    cursor: u32,
    tally: &Tally,
    new_options_made: u32,
) -> Outcome<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (created, existing) = (count(tally.created), count(tally.existing + tally.skipped));
    let (updated, rejected, skipped) = (count(tally.updated), count(tally.rejected), count(tally.skipped));
    let (cursor, new_options_made) = (int4(cursor)?, int4(new_options_made)?);
    let parameters = [
        (&team_no as _, Type::INT8),
        (&held.spec.id.0 as _, Type::UUID),
        (&cursor as _, Type::INT4),
        (&created as _, Type::INT8),
        (&existing as _, Type::INT8),
        (&updated as _, Type::INT8),
        (&rejected as _, Type::INT8),
        (&new_options_made as _, Type::INT4),
        (&skipped as _, Type::INT8),
    ];
    transaction.execute(ADVANCE, &parameters).await?;
    Ok(())
}
