//! The yardstick: the same contacts written straight into SQLite by one thread, with the best settings known.
//!
//! Owns the baseline's schema, settings and timing. Knows nothing of the server's tables or code: a baseline that
//! shared them would move with what it measures. All rows lie in memory before the clock starts, and the clock never
//! stops until the last commit: making rows between two transactions would let the kernel write back, and checkpoints
//! run, for nothing (measured: a quarter faster than any loader can be).

use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::contacts::{Contact, Contacts};
use crate::figures::processor_time;

const PAGE_BYTES: i64 = 16_384;
/// Log not yet in the database at which a checkpoint is due: the server's own threshold.
const CHECKPOINT_LOG_BYTES: i64 = 64 << 20;
/// Log at which a loader without a checkpointing thread does it itself.
const LOG_BYTES_MAX: i64 = 512 << 20;

/// A record number that ascends with the rows, and a key table without a rowid: 18 % faster at a million rows than
/// 16-byte ids as the key of the record table, or as a unique index beside a rowid.
const SCHEMA: &str = "
    CREATE TABLE record (number INTEGER PRIMARY KEY, properties TEXT NOT NULL) STRICT;
    CREATE TABLE dedupe_key (hash BLOB PRIMARY KEY, record INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/// How to load.
#[derive(Clone, Debug)]
pub(crate) struct RawLoad {
    /// What to load.
    pub(crate) contacts: Contacts,
    /// A matched row replaces the record's text; otherwise it is skipped.
    pub(crate) update_existing: bool,
    /// Rows in one transaction.
    pub(crate) transaction_rows: usize,
    /// Who moves the log into the database.
    pub(crate) checkpoints: Checkpoints,
}

/// Who moves the write-ahead log into the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Checkpoints {
    /// A thread beside the loader, as in the server: a load that leaves everything in the log has put work off.
    Thread,
    /// The loader, once the log has 512 MiB: never, for a million new rows.
    Loader,
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawLoaded {
    /// Rows read.
    pub(crate) rows: u64,
    /// Rows that became a record.
    pub(crate) created: u64,
    /// From the first row to the last commit.
    pub(crate) elapsed: Duration,
    /// Processor time spent meanwhile.
    pub(crate) processor_time: Duration,
    /// Database and write-ahead log at the end, in bytes.
    pub(crate) disk_bytes: u64,
}

impl RawLoaded {
    /// Rows a second.
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
        connection.execute_batch(SCHEMA)?;
        let rows: Vec<Contact> = (0..self.contacts.rows).map(|row| self.contacts.contact(row)).collect();

        let beside = Connection::open(&path)?;
        let processor_time_before = processor_time("self")?;
        let started = Instant::now();
        let (created, elapsed) = std::thread::scope(|scope| {
            let (committed, commits) = channel();
            if self.checkpoints == Checkpoints::Thread {
                scope.spawn(move || checkpoint_beside(&beside, &commits));
            } else {
                drop(commits);
            }
            let mut created = 0;
            let mut first = 0;
            for transaction_rows in rows.chunks(self.transaction_rows) {
                created += self.load_transaction(&mut connection, first, transaction_rows)?;
                first += transaction_rows.len() as u64;
                // Without a thread nobody listens, and the loader sees to the log itself.
                if committed.send(()).is_err() {
                    checkpoint_when_due(&connection)?;
                }
            }
            anyhow::Ok((created, started.elapsed()))
        })?;
        let processor_time = processor_time("self")?.saturating_sub(processor_time_before);
        let disk_bytes = folder_bytes(folder)?;
        Ok(RawLoaded { rows: self.contacts.rows, created, elapsed, processor_time, disk_bytes })
    }

    /// One transaction; returns how many rows became records.
    fn load_transaction(&self, connection: &mut Connection, first: u64, rows: &[Contact]) -> Result<u64> {
        let keys = sorted_keys(rows);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let claims = claim(&transaction, &keys, first)?;
        insert_records(&transaction, first, rows, &claims.is_new)?;
        if self.update_existing {
            update_records(&transaction, rows, claims.matched)?;
        }
        let created = claims.is_new.iter().filter(|is_new| **is_new).count() as u64;
        transaction.commit()?;
        Ok(created)
    }
}

fn insert_records(transaction: &Transaction<'_>, first: u64, rows: &[Contact], is_new: &[bool]) -> Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO record VALUES (?1, ?2)")?;
    for (index, row) in rows.iter().enumerate().filter(|(index, _)| is_new[*index]) {
        insert.execute(params![(first + index as u64) as i64, row.properties])?;
    }
    Ok(())
}

/// Updates in the order of the records; of several rows for one record the last one stays, as row by row.
fn update_records(transaction: &Transaction<'_>, rows: &[Contact], mut matched: Vec<Match>) -> Result<()> {
    matched.sort_unstable_by_key(|found| (found.record, found.index));
    let mut update = transaction.prepare_cached("UPDATE record SET properties = ?2 WHERE number = ?1")?;
    for found in matched {
        update.execute(params![found.record, rows[found.index].properties])?;
    }
    Ok(())
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
    record: i64,
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
            claims.matched.push(Match { index: *index, record: held_by });
        }
    }
    Ok(claims)
}

/// The rows' keys in hash order; equal ones in row order.
pub(crate) fn sorted_keys(rows: &[Contact]) -> Vec<([u8; 16], usize)> {
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

/// Checkpoints after each commit that leaves enough in the log, until the loader is done.
fn checkpoint_beside(connection: &Connection, commits: &Receiver<()>) {
    let pages = |mode: &str| -> rusqlite::Result<i64> {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
        })
    };
    while commits.recv().is_ok() {
        let is_due = pages("NOOP").is_ok_and(|pending| pending * PAGE_BYTES >= CHECKPOINT_LOG_BYTES);
        if is_due && let Err(error) = pages("PASSIVE") {
            eprintln!("a checkpoint of the raw load failed: {error}");
        }
    }
}

/// Checkpoints once the log has reached its bound, between two transactions, so that the log starts anew.
fn checkpoint_when_due(connection: &Connection) -> Result<()> {
    let log_pages = |mode: &str| -> rusqlite::Result<i64> {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))
    };
    // NOOP copies nothing and reports how many pages the log holds; the file's length would not fall.
    if log_pages("NOOP")? * PAGE_BYTES >= LOG_BYTES_MAX {
        log_pages("PASSIVE")?;
    }
    Ok(())
}

/// Opens a connection with the baseline's settings: durable at every commit, and the fastest known that are.
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
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

    fn load(repeats_percent: u64, update_existing: bool) -> (RawLoaded, tempfile::TempDir) {
        let contacts = Contacts { rows: 3_000, repeats_percent, seed: 5 };
        let folder = tempfile::tempdir().unwrap();
        let raw = RawLoad { contacts, update_existing, transaction_rows: 700, checkpoints: Checkpoints::Thread };
        let loaded = raw.run(&folder.path().join("raw")).unwrap();
        (loaded, folder)
    }

    #[test]
    fn repeats_are_matched_within_and_across_transactions() {
        let (loaded, folder) = load(20, false);
        let contacts = Contacts { rows: 3_000, repeats_percent: 20, seed: 5 };
        assert_eq!(loaded.created, contacts.distinct());
        let database = Connection::open(folder.path().join("raw/raw.sqlite")).unwrap();
        let records: i64 = database.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
        assert_eq!(records as u64, contacts.distinct());
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
        let (_, folder) = load(20, true);
        let database = Connection::open(folder.path().join("raw/raw.sqlite")).unwrap();
        let mut query = database.prepare("SELECT properties FROM record ORDER BY properties").unwrap();
        let found: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, wanted);
    }
}
