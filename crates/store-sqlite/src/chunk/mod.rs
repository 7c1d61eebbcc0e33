//! What every write of judged rows has in common, be it a chunk of a job, an inline import or a single record: check the
//! schema, find what the rows speak of, plan, write the plan.
//!
//! Purely mechanical: every decision is made in `refract_domain::import::plan`.

mod drafting;
mod finding;
mod images;
mod writing;

pub(crate) use drafting::{Drafted, draft, option as drafted_option};
pub(crate) use images::Undoable;

use std::collections::HashMap;
use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::{RecordId, RecordIdSpace};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::plan::{ChunkPlan, Lookup, PlanInput, Purpose, plan_chunk};
use refract_domain::import::row::JudgedChunk;
use refract_domain::object_type::ObjectType;
use refract_store::{ApplyChunk, StoreError};
use tracing::debug_span;

use crate::error::{Failure, Outcome};
use crate::store::Shared;
use crate::team::TeamRow;
use crate::writer::WriteContext;

/// Judged rows about to be written.
pub(crate) struct Rows<'a> {
    pub(crate) context: &'a JudgeContext,
    pub(crate) judged: &'a JudgedChunk,
    pub(crate) lookup: &'a Lookup,
    pub(crate) team: TeamRow,
    pub(crate) ids: NumberedIds,
    pub(crate) new_options_left: u32,
    pub(crate) now: Timestamp,
    /// The job that the rows are of, if they are of one.
    pub(crate) undoable: Option<Undoable>,
    /// What is to become of them.
    pub(crate) purpose: Purpose<'a>,
}

impl Rows<'_> {
    /// How large the records may be that the rows of a job meet.
    fn found_bytes_max(&self) -> usize {
        ApplyChunk::found_bytes_max(self.context, self.judged, self.purpose, ApplyChunk::FOUND_BYTES_MAX)
    }

    fn object_type(&self) -> ObjectType {
        self.context.type_schema().object_type
    }
}

/// Where new records get their ids and their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberedIds {
    pub(crate) space: RecordIdSpace,
    /// The number of row 0.
    pub(crate) first_number: i64,
}

impl NumberedIds {
    /// The number of the record that this row makes.
    fn number(&self, row: u32) -> i64 {
        self.first_number + i64::from(row)
    }
}

/// Record numbers of the ids that a plan may name.
struct Numbers {
    ids: NumberedIds,
    /// Of records that were there, and of new ones whose id came with their row.
    known: HashMap<RecordId, i64>,
}

impl Numbers {
    fn of(&self, id: RecordId) -> Outcome<i64> {
        if let Some(number) = self.known.get(&id) {
            return Ok(*number);
        }
        let number = crate::numbers::claimed_number(id);
        let row = number.and_then(|number| u32::try_from(number - self.ids.first_number).ok());
        match (number, row) {
            (Some(number), Some(row)) if self.ids.space.record_id(row) == id => Ok(number),
            _ => Err(Failure::internal(format!("the plan names record {id}, which nobody has looked up"))),
        }
    }
}

/// Plans and writes judged rows inside the open transaction.
pub(crate) fn carry_out(write: &mut WriteContext<'_>, shared: &Arc<Shared>, rows: &Rows<'_>) -> Outcome<ChunkPlan> {
    if rows.judged.schema_version != rows.team.schema_version {
        return Err(StoreError::SchemaChanged.into());
    }
    let findings = debug_span!("chunk.find").in_scope(|| finding::find(write.connection, rows))?;
    let input = PlanInput {
        context: rows.context,
        chunk: rows.judged,
        lookup: rows.lookup,
        found: findings.found,
        record_ids: rows.ids.space,
        new_options_left: rows.new_options_left,
        purpose: rows.purpose,
    };
    let plan = debug_span!("chunk.plan").in_scope(|| plan_chunk(input));
    let numbers = Numbers { ids: rows.ids, known: findings.numbers };
    let write_plan = || writing::write(write, shared, rows, &plan, numbers, &findings.held_places);
    debug_span!("chunk.write").in_scope(write_plan)?;
    Ok(plan)
}
