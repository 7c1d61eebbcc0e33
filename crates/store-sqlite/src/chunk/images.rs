//! Keeps what it takes to undo a job: the records it changes, as they were before, and the options it makes. Records that
//! it makes need nothing: their ids tell the job and the row.

use refract_domain::ids::JobId;
use refract_domain::import::plan::{ChunkPlan, NewOption, Touched};
use rusqlite::{Connection, OptionalExtension};

use super::{Numbers, Rows};
use crate::error::Outcome;

const IMAGE: &str = include_str!("../sql/write_image.sql");
const MAKER: &str = include_str!("../sql/write_option_maker.sql");
const LIST: &str = include_str!("../sql/find_list.sql");

/// A job that may be undone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undoable {
    pub(crate) job_no: i64,
    pub(crate) job_id: JobId,
}

/// Keeps the records that a plan changes. Call it before they are.
pub(super) fn keep(connection: &Connection, rows: &Rows<'_>, plan: &ChunkPlan, numbers: &Numbers) -> Outcome<()> {
    let Some(job) = rows.undoable.filter(|_| !plan.touched.is_empty()) else { return Ok(()) };
    let list_no: Option<i64> = match rows.context.options().list_id {
        Some(list_id) => connection
            .prepare_cached(LIST)?
            .query_row((rows.team.team_no, list_id.as_bytes()), |row| row.get(0))
            .optional()?,
        None => None,
    };
    let mut statement = connection.prepare_cached(IMAGE)?;
    for touched in &plan.touched {
        let record_no = numbers.of(touched.record)?;
        let Touched { row, back, body, entry, .. } = *touched;
        statement.execute((job.job_no, record_no, row, body, entry, list_no, rows.now.0, back))?;
    }
    Ok(())
}

/// Says of an option that was just made which job made it.
pub(super) fn sign(connection: &Connection, rows: &Rows<'_>, made: &NewOption) -> Outcome<()> {
    let Some(job) = rows.undoable else { return Ok(()) };
    let list_id = made.list_id.map(|id| *id.as_bytes());
    connection.prepare_cached(MAKER)?.execute((
        rows.team.team_no,
        list_id,
        rows.object_type().number(),
        &made.property,
        &made.option.slug,
        job.job_id.as_bytes(),
    ))?;
    Ok(())
}
