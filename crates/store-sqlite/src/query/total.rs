//! How many records a filter holds for.

use refract_domain::query::RecordQuery;
use rusqlite::{Connection, OptionalExtension};

use super::narrow::{Narrowed, is_everything};
use super::statement::count;
use crate::error::{Failure, Outcome};

const LIVE: &str = include_str!("../sql/query_live.sql");
const MEMBERS: &str = include_str!("../sql/query_members.sql");

/// Counted at every write where everything is asked for, counted now where not.
pub(super) fn total(connection: &Connection, query: &RecordQuery, narrowed: &Narrowed) -> Outcome<u64> {
    if is_everything(query) && !query.with_deleted {
        let kept: Option<i64> = match narrowed.list_no {
            Some(list_no) => connection.prepare_cached(MEMBERS)?.query_row([list_no], |row| row.get(0)).optional()?,
            None => connection
                .prepare_cached(LIVE)?
                .query_row((narrowed.team_no, query.object_type.number()), |row| row.get(0))
                .optional()?,
        };
        return Ok(kept.map_or(0, i64::unsigned_abs));
    }
    let sql = count(query, narrowed);
    let mut statement = sql.prepare(connection)?;
    let mut rows = sql.run(&mut statement, narrowed.numbers.as_deref().unwrap_or_default())?;
    let row = rows.next()?.ok_or_else(|| Failure::internal("a count gave no row"))?;
    Ok(row.get::<_, i64>(0)?.unsigned_abs())
}
