//! Taking back what a job wrote: finds what its rows speak of, has the domain plan, writes the plan.
//!
//! Purely mechanical: every decision is made in `refract_domain::import::undo`.

mod finding;
mod options;
mod writing;

use refract_domain::clock::Timestamp;
use refract_domain::import::job::JobSpec;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::undo::{UndoInput, UndoPlan, plan_undo};
use rusqlite::Connection;

pub(crate) use finding::outcomes;
pub(crate) use options::remove_unused;

use crate::error::Outcome;

/// Rows about to be undone.
pub(crate) struct Rows<'a> {
    /// The undo.
    pub(crate) spec: &'a JobSpec,
    /// The job that it undoes.
    pub(crate) undone_no: i64,
    pub(crate) team_no: i64,
    pub(crate) context: &'a JudgeContext,
    /// The number of row 0 of that job.
    pub(crate) first_number: i64,
    pub(crate) first_row: u32,
    pub(crate) now: Timestamp,
}

/// Plans and writes the undo of rows with these outcomes inside the open transaction; of fewer where their records are large,
/// which the outcomes of the plan tell.
pub(crate) fn carry_out(
    connection: &Connection,
    rows: &Rows<'_>,
    outcomes: &[refract_domain::import::outcome::Outcome],
) -> Outcome<UndoPlan> {
    let findings = finding::find(connection, rows, outcomes)?;
    let input = UndoInput {
        context: rows.context,
        list_id: rows.spec.options.list_id,
        record_ids: rows.spec.record_ids,
        first_row: rows.first_row,
        outcomes: outcomes.get(..findings.rows).unwrap_or(outcomes),
        found: findings.found,
    };
    let plan = plan_undo(&input);
    writing::write(connection, rows, &plan, &findings.numbers)?;
    Ok(plan)
}
