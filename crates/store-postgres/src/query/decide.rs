//! Filters with regular expressions: the database gives every record that may be meant, batch by batch, and this program
//! decides.

use std::time::Instant;

use refract_domain::query::RecordQuery;
use refract_store::query_sql::Verdict;
use tokio_postgres::Row;

use super::statement::Sql;
use super::{in_time, offset};
use crate::error::{Failure, Outcome, column};
use crate::transaction::Transaction;

const FETCH: &str = "FETCH FORWARD 500 FROM found";
const CLOSE: &str = "CLOSE found";

/// The rows of a page and of one more record, if there is one.
pub(super) async fn rows(
    transaction: &mut Transaction,
    sql: &Sql,
    verdict: &Verdict,
    query: &RecordQuery,
    end: Instant,
) -> Outcome<Vec<Row>> {
    let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
    let mut passed_over = offset(query);
    let mut found = Vec::new();
    each(transaction, sql, verdict, end, |row| {
        if passed_over > 0 {
            passed_over -= 1;
        } else {
            found.push(row);
        }
        found.len() < wanted
    })
    .await?;
    Ok(found)
}

/// How many rows the filter holds for.
pub(super) async fn count(transaction: &mut Transaction, sql: &Sql, verdict: &Verdict, end: Instant) -> Outcome<u64> {
    let mut counted = 0;
    each(transaction, sql, verdict, end, |_| {
        counted += 1;
        true
    })
    .await?;
    Ok(counted)
}

/// Calls `taken` with every row that the filter holds for, until it wants no more.
async fn each(
    transaction: &mut Transaction,
    sql: &Sql,
    verdict: &Verdict,
    end: Instant,
    mut taken: impl FnMut(Row) -> bool,
) -> Outcome<()> {
    let declare = format!("DECLARE found NO SCROLL CURSOR FOR {}", sql.text);
    transaction.execute(&declare, &sql.parameters()).await?;
    loop {
        in_time(end)?;
        let batch = transaction.query(FETCH, &[]).await?;
        let is_last = batch.is_empty();
        let mut goes_on = !is_last;
        for row in batch {
            if holds(verdict, &row)? && !taken(row) {
                goes_on = false;
                break;
            }
        }
        if !goes_on {
            break;
        }
    }
    transaction.execute(CLOSE, &[]).await?;
    Ok(())
}

fn holds(verdict: &Verdict, row: &Row) -> Outcome<bool> {
    let truth = |number: usize| column::<bool>(row, &format!("m{number}"));
    let texts = |number: usize| {
        let texts: Vec<Option<String>> = column(row, &format!("m{number}"))?;
        Ok::<_, Failure>(texts.into_iter().flatten().collect())
    };
    verdict.holds(&truth, &texts)
}
