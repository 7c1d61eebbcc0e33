//! Queries on PostgreSQL: what they are narrowed down to, how the statement is put together, and the reading of its rows.
//!
//! What a filter is in SQL is said once for both databases, in [`refract_store::query_sql`]; only [`dialect`] is
//! PostgreSQL's. Regular expressions are this program's alone, since two kinds of them are never quite the same: the
//! database gives the texts ([`decide`]).

mod decide;
mod dialect;
mod narrow;
#[cfg(test)]
mod plan_tests;
mod statement;

use std::time::Instant;

use refract_domain::query::{Filter, RecordQuery, Start};
use refract_store::{Caller, FoundRecord, RecordPage, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};
use crate::records::stored;
use crate::schema::type_number;
use crate::transaction::Transaction;

const COUNT: &str = include_str!("../sql/count_records.sql");
const COUNT_IN_LIST: &str = include_str!("../sql/count_records_in_list.sql");

/// Answers a query; the transaction shows one moment.
pub(crate) async fn answer(
    transaction: &mut Transaction,
    caller: &Caller,
    query: &RecordQuery,
    end: Instant,
) -> Outcome<RecordPage> {
    let Some(narrowed) = narrow::narrow(transaction, caller, query).await? else {
        return Ok(RecordPage { records: Vec::new(), has_more: false, total: query.count_total.then_some(0) });
    };
    go_along_the_ids(transaction, query, &narrowed).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut rows = match statement::page(query, &narrowed) {
        (sql, None) => sql.rows(transaction).await?,
        (sql, Some(verdict)) => decide::rows(transaction, &sql, &verdict, query, end).await?,
    };
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let records = rows.iter().map(found).collect::<Outcome<_>>()?;
    let total = if query.count_total { Some(total(transaction, query, &narrowed, end).await?) } else { None };
    Ok(RecordPage { records, has_more, total })
}

/// Where a page comes in the order of the ids, off the whole table, it is read along the primary key until it is full. Of a
/// table that was filled a moment ago the planner knows nothing, takes a team's records for a handful, and would sort them all.
async fn go_along_the_ids(
    transaction: &mut Transaction,
    query: &RecordQuery,
    narrowed: &narrow::Narrowed,
) -> Outcome<()> {
    if query.sort.is_empty() && query.list_id.is_none() && narrowed.ids.is_none() {
        transaction.execute("SET LOCAL enable_sort = off", &[]).await?;
    }
    Ok(())
}

fn found(row: &Row) -> Outcome<FoundRecord> {
    let record = stored(row)?;
    Ok(FoundRecord { record: record.record, deleted: record.deleted, list_values: column(row, "list_values")? })
}

/// Counted at every write where everything is asked for, counted now where not.
async fn total(
    transaction: &mut Transaction,
    query: &RecordQuery,
    narrowed: &narrow::Narrowed,
    end: Instant,
) -> Outcome<u64> {
    let is_everything = query.ids.is_none() && query.filter == Filter::All(Vec::new());
    if !is_everything || query.with_deleted {
        return match statement::count(query, narrowed) {
            (sql, None) => sql.count(transaction).await,
            (sql, Some(verdict)) => decide::count(transaction, &sql, &verdict, end).await,
        };
    }
    let number = type_number(query.object_type);
    let of_type = [(&narrowed.team_no as _, Type::INT8), (&number as _, Type::INT2)];
    let row = match query.list_id {
        None => transaction.query_one(COUNT, &of_type).await?,
        Some(list_id) => {
            let [team_no, number] = of_type;
            transaction.query_one(COUNT_IN_LIST, &[team_no, number, (&list_id.0, Type::UUID)]).await?
        }
    };
    Ok(column::<i64>(&row, "count")?.unsigned_abs())
}

/// Records that are passed over.
fn offset(query: &RecordQuery) -> u64 {
    match query.start {
        Start::Offset(records) => records,
        Start::First | Start::After(_) => 0,
    }
}

fn in_time(end: Instant) -> Outcome<()> {
    if Instant::now() < end {
        Ok(())
    } else {
        Err(Failure::from(StoreError::TimedOut("a query ran too long".to_owned())))
    }
}
