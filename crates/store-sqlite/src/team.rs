//! Finds a team's number, by which all other tables know it.

use refract_domain::ids::TeamId;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{Failure, Outcome};

const FIND: &str = include_str!("sql/team_find.sql");

/// A team inside this database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TeamRow {
    pub(crate) team_no: i64,
    pub(crate) schema_version: u64,
}

/// The team of this id, if there is one.
pub(crate) fn find_team(connection: &Connection, team_id: TeamId) -> Outcome<Option<TeamRow>> {
    let mut statement = connection.prepare_cached(FIND)?;
    let found = statement.query_row([team_id.as_bytes()], |row| {
        let schema_version: i64 = row.get(1)?;
        Ok(TeamRow { team_no: row.get(0)?, schema_version: schema_version.unsigned_abs() })
    });
    Ok(found.optional()?)
}

/// The team of a caller: whoever authenticated it has seen the team.
pub(crate) fn require_team(connection: &Connection, team_id: TeamId) -> Outcome<TeamRow> {
    find_team(connection, team_id)?.ok_or_else(|| Failure::internal(format!("there is no team {team_id}")))
}
