//! Queries on SQLite: what they are narrowed down to before the scan, how the statement is put together, and the scan.
//!
//! What a filter is in SQL is said once for both databases, in [`refract_store::query_sql`]; only [`dialect`] is
//! SQLite's. Must not know threads.

mod dialect;
mod narrow;
mod page;
#[cfg(test)]
mod plan_tests;
mod statement;
mod total;

use refract_domain::query::{Filter, RecordQuery, Start};
use refract_domain::record::Record;
use refract_store::{Caller, FoundRecord, RecordPage};
use rusqlite::Connection;

pub(crate) use self::narrow::Narrowed;
use crate::error::{Failure, Outcome};
use crate::records::find_by_number;
use crate::store::Shared;

const LIST_VALUES: &str = include_str!("../sql/find_list_values.sql");

/// Records that a short query looks at, at most.
const SHORT_MAX: usize = 2_000;

/// What came of a query on a thread for short ones.
pub(crate) enum Answer {
    /// The page.
    Page(RecordPage),
    /// It may look at many records: ask again where that disturbs nobody.
    IsLong,
}

/// Answers a query in one snapshot. Where `only_short`, it gives up before a scan.
pub(crate) fn answer(
    connection: &Connection,
    shared: &Shared,
    caller: &Caller,
    query: &RecordQuery,
    only_short: bool,
) -> Outcome<Answer> {
    let Some(narrowed) = narrow::narrow(connection, shared, caller, query)? else {
        let total = query.count_total.then_some(0);
        return Ok(Answer::Page(RecordPage { records: Vec::new(), has_more: false, total }));
    };
    if only_short && !is_short(query, &narrowed) {
        return Ok(Answer::IsLong);
    }
    let mut numbers = page::record_numbers(connection, query, &narrowed)?;
    let limit = limit(query);
    let has_more = numbers.len() > limit;
    numbers.truncate(limit);
    let records = numbers.into_iter().map(|number| found(connection, &narrowed, number)).collect::<Outcome<_>>()?;
    let total = query.count_total.then(|| total::total(connection, query, &narrowed)).transpose()?;
    Ok(Answer::Page(RecordPage { records, has_more, total }))
}

/// Rows on a page.
fn limit(query: &RecordQuery) -> usize {
    usize::try_from(query.limit).unwrap_or(usize::MAX)
}

/// Records that are passed over.
fn offset(query: &RecordQuery) -> u64 {
    match query.start {
        Start::Offset(records) => records,
        Start::First | Start::After(_) => 0,
    }
}

/// Whether the page is known after a look at few records.
fn is_short(query: &RecordQuery, narrowed: &Narrowed) -> bool {
    let few = u64::try_from(SHORT_MAX).unwrap_or(u64::MAX);
    if narrowed.numbers.as_ref().is_some_and(|numbers| numbers.len() <= SHORT_MAX) {
        return true;
    }
    if !narrowed.streams(query) || offset(query) >= few {
        return false;
    }
    // Nearly everyone who is looked at is an answer.
    let by_key_alone = matches!(&query.filter, Filter::Where(..)) && !query.count_total;
    let of_key = (narrowed.numbers.is_some() || narrowed.along.is_some()) && by_key_alone;
    of_key || (narrow::is_everything(query) && !(query.count_total && query.with_deleted))
}

fn found(connection: &Connection, narrowed: &Narrowed, record_no: i64) -> Outcome<FoundRecord> {
    let stored = find_by_number(connection, record_no)?;
    let stored = stored.ok_or_else(|| Failure::internal(format!("record {record_no} was found but is not there")))?;
    let list_values = narrowed.list_no.map(|list_no| {
        connection.prepare_cached(LIST_VALUES)?.query_row([list_no, record_no], |row| row.get::<_, String>(0))
    });
    let record: Record = stored.record;
    Ok(FoundRecord { record, deleted: stored.deleted, list_values: list_values.transpose()? })
}
