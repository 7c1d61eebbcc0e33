//! All records that a store holds, read past the server. Knows nothing of jobs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::postgres;

/// What a store holds of each record but its version and the time of its last write, by id.
pub(super) type Dump = BTreeMap<String, String>;

/// From the embedded store's file.
pub(super) fn of_sqlite(database: &Path) -> Result<Dump> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection
        .prepare("SELECT id, concat_ws(' ', object_type, created_at, deleted_at, grants, body) FROM record")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?)))?;
    rows.map(|row| row.map(|(id, rest)| (Uuid::from_bytes(id).to_string(), rest)).map_err(Into::into)).collect()
}

/// From a database.
pub(super) fn of_postgres(url: &str) -> Result<Dump> {
    let lines = postgres::texts(
        url,
        "SELECT id || ' ' || concat_ws(' ', object_type, created_at, deleted_at, grants, body) FROM record",
    )?;
    let parted = lines.iter().map(|line| line.split_once(' ').context("an id and the rest"));
    parted.map(|parted| parted.map(|(id, rest)| (id.to_owned(), rest.to_owned()))).collect()
}

/// Fails unless all is as before, but for the edited records, which hold what they must; how many are as they were.
pub(super) fn compare(before: &Dump, after: &Dump, edited: &BTreeMap<String, String>, mark: &str) -> Result<usize> {
    let mut as_before = 0;
    for (id, was) in before.iter().filter(|(id, _)| !edited.contains_key(*id)) {
        let is = after.get(id).with_context(|| format!("record {id} is gone"))?;
        ensure!(is == was, "record {id} is not as it was:\n{was}\n{is}");
        as_before += 1;
    }
    for (id, is) in after {
        match edited.get(id) {
            Some(wanted) => ensure!(is.contains(wanted), "record {id} is not as its editor left it: {is}"),
            None => ensure!(before.contains_key(id) && !is.contains(mark), "record {id} should not be there: {is}"),
        }
    }
    ensure!(edited.keys().all(|id| after.contains_key(id)), "a record is gone that was edited");
    Ok(as_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(records: &[(&str, &str)]) -> Dump {
        records.iter().map(|(id, rest)| ((*id).to_owned(), (*rest).to_owned())).collect()
    }

    #[test]
    fn every_difference_is_found() {
        let before = dump(&[("a", "1"), ("b", "2")]);
        let edited = dump(&[("b", "Mine 7"), ("c", "Mine 8")]);
        let right = dump(&[("a", "1"), ("b", "x Mine 7"), ("c", "Mine 8")]);
        assert_eq!(compare(&before, &right, &edited, "Mine").unwrap(), 1);
        for wrong in [
            dump(&[("b", "Mine 7"), ("c", "Mine 8")]),
            dump(&[("a", "3"), ("b", "Mine 7"), ("c", "Mine 8")]),
            dump(&[("a", "1"), ("b", "2"), ("c", "Mine 8")]),
            dump(&[("a", "1"), ("b", "Mine 7")]),
            dump(&[("a", "1"), ("b", "Mine 7"), ("c", "Mine 8"), ("d", "")]),
        ] {
            assert!(compare(&before, &wrong, &edited, "Mine").is_err(), "{wrong:?}");
        }
    }
}
