//! Taking back what a job wrote: finds what its rows speak of, has the domain plan, writes the plan.
//!
//! Purely mechanical: every decision is made in `refract_domain::import::undo`. The order of locks: the team's schema,
//! records by id, then the keys that they take or give up.

mod finding;
mod options;
#[cfg(test)]
mod plan_tests;
mod writing;

use refract_domain::clock::Timestamp;
use refract_domain::ids::JobId;
use refract_domain::import::job::JobSpec;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::outcome::Outcome as RowOutcome;
use refract_domain::import::undo::{UndoInput, UndoPlan, plan_undo};

pub(crate) use finding::outcomes;
pub(crate) use options::remove_unused;

use crate::error::Outcome;
use crate::transaction::Transaction;

/// Rows about to be undone.
pub(crate) struct Rows<'a> {
    /// The undo.
    pub(crate) spec: &'a JobSpec,
    /// The job that it undoes.
    pub(crate) of: JobId,
    pub(crate) team_no: i64,
    pub(crate) context: &'a JudgeContext,
    pub(crate) first_row: u32,
    pub(crate) now: Timestamp,
}

/// Plans and writes the undo of rows with these outcomes inside the open transaction; of fewer where their records are large,
/// which the outcomes of the plan tell.
pub(crate) async fn carry_out(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    outcomes: &[RowOutcome],
) -> Outcome<UndoPlan> {
    let (found, row_count) = finding::find(transaction, rows, outcomes).await?;
    let plan = plan_undo(&UndoInput {
        context: rows.context,
        list_id: rows.spec.options.list_id,
        record_ids: rows.spec.record_ids,
        first_row: rows.first_row,
        outcomes: outcomes.get(..row_count).unwrap_or(outcomes),
        found,
    });
    writing::write(transaction, rows, &plan).await?;
    Ok(plan)
}
