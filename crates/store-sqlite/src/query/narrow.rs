//! What a query is narrowed down to before any body is looked at: a range of numbers, a list, records that are named by id
//! or by the key of a value they must hold.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::query::{Filter, RecordQuery};
use refract_store::Caller;
use refract_store::query_sql::{keyed_tests, named_ids};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;
use crate::holders::find_few;
use crate::numbers::claimed_number;
use crate::records::find_by_id;
use crate::store::Shared;
use crate::team::find_team;

const RANGE: &str = include_str!("../sql/query_range.sql");
const ANY_ALIAS: &str = include_str!("../sql/query_any_alias.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const IS_READY: &str = include_str!("../sql/key_property_is_ready.sql");

/// Holders of a key beyond which the key is of no use: a scan meets the first page soon.
const HOLDERS_MAX: usize = 50_000;

/// Where a query looks.
#[derive(Debug)]
pub(crate) struct Narrowed {
    pub(super) team_no: i64,
    /// The first and the last number of the team's records of the type.
    pub(super) range: (i64, i64),
    /// Only these, ascending.
    pub(super) numbers: Option<Vec<i64>>,
    /// Only members of this list.
    pub(super) list_no: Option<i64>,
    /// Whether some of the team's records have ids that do not say their number, so that the order of numbers is not
    /// that of ids.
    pub(super) any_alias: bool,
}

impl Narrowed {
    /// Whether the records come in the order of the answer without being sorted.
    pub(super) fn streams(&self, query: &RecordQuery) -> bool {
        let needs_sorting = self.any_alias && (self.numbers.is_some() || self.list_no.is_some());
        query.sort.is_empty() && !needs_sorting
    }
}

/// Whether a query asks for all records of a type, or of a list.
pub(super) fn is_everything(query: &RecordQuery) -> bool {
    query.ids.is_none() && query.filter == Filter::All(Vec::new())
}

/// Narrows a query down; `None` when nothing can be found.
pub(super) fn narrow(
    connection: &Connection,
    shared: &Shared,
    caller: &Caller,
    query: &RecordQuery,
) -> Outcome<Option<Narrowed>> {
    let Some(team) = find_team(connection, caller.team_id)? else { return Ok(None) };
    let team_no = team.team_no;
    let range = connection
        .prepare_cached(RANGE)?
        .query_row((team_no, query.object_type.number()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some(range) = range else { return Ok(None) };
    let list_no = match query.list_id {
        None => None,
        Some(list_id) => {
            let list =
                connection.prepare_cached(LIST)?.query_row((team_no, list_id.as_bytes()), |row| row.get(0)).optional()?;
            let Some(list_no) = list else { return Ok(None) };
            Some(list_no)
        }
    };
    let any_alias = connection.prepare_cached(ANY_ALIAS)?.query_row([team_no], |row| row.get(0))?;
    let mut numbers: Option<BTreeSet<i64>> = None;
    let named = named_ids(&query.filter);
    for ids in query.ids.iter().chain(named.iter()) {
        narrow_to(&mut numbers, numbers_of(connection, team_no, ids)?);
    }
    if !query.with_deleted {
        for held in held_numbers(connection, shared, caller, query)? {
            narrow_to(&mut numbers, held);
        }
    }
    let numbers = numbers.map(|numbers| numbers.into_iter().collect());
    Ok(Some(Narrowed { team_no, range, numbers, list_no, any_alias }))
}

fn narrow_to(numbers: &mut Option<BTreeSet<i64>>, to: BTreeSet<i64>) {
    *numbers = Some(match numbers.take() {
        None => to,
        Some(before) => before.intersection(&to).copied().collect(),
    });
}

fn numbers_of(connection: &Connection, team_no: i64, ids: &[RecordId]) -> Outcome<BTreeSet<i64>> {
    let mut numbers = BTreeSet::new();
    for id in ids {
        if let Some(stored) = find_by_id(connection, team_no, *id)? {
            numbers.insert(stored.record_no);
        }
    }
    Ok(numbers)
}

/// For each condition that names a value of a property with keys: who holds one. Hidden records hold none.
fn held_numbers(
    connection: &Connection,
    shared: &Shared,
    caller: &Caller,
    query: &RecordQuery,
) -> Outcome<Vec<BTreeSet<i64>>> {
    let mut all = Vec::new();
    for test in keyed_tests(&query.filter) {
        let parameters = (caller.team_id.as_bytes(), query.object_type.number(), test.slug);
        let is_ready: bool = connection.prepare_cached(IS_READY)?.query_row(parameters, |row| row.get(0))?;
        if !is_ready {
            continue;
        }
        let scope = shared.hasher.scope(caller.team_id, query.object_type, test.slug);
        let keys: BTreeSet<_> = test.key_texts.iter().map(|text| scope.hash(text)).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        if let Some(holders) = find_few(connection, &keys, HOLDERS_MAX)? {
            all.push(holders);
        }
    }
    Ok(all)
}

/// The least number that a generated id after this one can have.
pub(super) fn first_number_from(id: RecordId) -> i64 {
    if let Some(number) = claimed_number(id) {
        return number;
    }
    // The milliseconds come first in every generated id; the rest of the id is compared with.
    let millis = i64::try_from(id.0.as_u128() >> 80).unwrap_or(i64::MAX);
    crate::numbers::first_of_millisecond(millis)
}
