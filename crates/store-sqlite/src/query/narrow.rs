//! What a query is narrowed down to before any body is looked at: a range of numbers, a list, records that are named by id
//! or by the key of a value they must hold.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::key::KeyHash;
use refract_domain::query::{Filter, RecordQuery};
use refract_store::Caller;
use refract_store::query_sql::{keyed_tests, named_ids};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;
use crate::holders::{find_few, first_holder};
use crate::numbers::claimed_number;
use crate::records::find_by_id;
use crate::store::Shared;
use crate::team::find_team;

const RANGE: &str = include_str!("../sql/query_range.sql");
const ANY_ALIAS: &str = include_str!("../sql/query_any_alias.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const IS_READY: &str = include_str!("../sql/key_property_is_ready.sql");

/// Holders of a key that are taken from it all at once where one can also go along the key until the page is full.
const HOLDERS_MAX: usize = 1_000;

/// The same where one cannot: beyond that the key is of no use.
const HOLDERS_OF_ALL_MAX: usize = 100_000;

/// Where a query looks.
#[derive(Debug)]
pub(crate) struct Narrowed {
    pub(super) team_no: i64,
    /// The first and the last number of the team's records of the type.
    pub(super) range: (i64, i64),
    /// Only these, ascending.
    pub(super) numbers: Option<Vec<i64>>,
    /// Only those who hold this key, whose first holder stands beside it; they are too many to name them.
    pub(super) along: Option<(KeyHash, i64)>,
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
            let list = connection
                .prepare_cached(LIST)?
                .query_row((team_no, list_id.as_bytes()), |row| row.get(0))
                .optional()?;
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
    let mut along = None;
    if !query.with_deleted {
        for keys in keys(connection, shared, caller, query)? {
            let can_follow = can_follow(query, any_alias, &keys);
            let most = if can_follow { HOLDERS_MAX } else { HOLDERS_OF_ALL_MAX };
            match (find_few(connection, &keys, most)?, keys.first()) {
                (Some(holders), _) => narrow_to(&mut numbers, holders),
                (None, Some(key)) if can_follow => {
                    along = first_holder(connection, *key)?.map(|first| (*key, first));
                }
                (None, _) => {}
            }
        }
    }
    let numbers = numbers.map(|numbers| numbers.into_iter().collect());
    Ok(Some(Narrowed { team_no, range, numbers, along, list_no, any_alias }))
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

/// Whether the order of a key's holders is that of the answer, so that one can go along it.
fn can_follow(query: &RecordQuery, any_alias: bool, keys: &[KeyHash]) -> bool {
    keys.len() == 1 && query.sort.is_empty() && !query.count_total && query.list_id.is_none() && !any_alias
}

/// For each condition that names values of a property with keys: the keys, of which an answer holds one. Hidden records
/// hold none.
fn keys(connection: &Connection, shared: &Shared, caller: &Caller, query: &RecordQuery) -> Outcome<Vec<Vec<KeyHash>>> {
    let mut all = Vec::new();
    for test in keyed_tests(&query.filter) {
        let parameters = (caller.team_id.as_bytes(), query.object_type.number(), test.slug);
        if connection.prepare_cached(IS_READY)?.query_row(parameters, |row| row.get(0))? {
            let scope = shared.hasher.scope(caller.team_id, query.object_type, test.slug);
            let keys: BTreeSet<_> = test.key_texts.iter().map(|text| scope.hash(text)).collect();
            all.push(keys.into_iter().collect());
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
