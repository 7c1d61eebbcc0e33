//! Who holds a dedupe key: the first holder in the key table, further ones, which are rare, in a table beside it.

use std::collections::BTreeSet;

use refract_domain::key::KeyHash;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;
use crate::keys::{Edit, Entry, KeyTable};

const ANY_MORE: &str = include_str!("sql/find_any_more_holders.sql");
const FROM: &str = include_str!("sql/query_holders.sql");
const MORE: &str = include_str!("sql/find_more_holders.sql");
const ADD_MORE: &str = include_str!("sql/write_more_holder.sql");
const MORE_GONE: &str = include_str!("sql/write_more_holder_gone.sql");

/// A key that is held, by its place among those that were asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) place: usize,
    pub(crate) first: i64,
    /// Further holders, ascending.
    pub(crate) more: Vec<i64>,
}

/// A record that takes a key beside those that hold it, or holds it no longer. Holding a key already, or not at all,
/// changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HolderChange {
    pub(crate) key: KeyHash,
    pub(crate) record_no: i64,
    pub(crate) holds: bool,
}

/// Which of these ascending keys are held, and by whom.
pub(crate) fn find(connection: &Connection, keys: &[KeyHash]) -> Outcome<Vec<Held>> {
    let mut held = Vec::new();
    KeyTable::of(connection).find(keys, |place, first| held.push(Held { place, first, more: Vec::new() }))?;
    if held.is_empty() || !connection.prepare_cached(ANY_MORE)?.query_row([], |row| row.get(0))? {
        return Ok(held);
    }
    let mut statement = connection.prepare_cached(MORE)?;
    for one in &mut held {
        let Some(key) = keys.get(one.place) else { continue };
        let mut rows = statement.query([key.as_bytes()])?;
        while let Some(row) = rows.next()? {
            one.more.push(row.get(0)?);
        }
    }
    Ok(held)
}

/// All who hold one of these ascending keys, unless they are more than `most`.
pub(crate) fn find_few(connection: &Connection, keys: &[KeyHash], most: usize) -> Outcome<Option<BTreeSet<i64>>> {
    let holders = find_first(connection, keys, most)?;
    Ok((holders.len() <= most).then_some(holders))
}

/// Those who hold one of these ascending keys; of each key the least `most`, and a few more.
pub(crate) fn find_first(connection: &Connection, keys: &[KeyHash], most: usize) -> Outcome<BTreeSet<i64>> {
    let mut firsts = Vec::new();
    KeyTable::of(connection).find(keys, |place, first| firsts.push((place, first)))?;
    let mut holders: BTreeSet<i64> = firsts.iter().map(|(_, first)| *first).collect();
    let mut statement = connection.prepare_cached(MORE)?;
    for key in firsts.iter().filter_map(|(place, _)| keys.get(*place)) {
        let mut rows = statement.query([key.as_bytes()])?;
        let mut of_key = 0;
        while let Some(row) = rows.next()?
            && of_key <= most
        {
            of_key += 1;
            holders.insert(row.get(0)?);
        }
    }
    Ok(holders)
}

/// Those who hold a key and have at least the number `from`, ascending, about `most` of them; fewer only when there are no
/// more. `first` is the key's first holder.
pub(crate) fn holders_from(
    connection: &Connection,
    key: KeyHash,
    first: i64,
    from: i64,
    most: usize,
) -> Outcome<Vec<i64>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(FROM)?;
    let rows = statement.query_map((key.as_bytes(), from, limit), |row| row.get(0))?;
    let mut holders = rows.collect::<rusqlite::Result<Vec<i64>>>()?;
    let is_all = holders.len() < most;
    let place = holders.partition_point(|holder| *holder < first);
    // Beyond the last of a full batch it has its turn with a later one.
    if first >= from && (is_all || place < holders.len()) {
        holders.insert(place, first);
    }
    Ok(holders)
}

/// The first holder of a key.
pub(crate) fn first_holder(connection: &Connection, key: KeyHash) -> Outcome<Option<i64>> {
    let mut holder = None;
    KeyTable::of(connection).find(&[key], |_, first| holder = Some(first))?;
    Ok(holder)
}

/// Makes the changes, ordered by key, one after the other. If a key's first holder gives it up, the least of the others
/// takes its place. What it costs does not grow with the number of those who hold a key already.
pub(crate) fn change(connection: &Connection, changes: &[HolderChange]) -> Outcome<()> {
    let mut keys: Vec<KeyHash> = changes.iter().map(|change| change.key).collect();
    keys.dedup();
    let table = KeyTable::of(connection);
    let mut firsts = vec![None; keys.len()];
    table.find(&keys, |place, first| firsts[place] = Some(first))?;
    let (mut edits, mut new) = (Vec::new(), Vec::new());
    let mut left = changes;
    for (key, before) in keys.into_iter().zip(firsts) {
        let own = left.iter().take_while(|change| change.key == key).count();
        let (own, rest) = left.split_at(own);
        left = rest;
        let mut first = before;
        for change in own {
            first = changed(connection, first, *change)?;
        }
        match (before, first) {
            (None, Some(record_no)) => new.push(Entry { key, record_no }),
            (before, holder) if before != holder => edits.push(Edit { key, holder }),
            _ => {}
        }
    }
    table.change(&edits)?;
    table.add(&new)
}

/// The first holder after a change; further ones are changed in their table.
fn changed(connection: &Connection, first: Option<i64>, change: HolderChange) -> Outcome<Option<i64>> {
    let HolderChange { key, record_no, holds } = change;
    match (first, holds) {
        (None, true) => Ok(Some(record_no)),
        (None, false) => Ok(None),
        (Some(first), true) if first == record_no => Ok(Some(first)),
        (Some(first), true) => {
            connection.prepare_cached(ADD_MORE)?.execute((key.as_bytes(), record_no))?;
            Ok(Some(first))
        }
        (Some(first), false) if first == record_no => {
            let mut next = connection.prepare_cached(FROM)?;
            let next: Option<i64> = next.query_row((key.as_bytes(), i64::MIN, 1), |row| row.get(0)).optional()?;
            if let Some(next) = next {
                connection.prepare_cached(MORE_GONE)?.execute((key.as_bytes(), next))?;
            }
            Ok(next)
        }
        (Some(first), false) => {
            connection.prepare_cached(MORE_GONE)?.execute((key.as_bytes(), record_no))?;
            Ok(Some(first))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::migrate;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("migrations");
        connection
    }

    fn key(byte: u8) -> KeyHash {
        KeyHash::from_bytes([byte; 16])
    }

    fn take(connection: &Connection, byte: u8, record_no: i64) {
        change(connection, &[HolderChange { key: key(byte), record_no, holds: true }]).expect("one more");
    }

    fn give_up(connection: &Connection, byte: u8, record_no: i64) {
        change(connection, &[HolderChange { key: key(byte), record_no, holds: false }]).expect("one less");
    }

    fn held_by(connection: &Connection, byte: u8) -> Vec<i64> {
        let held = find(connection, &[key(byte)]).expect("holders");
        held.into_iter().flat_map(|held| [vec![held.first], held.more].concat()).collect()
    }

    #[test]
    fn only_keys_that_somebody_holds_are_found() {
        let connection = database();
        take(&connection, 2, 7);
        let held = find(&connection, &[key(1), key(2), key(3)]).expect("an answer");
        assert_eq!(held, [Held { place: 1, first: 7, more: Vec::new() }]);
    }

    #[test]
    fn the_first_holder_is_followed_by_the_next() {
        let connection = database();
        for record_no in [5, 3, 9, 3, 5] {
            take(&connection, 1, record_no);
        }
        assert_eq!(held_by(&connection, 1), [5, 3, 9]);
        give_up(&connection, 1, 5);
        assert_eq!(held_by(&connection, 1), [3, 9]);
        give_up(&connection, 1, 9);
        give_up(&connection, 1, 77);
        assert_eq!(held_by(&connection, 1), [3]);
        give_up(&connection, 1, 3);
        assert!(held_by(&connection, 1).is_empty());
    }

    #[test]
    fn holders_come_in_order_batch_by_batch() {
        let connection = database();
        for record_no in [50, 3, 70, 10, 60, 20] {
            take(&connection, 1, record_no);
        }
        for most in 1..8 {
            let (mut all, mut from) = (Vec::<i64>::new(), 0);
            loop {
                let batch = holders_from(&connection, key(1), 50, from, most).expect("holders");
                all.extend(&batch);
                match batch.last() {
                    Some(last) if batch.len() >= most => from = last + 1,
                    _ => break,
                }
            }
            assert_eq!(all, [3, 10, 20, 50, 60, 70], "{most} at a time");
        }
        assert_eq!(first_holder(&connection, key(1)).expect("a holder"), Some(50));
    }

    #[test]
    fn changes_of_one_key_apply_in_their_order() {
        let connection = database();
        take(&connection, 1, 1);
        let holds = |byte, record_no, holds| HolderChange { key: key(byte), record_no, holds };
        let changes =
            [holds(1, 2, true), holds(1, 1, false), holds(1, 2, false), holds(1, 4, true), holds(2, 3, false)];
        change(&connection, &changes).expect("changes");
        assert_eq!(held_by(&connection, 1), [4]);
        assert!(held_by(&connection, 2).is_empty());
    }
}
