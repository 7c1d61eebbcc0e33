//! The yardstick: the same contacts written straight into SQLite by one thread, with the best settings known.
//!
//! Owns the baseline's schema, settings and timing. Knows nothing of the server's tables or code: a baseline that
//! shared them would move with what it measures. Only SQLite's work is timed (hash, sort, insert, commit); each
//! transaction's rows are made before its clock starts.

mod checkpoint;

use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use self::checkpoint::Checkpointer;
use crate::contacts::{Contact, Contacts};

/// How to load.
#[derive(Clone, Debug)]
pub(crate) struct RawLoad {
    /// What to load.
    pub(crate) contacts: Contacts,
    /// A matched row replaces the record's text; otherwise it is skipped.
    pub(crate) update_existing: bool,
    /// Rows in one transaction.
    pub(crate) transaction_rows: u64,
    /// How records are keyed.
    pub(crate) variant: Variant,
}

/// The shapes of the record table that are worth comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Variant {
    /// A 64-bit number as INTEGER PRIMARY KEY.
    Integer,
    /// An ascending 16-byte id as the key of a WITHOUT ROWID table.
    Blob,
    /// A rowid table with a unique index on an ascending 16-byte id.
    Indexed,
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawLoaded {
    /// Rows read.
    pub(crate) rows: u64,
    /// Rows that became a record.
    pub(crate) created: u64,
    /// Time inside SQLite's work.
    pub(crate) elapsed: Duration,
    /// Time from the first row to the last commit, rows being made included.
    pub(crate) wall: Duration,
    /// Database and write-ahead log at the end, in bytes.
    pub(crate) disk_bytes: u64,
}

impl RawLoaded {
    /// Rows a second of timed work.
    pub(crate) fn rows_per_second(&self) -> f64 {
        self.rows as f64 / self.elapsed.as_secs_f64()
    }
}

impl RawLoad {
    /// Loads into a fresh database in `folder`, which is emptied first.
    pub(crate) fn run(&self, folder: &Path) -> Result<RawLoaded> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let path = folder.join("raw.sqlite");
        let mut connection = open(&path)?;
        connection.execute_batch(self.variant.schema())?;
        let checkpointer = Checkpointer::start(&path)?;

        let preload = std::env::var("PRELOAD").is_ok();
        let mut all: Vec<Vec<Contact>> = Vec::new();
        if preload { let mut f=0; while f < self.contacts.rows { let e=(f+self.transaction_rows).min(self.contacts.rows); all.push((f..e).map(|row| self.contacts.contact(row)).collect()); f=e; } all.reverse(); }
        let mut keep = Vec::new();
        let started = Instant::now();
        let mut elapsed = Duration::ZERO;
        let mut created = 0;
        let mut first = 0;
        while first < self.contacts.rows {
            let end = (first + self.transaction_rows).min(self.contacts.rows);
            let rows: Vec<Contact> = if preload { all.pop().unwrap() } else {(first..end).map(|row| self.contacts.contact(row)).collect()};
            let clock = Instant::now();
            created += self.load_transaction(&mut connection, first, &rows)?;
            checkpointer.committed();
            elapsed += clock.elapsed();
            first = end; if preload {keep.push(rows);}
        }
        let wall = started.elapsed();
        checkpointer.stop()?;
        let disk_bytes = folder_bytes(folder)?;
        Ok(RawLoaded { rows: self.contacts.rows, created, elapsed, wall, disk_bytes })
    }

    /// One transaction; returns how many rows became records.
    fn load_transaction(&self, connection: &mut Connection, first: u64, rows: &[Contact]) -> Result<u64> {
        let keys = sorted_keys(rows);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let claims = claim(&transaction, &keys, first)?;
        self.insert_records(&transaction, first, rows, &claims.is_new)?;
        if self.update_existing {
            self.update_records(&transaction, rows, claims.matched)?;
        }
        let created = claims.is_new.iter().filter(|is_new| **is_new).count() as u64;
        transaction.commit()?;
        Ok(created)
    }

    fn insert_records(&self, transaction: &Transaction<'_>, first: u64, rows: &[Contact], is_new: &[bool]) -> Result<()> {
        let mut insert = transaction.prepare_cached("INSERT INTO record VALUES (?1, ?2)")?;
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| is_new[*index]) {
            self.bind_and_run(&mut insert, first + index as u64, &row.properties)?;
        }
        Ok(())
    }

    /// Updates in the order of the records; of several rows for one record the last one stays, as row by row.
    fn update_records(&self, transaction: &Transaction<'_>, rows: &[Contact], mut matched: Vec<Match>) -> Result<()> {
        matched.sort_unstable_by_key(|found| (found.record, found.index));
        let sql = match self.variant {
            Variant::Integer => "UPDATE record SET properties = ?2 WHERE number = ?1",
            Variant::Blob | Variant::Indexed => "UPDATE record SET properties = ?2 WHERE id = ?1",
        };
        let mut update = transaction.prepare_cached(sql)?;
        for found in matched {
            self.bind_and_run(&mut update, found.record, &rows[found.index].properties)?;
        }
        Ok(())
    }

    fn bind_and_run(&self, statement: &mut CachedStatement<'_>, record: u64, properties: &str) -> Result<()> {
        match self.variant {
            Variant::Integer => statement.execute(params![record as i64, properties])?,
            Variant::Blob | Variant::Indexed => {
                let mut id = *b"\x01\x9a\xcd\x00\x11\x22\x70\x00\x00\x00\x00\x00\x00\x00\x00\x00";
                id[8..].copy_from_slice(&record.to_be_bytes());
                statement.execute(params![&id[..], properties])?
            }
        };
        Ok(())
    }
}

impl Variant {
    fn schema(self) -> &'static str {
        match self {
            Self::Integer => concat!(
                "CREATE TABLE record (number INTEGER PRIMARY KEY, properties TEXT NOT NULL) STRICT;",
                "CREATE TABLE dedupe_key (hash BLOB PRIMARY KEY, record INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
            ),
            Self::Blob => concat!(
                "CREATE TABLE record (id BLOB PRIMARY KEY, properties TEXT NOT NULL) STRICT, WITHOUT ROWID;",
                "CREATE TABLE dedupe_key (hash BLOB PRIMARY KEY, record INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
            ),
            Self::Indexed => concat!(
                "CREATE TABLE record (id BLOB NOT NULL UNIQUE, properties TEXT NOT NULL) STRICT;",
                "CREATE TABLE dedupe_key (hash BLOB PRIMARY KEY, record INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
            ),
        }
    }
}

/// Which rows of a transaction claimed their key, and which found it held.
struct Claims {
    /// By row index within the transaction.
    is_new: Vec<bool>,
    matched: Vec<Match>,
}

struct Match {
    /// Row index within the transaction.
    index: usize,
    /// The record that holds the key.
    record: u64,
}

/// Claims all keys in hash order. Rows with the same key stand next to each other in row order, so the first one claims.
fn claim(transaction: &Transaction<'_>, keys: &[([u8; 16], usize)], first: u64) -> Result<Claims> {
    let mut insert = transaction.prepare_cached("INSERT INTO dedupe_key VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    let mut holder = transaction.prepare_cached("SELECT record FROM dedupe_key WHERE hash = ?1")?;
    let mut claims = Claims { is_new: vec![false; keys.len()], matched: Vec::new() };
    for (hash, index) in keys {
        let record = (first + *index as u64) as i64;
        if insert.execute(params![&hash[..], record])? == 1 {
            claims.is_new[*index] = true;
        } else {
            let held_by: i64 = holder.query_row(params![&hash[..]], |row| row.get(0))?;
            claims.matched.push(Match { index: *index, record: held_by as u64 });
        }
    }
    Ok(claims)
}

fn sorted_keys(rows: &[Contact]) -> Vec<([u8; 16], usize)> {
    let mut keys: Vec<([u8; 16], usize)> =
        rows.iter().enumerate().map(|(index, row)| (key_of(&row.email), index)).collect();
    keys.sort_unstable();
    keys
}

/// A keyed 128-bit hash of the lower-cased e-mail; any fixed key serves a measurement.
fn key_of(email: &str) -> [u8; 16] {
    let mut hasher = SipHasher13::new_with_keys(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
    hasher.write(email.to_lowercase().as_bytes());
    hasher.finish128().as_bytes()
}

/// Opens a connection with the baseline's settings: design figures were measured with exactly these.
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        &std::env::var("EXTRA").unwrap_or_default())?; connection.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Bytes of the files in `folder` and below it.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    let mut total = 0;
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                waiting.push(entry.path());
            } else {
                total += metadata.len();
            }
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(repeats_percent: u64, update_existing: bool, variant: Variant) -> (RawLoaded, tempfile::TempDir) {
        let contacts = Contacts { rows: 3_000, repeats_percent, seed: 5 };
        let folder = tempfile::tempdir().unwrap();
        let raw = RawLoad { contacts, update_existing, transaction_rows: 700, variant };
        let loaded = raw.run(&folder.path().join("raw")).unwrap();
        (loaded, folder)
    }

    #[test]
    fn repeats_are_matched_within_and_across_transactions() {
        for variant in [Variant::Integer, Variant::Blob, Variant::Indexed] {
            let (loaded, folder) = load(20, false, variant);
            let contacts = Contacts { rows: 3_000, repeats_percent: 20, seed: 5 };
            assert_eq!(loaded.created, contacts.distinct());
            let database = Connection::open(folder.path().join("raw/raw.sqlite")).unwrap();
            let records: u64 =
                database.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
            assert_eq!(records, contacts.distinct(), "{variant:?}");
        }
    }

    #[test]
    fn an_update_leaves_the_last_row_of_each_email() {
        let contacts = Contacts { rows: 3_000, repeats_percent: 20, seed: 5 };
        let mut last_by_email = std::collections::BTreeMap::new();
        for row in 0..contacts.rows {
            let contact = contacts.contact(row);
            last_by_email.insert(contact.email, contact.properties);
        }
        let mut wanted: Vec<String> = last_by_email.into_values().collect();
        wanted.sort();
        let (_, folder) = load(20, true, Variant::Integer);
        let database = Connection::open(folder.path().join("raw/raw.sqlite")).unwrap();
        let mut query = database.prepare("SELECT properties FROM record ORDER BY properties").unwrap();
        let found: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, wanted);
    }
}
