//! Who holds a dedupe key: the first holder in one table, further ones in another.

use refract_domain::key::KeyHash;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Outcome;

const CLAIM: &str = include_str!("sql/find_claim.sql");
const HOLDER: &str = include_str!("sql/find_holder.sql");
const MORE: &str = include_str!("sql/find_more_holders.sql");
const SET_HOLDER: &str = include_str!("sql/write_holder.sql");
const HOLDER_GONE: &str = include_str!("sql/write_holder_gone.sql");
const ADD_MORE: &str = include_str!("sql/write_more_holder.sql");
const MORE_GONE: &str = include_str!("sql/write_more_holder_gone.sql");

/// Claims keys in order, each for the record number beside it. Calls `taken` with the place of every key that somebody
/// holds; those keys stay as they are.
pub(crate) fn claim(
    connection: &Connection,
    claims: impl Iterator<Item = (KeyHash, i64)>,
    mut taken: impl FnMut(usize),
) -> Outcome<()> {
    let mut statement = connection.prepare_cached(CLAIM)?;
    for (place, (key, record_no)) in claims.enumerate() {
        statement.raw_bind_parameter(1, key.as_bytes())?;
        statement.raw_bind_parameter(2, record_no)?;
        if statement.raw_execute()? == 0 {
            taken(place);
        }
    }
    Ok(())
}

/// The numbers of a key's holders, the first holder first; none when nobody holds it.
pub(crate) fn holders(connection: &Connection, key: KeyHash, numbers: &mut Vec<i64>) -> Outcome<()> {
    numbers.clear();
    let Some(first) = first_holder(connection, key)? else { return Ok(()) };
    numbers.push(first);
    let mut statement = connection.prepare_cached(MORE)?;
    let mut rows = statement.query([key.as_bytes()])?;
    while let Some(row) = rows.next()? {
        numbers.push(row.get(0)?);
    }
    Ok(())
}

/// Lets a record hold a key, beside those that hold it. Holding it already changes nothing.
pub(crate) fn take(connection: &Connection, key: KeyHash, record_no: i64) -> Outcome<()> {
    if connection.prepare_cached(CLAIM)?.execute((key.as_bytes(), record_no))? > 0 {
        return Ok(());
    }
    if first_holder(connection, key)? != Some(record_no) {
        connection.prepare_cached(ADD_MORE)?.execute((key.as_bytes(), record_no))?;
    }
    Ok(())
}

/// Gives a key that this transaction claimed to another record.
pub(crate) fn move_claim(connection: &Connection, key: KeyHash, record_no: i64) -> Outcome<()> {
    connection.prepare_cached(SET_HOLDER)?.execute((key.as_bytes(), record_no))?;
    Ok(())
}

/// Takes back a claim of this transaction: the key is nobody's.
pub(crate) fn drop_claim(connection: &Connection, key: KeyHash) -> Outcome<()> {
    connection.prepare_cached(HOLDER_GONE)?.execute([key.as_bytes()])?;
    Ok(())
}

/// Lets a record hold a key no longer; if it was the first holder, the next one takes its place.
pub(crate) fn give_up(connection: &Connection, key: KeyHash, record_no: i64) -> Outcome<()> {
    let is_first = first_holder(connection, key)? == Some(record_no);
    let mut gone_from_more = record_no;
    if is_first {
        let mut statement = connection.prepare_cached(MORE)?;
        let next: Option<i64> = statement.query_row([key.as_bytes()], |row| row.get(0)).optional()?;
        let Some(next) = next else { return drop_claim(connection, key) };
        move_claim(connection, key, next)?;
        gone_from_more = next;
    }
    connection.prepare_cached(MORE_GONE)?.execute((key.as_bytes(), gone_from_more))?;
    Ok(())
}

fn first_holder(connection: &Connection, key: KeyHash) -> Outcome<Option<i64>> {
    Ok(connection.prepare_cached(HOLDER)?.query_row([key.as_bytes()], |row| row.get(0)).optional()?)
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

    fn held_by(connection: &Connection, byte: u8) -> Vec<i64> {
        let mut numbers = Vec::new();
        holders(connection, key(byte), &mut numbers).expect("holders");
        numbers
    }

    #[test]
    fn keys_are_claimed_where_nobody_holds_them() {
        let connection = database();
        take(&connection, key(2), 7).expect("a holder");
        let mut taken = Vec::new();
        let claims = [(key(1), 1), (key(2), 2), (key(3), 3)];
        claim(&connection, claims.into_iter(), |place| taken.push(place)).expect("claims");
        assert_eq!(taken, [1]);
        assert_eq!(held_by(&connection, 1), [1]);
        assert_eq!(held_by(&connection, 2), [7]);
    }

    #[test]
    fn the_first_holder_is_followed_by_the_next() {
        let connection = database();
        for record_no in [5, 3, 9, 3, 5] {
            take(&connection, key(1), record_no).expect("a holder");
        }
        assert_eq!(held_by(&connection, 1), [5, 3, 9]);
        give_up(&connection, key(1), 5).expect("one less");
        assert_eq!(held_by(&connection, 1), [3, 9]);
        give_up(&connection, key(1), 9).expect("one less");
        give_up(&connection, key(1), 77).expect("nothing");
        assert_eq!(held_by(&connection, 1), [3]);
        give_up(&connection, key(1), 3).expect("one less");
        assert!(held_by(&connection, 1).is_empty());
    }
}
