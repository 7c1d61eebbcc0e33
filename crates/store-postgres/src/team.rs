//! Finds a team's number, by which all other tables know it, and locks its schema.

use std::collections::HashMap;
use std::sync::Mutex;

use refract_domain::ids::TeamId;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::sync::lock;
use crate::transaction::Transaction;

const FIND: &str = include_str!("sql/team_find.sql");
const SHARE: &str = include_str!("sql/team_share_schema.sql");
const OWN: &str = include_str!("sql/team_own_schema.sql");

/// Teams kept in memory; beyond that all are dropped and read again as they are asked for.
const CACHED_MAX: usize = 100_000;

/// A team inside this database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TeamRow {
    pub(crate) team_no: i64,
    pub(crate) schema_version: u64,
}

/// The numbers of teams, which never change.
#[derive(Debug, Default)]
pub(crate) struct TeamCache {
    numbers: Mutex<HashMap<TeamId, i64>>,
}

/// How a transaction uses a team's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaUse {
    /// It stays as it is until this transaction ends.
    Share,
    /// It may change: nobody else writes to the team meanwhile.
    Own,
}

/// The number of the team of this id, if there is one.
pub(crate) async fn find_team(transaction: &mut Transaction, team_id: TeamId) -> Outcome<Option<i64>> {
    let known = lock(&transaction.shared.teams.numbers).get(&team_id).copied();
    if known.is_some() {
        return Ok(known);
    }
    let Some(row) = transaction.query_opt(FIND, &[(&team_id.0, Type::UUID)]).await? else { return Ok(None) };
    let team_no: i64 = column(&row, "team_no")?;
    let mut numbers = lock(&transaction.shared.teams.numbers);
    if numbers.len() >= CACHED_MAX {
        numbers.clear();
    }
    numbers.insert(team_id, team_no);
    Ok(Some(team_no))
}

/// The number of a caller's team: whoever authenticated it has seen the team.
pub(crate) async fn require_team(transaction: &mut Transaction, team_id: TeamId) -> Outcome<i64> {
    let found = find_team(transaction, team_id).await?;
    found.ok_or_else(|| Failure::internal(format!("there is no team {team_id}")))
}

/// Locks the team's schema until the end of the transaction and says its version.
///
/// Everything that writes records or keys shares the lock, and everything that changes the schema owns it: so no write
/// that was judged under a version is committed after the next one. Always taken before any key or record, and by those
/// who may make options as owners from the start: a lock that is shared first and owned later is a deadlock of two.
pub(crate) async fn lock_schema(transaction: &mut Transaction, team_no: i64, how: SchemaUse) -> Outcome<TeamRow> {
    let sql = if how == SchemaUse::Own { OWN } else { SHARE };
    let row = transaction.query_one(sql, &[(&team_no, Type::INT8)]).await?;
    let version: i64 = column(&row, "version")?;
    Ok(TeamRow { team_no, schema_version: version.unsigned_abs() })
}
