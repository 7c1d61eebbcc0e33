//! What every write of judged rows has in common, be it a chunk of a job, an inline import or a single record: check the
//! schema, find what the rows speak of, plan, write the plan.
//!
//! Purely mechanical: every decision is made in `refract_domain::import::plan`. The order of locks is always that of
//! the steps: the team's schema, then keys by hash, then records by id, then keys that records take or give up.

mod copying;
mod drafting;
mod finding;
mod images;
mod writing;

pub(crate) use drafting::{Drafted, draft, option as drafted_option};
pub(crate) use finding::values_in_list;

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordId, RecordIdSpace};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::plan::{ChunkPlan, Lookup, PlanInput, Purpose, plan_chunk};
use refract_domain::import::row::{JudgedChunk, JudgedRow};
use refract_domain::object_type::ObjectType;
use refract_store::{ApplyChunk, StoreError};
use tokio::runtime::{Handle, RuntimeFlavor};
use tracing::{Instrument, debug_span};

use crate::error::Outcome;
use crate::team::{SchemaUse, lock_schema};
use crate::transaction::Transaction;

/// Rows from which on planning is long enough to tell the runtime of it.
const LONG_ROWS: usize = 1_000;

/// Judged rows about to be written.
pub(crate) struct Rows<'a> {
    pub(crate) context: &'a JudgeContext,
    pub(crate) judged: &'a JudgedChunk,
    pub(crate) lookup: &'a Lookup,
    pub(crate) team_no: i64,
    /// Where new records get their ids.
    pub(crate) ids: RecordIdSpace,
    pub(crate) new_options_left: u32,
    pub(crate) now: Timestamp,
    /// The job that the rows are of, if they are of one.
    pub(crate) job_id: Option<JobId>,
    /// What is to become of them.
    pub(crate) purpose: Purpose<'a>,
}

/// Records are in memory more often than in an embedded store: also in the buffers of a connection, on their way in and out.
const FOUND_BYTES_MAX: usize = ApplyChunk::FOUND_BYTES_MAX / 3;

impl Rows<'_> {
    /// Refuses rows of a job whose records are too large to be read together.
    fn check_found(&self, bytes: i64) -> Outcome<()> {
        let most = ApplyChunk::found_bytes_max(self.context, self.judged, self.purpose, FOUND_BYTES_MAX);
        let fits = usize::try_from(bytes).is_ok_and(|bytes| bytes <= most);
        if fits { Ok(()) } else { Err(StoreError::ChunkTooLarge.into()) }
    }

    fn object_type(&self) -> ObjectType {
        self.context.type_schema().object_type
    }

    /// The id of the record that this row makes, should it make one: the row's own if it carries one.
    fn record_id(&self, row: u32) -> RecordId {
        self.given_id(row).unwrap_or_else(|| self.ids.record_id(row))
    }

    /// Whether this row carries the id of its record.
    fn has_own_id(&self, row: u32) -> bool {
        self.given_id(row).is_some()
    }

    fn given_id(&self, row: u32) -> Option<RecordId> {
        let place = row.checked_sub(self.judged.first_row).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.judged.rows.get(place)) {
            Some(JudgedRow::Good(good)) => good.extra.as_deref().and_then(|extra| extra.given_id),
            Some(JudgedRow::Skipped(_) | JudgedRow::Faulty(_)) | None => None,
        }
    }
}

/// How these rows use the schema: those with values that no option stands for yet may make options, and so change it.
pub(crate) fn schema_use(judged: &JudgedChunk) -> SchemaUse {
    let may_make = judged.rows.iter().any(|row| match row {
        JudgedRow::Good(good) => good.extra.as_deref().is_some_and(|extra| {
            !extra.late.is_empty() || extra.list.as_ref().is_some_and(|list| !list.late.is_empty())
        }),
        JudgedRow::Skipped(_) | JudgedRow::Faulty(_) => false,
    });
    if may_make { SchemaUse::Own } else { SchemaUse::Share }
}

/// Locks the schema of rows that are about to be written, unless they were judged under another.
pub(crate) async fn lock_judged(transaction: &mut Transaction, team_no: i64, judged: &JudgedChunk) -> Outcome<()> {
    let team = lock_schema(transaction, team_no, schema_use(judged)).await?;
    if judged.schema_version != team.schema_version {
        return Err(StoreError::SchemaChanged.into());
    }
    Ok(())
}

/// Plans and writes judged rows inside the open transaction.
pub(crate) async fn carry_out(transaction: &mut Transaction, rows: &Rows<'_>) -> Outcome<ChunkPlan> {
    lock_judged(transaction, rows.team_no, rows.judged).await?;
    let (found, members) = finding::find(transaction, rows).instrument(debug_span!("chunk.find")).await?;
    let input = PlanInput {
        context: rows.context,
        chunk: rows.judged,
        lookup: rows.lookup,
        found,
        record_ids: rows.ids,
        new_options_left: rows.new_options_left,
        purpose: rows.purpose,
    };
    let plan = debug_span!("chunk.plan").in_scope(|| computing(rows.judged.rows.len(), || plan_chunk(input)));
    writing::write(transaction, rows, &plan, &members).instrument(debug_span!("chunk.write")).await?;
    Ok(plan)
}

/// Computes for a while: other tasks of this thread go elsewhere meanwhile, where there is an elsewhere.
fn computing<T>(rows: usize, work: impl FnOnce() -> T) -> T {
    let has_others =
        || Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if rows >= LONG_ROWS && has_others() { tokio::task::block_in_place(work) } else { work() }
}
