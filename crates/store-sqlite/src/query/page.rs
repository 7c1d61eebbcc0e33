//! The records of a page, by number, in the order of the answer.

use refract_domain::key::KeyHash;
use refract_domain::query::{RecordQuery, Start};
use rusqlite::Connection;

use super::narrow::{Narrowed, first_number_from};
use super::statement::{Branch, Sql, by_id, sorted};
use super::{limit, offset};
use crate::error::Outcome;
use crate::holders::holders_from;

/// Named records that are looked at together: the first of them are often enough.
const BATCH: usize = 256;

/// A record's id, then its number.
type Numbered = ([u8; 16], i64);

/// The numbers of the page's records and of one more, if there is one.
pub(super) fn record_numbers(connection: &Connection, query: &RecordQuery, narrowed: &Narrowed) -> Outcome<Vec<i64>> {
    let offset = offset(query);
    let wanted = u64::try_from(limit(query)).unwrap_or(u64::MAX).saturating_add(1);
    let numbers = narrowed.numbers.as_deref().unwrap_or_default();
    if !query.sort.is_empty() {
        let sql = sorted(query, narrowed, wanted, offset);
        return Ok(collect(connection, &sql, numbers)?.into_iter().map(|(_, number)| number).collect());
    }
    let with_offset = wanted.saturating_add(offset);
    let mut found = match (&narrowed.numbers, narrowed.along) {
        (None, Some(key)) => along(connection, query, narrowed, key, with_offset)?,
        (Some(numbers), _) if !narrowed.any_alias => named(connection, query, narrowed, numbers, with_offset)?,
        (Some(numbers), _) => collect(connection, &by_id(query, narrowed, Branch::All, with_offset), numbers)?,
        (None, None) if narrowed.any_alias && narrowed.list_no.is_none() => {
            merged(connection, query, narrowed, with_offset)?
        }
        (None, None) => collect(connection, &by_id(query, narrowed, Branch::All, with_offset), &[])?,
    };
    found.drain(..usize::try_from(offset).unwrap_or(usize::MAX).min(found.len()));
    Ok(found.into_iter().map(|(_, number)| number).collect())
}

/// Looks at named records batch by batch until there are enough.
fn named(
    connection: &Connection,
    query: &RecordQuery,
    narrowed: &Narrowed,
    numbers: &[i64],
    wanted: u64,
) -> Outcome<Vec<Numbered>> {
    let first = first_number(query);
    let left = numbers.get(numbers.partition_point(|number| *number < first)..).unwrap_or_default();
    let mut batches = left.chunks(BATCH);
    in_batches(connection, query, narrowed, wanted, || Ok(batches.next().unwrap_or_default().to_vec()))
}

/// Looks at the holders of a key batch by batch until there are enough.
fn along(
    connection: &Connection,
    query: &RecordQuery,
    narrowed: &Narrowed,
    (key, first_holder): (KeyHash, i64),
    wanted: u64,
) -> Outcome<Vec<Numbered>> {
    let mut from = first_number(query);
    let of_numbers = Narrowed { numbers: Some(Vec::new()), ..*narrowed };
    in_batches(connection, query, &of_numbers, wanted, || {
        let batch = holders_from(connection, key, first_holder, from, BATCH)?;
        from = batch.last().map_or(i64::MAX, |last| last.saturating_add(1));
        Ok(batch)
    })
}

/// The least number that a record of the page can have.
fn first_number(query: &RecordQuery) -> i64 {
    match &query.start {
        Start::After(position) => first_number_from(position.id),
        Start::First | Start::Offset(_) => 0,
    }
}

fn in_batches(
    connection: &Connection,
    query: &RecordQuery,
    narrowed: &Narrowed,
    wanted: u64,
    mut next: impl FnMut() -> Outcome<Vec<i64>>,
) -> Outcome<Vec<Numbered>> {
    let sql = by_id(query, narrowed, Branch::All, wanted);
    let mut statement = sql.prepare(connection)?;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    while found.len() < wanted {
        let batch = next()?;
        if batch.is_empty() {
            break;
        }
        let mut rows = sql.run(&mut statement, &batch)?;
        while let Some(row) = rows.next()? {
            found.push((row.get(1)?, row.get(0)?));
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// The records whose ids say their number, in the order of the table, and the others, in the order of their index.
fn merged(connection: &Connection, query: &RecordQuery, narrowed: &Narrowed, wanted: u64) -> Outcome<Vec<Numbered>> {
    let mut found = collect(connection, &by_id(query, narrowed, Branch::Numbered, wanted), &[])?;
    found.extend(collect(connection, &by_id(query, narrowed, Branch::Aliased, wanted), &[])?);
    found.sort_unstable();
    found.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    Ok(found)
}

fn collect(connection: &Connection, sql: &Sql, numbers: &[i64]) -> Outcome<Vec<Numbered>> {
    let mut statement = sql.prepare(connection)?;
    let mut rows = sql.run(&mut statement, numbers)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(1)?, row.get(0)?));
    }
    Ok(found)
}
