//! What is done beside the writer: checkpoints, and removals that follow a commit.
//!
//! Owns the size of the write-ahead log. Checkpoints run on a thread and a connection of their own, since a writer that
//! makes them itself stands still meanwhile (measured: 20 % of an import). Under a steady load such a checkpoint never
//! quite catches up with the writer, so the log would grow without end: beyond a bound the writer stops and empties it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::connect::BUSY_TIMEOUT;
use crate::error::Outcome;
use crate::settings::SqliteSettings;
use crate::sync::lock;

/// Something to be done once.
pub(crate) type Effect = Box<dyn FnOnce() + Send>;

/// How long readers are waited for before emptying the log is given up for now: nobody can write meanwhile.
const RESTART_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Chores {
    effects: VecDeque<Effect>,
    checkpoint: bool,
    /// Nothing was written for a while, though the log is not empty.
    truncate: bool,
    closing: bool,
    /// Commits since the log was last given back.
    commits: u64,
}

struct Board {
    chores: Mutex<Chores>,
    changed: Condvar,
    idle_for: Duration,
    /// Held during a checkpoint: SQLite refuses a second one at once instead of waiting.
    checkpointing: Mutex<()>,
}

/// The way to the housekeeping thread.
pub(crate) struct Housekeeper {
    board: Arc<Board>,
    checkpoint_wal_bytes: u64,
    wal_bytes_max: u64,
    /// The log's size at which the writer tries to empty it; more than the bound after a try that readers foiled.
    restart_wal_bytes: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The write-ahead log at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LogState {
    bytes: u64,
    /// Of these, not yet in the database.
    pending_bytes: u64,
}

impl Housekeeper {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection, settings: &SqliteSettings) -> Outcome<Self> {
        let board = Arc::new(Board {
            chores: Mutex::default(),
            changed: Condvar::new(),
            idle_for: settings.idle_for,
            checkpointing: Mutex::default(),
        });
        let its_board = Arc::clone(&board);
        let thread =
            thread::Builder::new().name("sqlite-housekeeper".into()).spawn(move || keep(&its_board, connection))?;
        Ok(Self {
            board,
            checkpoint_wal_bytes: settings.checkpoint_wal_bytes,
            wal_bytes_max: settings.wal_bytes_max,
            restart_wal_bytes: AtomicU64::new(settings.wal_bytes_max),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Has something done soon.
    pub(crate) fn put(&self, effect: Effect) {
        lock(&self.board.chores).effects.push_back(effect);
        self.board.changed.notify_one();
    }

    /// Looks at the log after a commit; called on the writer's thread, between transactions.
    pub(crate) fn mind_the_log(&self, writer: &Connection) {
        let log = match checkpoint(writer, "NOOP") {
            Ok(log) => log,
            Err(error) => {
                tracing::warn!(%error, "the size of the write-ahead log is unknown");
                return;
            }
        };
        if log.bytes > self.restart_wal_bytes.load(Ordering::Relaxed) {
            self.empty_the_log(writer);
        }
        let mut chores = lock(&self.board.chores);
        chores.commits += 1;
        // The first commit after an idle time sets the thread to wait for the next one.
        let is_first = chores.commits == 1;
        chores.checkpoint |= log.pending_bytes >= self.checkpoint_wal_bytes;
        if chores.checkpoint || is_first {
            self.board.changed.notify_one();
        }
    }

    fn empty_the_log(&self, writer: &Connection) {
        let _alone = lock(&self.board.checkpointing);
        let emptied = writer.busy_timeout(RESTART_TIMEOUT).and_then(|()| checkpoint(writer, "RESTART"));
        let restored = writer.busy_timeout(BUSY_TIMEOUT);
        let next_try = match restored.and(emptied) {
            Ok(log) if log.pending_bytes == 0 => self.wal_bytes_max,
            Ok(log) => log.bytes + self.checkpoint_wal_bytes,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be emptied");
                self.restart_wal_bytes.load(Ordering::Relaxed) + self.checkpoint_wal_bytes
            }
        };
        self.restart_wal_bytes.store(next_try, Ordering::Relaxed);
    }

    /// Does what is left, empties the log and ends the thread. Blocks; a second call returns at once.
    pub(crate) fn close(&self) {
        lock(&self.board.chores).closing = true;
        self.board.changed.notify_one();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the housekeeping thread ended in a panic");
        }
    }
}

fn keep(board: &Board, connection: Connection) {
    if let Err(error) = connection.busy_timeout(RESTART_TIMEOUT) {
        tracing::warn!(%error, "the housekeeper's timeout could not be set");
    }
    loop {
        let chores = wait(board);
        for effect in chores.effects {
            if catch_unwind(AssertUnwindSafe(effect)).is_err() {
                tracing::error!("a chore panicked");
            }
        }
        if chores.closing {
            break;
        }
        if chores.truncate || chores.checkpoint {
            let _alone = lock(&board.checkpointing);
            if let Err(error) = checkpoint(&connection, if chores.truncate { "TRUNCATE" } else { "PASSIVE" }) {
                tracing::warn!(%error, "checkpoint failed");
            }
        }
    }
    if let Err(error) = checkpoint(&connection, "TRUNCATE") {
        tracing::warn!(%error, "the last checkpoint failed; the next start makes up for it");
    }
}

fn wait(board: &Board) -> Chores {
    let mut chores = lock(&board.chores);
    while chores.effects.is_empty() && !chores.checkpoint && !chores.truncate && !chores.closing {
        if chores.commits == 0 {
            chores = board.changed.wait(chores).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let commits_before = chores.commits;
        let (woken, waited) =
            board.changed.wait_timeout(chores, board.idle_for).unwrap_or_else(PoisonError::into_inner);
        chores = woken;
        chores.truncate = waited.timed_out() && chores.commits == commits_before;
    }
    if chores.truncate {
        chores.commits = 0;
    }
    Chores {
        effects: std::mem::take(&mut chores.effects),
        checkpoint: std::mem::take(&mut chores.checkpoint),
        truncate: std::mem::take(&mut chores.truncate),
        closing: chores.closing,
        commits: chores.commits,
    }
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<LogState> {
    // A database made by an earlier version may have pages of another size.
    let page_bytes: u32 = connection.prepare_cached("PRAGMA page_size")?.query_row([], |row| row.get(0))?;
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    connection.prepare_cached(&sql)?.query_row([], |row| {
        let bytes = |frames: i64| u64::try_from(frames).unwrap_or(0) * u64::from(page_bytes);
        let (frames, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(LogState { bytes: bytes(frames), pending_bytes: bytes(frames - moved) })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;
    use crate::connect::{open_checkpointer, open_reader, open_writer};

    #[test]
    fn an_idle_store_gives_the_log_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("refract.db");
        let writer = writer(&path);
        let settings = SqliteSettings { idle_for: Duration::from_millis(20), ..SqliteSettings::default() };
        let housekeeper =
            Housekeeper::start(open_checkpointer(&path).expect("a connection"), &settings).expect("a thread");
        let wal_bytes = || std::fs::metadata(directory.path().join("refract.db-wal")).expect("the log").len();
        for _ in 0..2 {
            write_a_mebibyte(&writer);
            housekeeper.mind_the_log(&writer);
            let begun = Instant::now();
            while wal_bytes() > 0 {
                assert!(begun.elapsed() < Duration::from_secs(20), "the log was never given back");
                thread::sleep(Duration::from_millis(5));
            }
        }
        housekeeper.close();
    }

    fn small() -> SqliteSettings {
        SqliteSettings { checkpoint_wal_bytes: 1 << 20, wal_bytes_max: 4 << 20, ..SqliteSettings::default() }
    }

    fn writer(path: &Path) -> Connection {
        let writer = open_writer(path, &small()).expect("a writer");
        writer.execute_batch("CREATE TABLE t (a)").expect("a table");
        writer
    }

    fn write_a_mebibyte(writer: &Connection) {
        writer.execute_batch("INSERT INTO t VALUES (zeroblob(1048576))").expect("a row");
    }

    fn log_bytes(writer: &Connection) -> u64 {
        checkpoint(writer, "NOOP").expect("the log").bytes
    }

    #[test]
    fn the_log_stays_within_its_bound() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("refract.db");
        let writer = writer(&path);
        let housekeeper =
            Housekeeper::start(open_checkpointer(&path).expect("a connection"), &small()).expect("a thread");
        for _ in 0..40 {
            write_a_mebibyte(&writer);
            housekeeper.mind_the_log(&writer);
            assert!(log_bytes(&writer) <= (6 << 20), "{}", log_bytes(&writer));
        }
        housekeeper.close();
        let wal = std::fs::metadata(directory.path().join("refract.db-wal")).expect("the log");
        assert_eq!(wal.len(), 0);
    }

    #[test]
    fn the_log_is_measured_by_the_pages_that_the_database_was_made_with() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("refract.db");
        let made = Connection::open(&path).expect("a database");
        made.execute_batch("PRAGMA page_size = 16384; CREATE TABLE t (a)").expect("a table");
        drop(made);
        let writer = open_writer(&path, &small()).expect("a writer");
        write_a_mebibyte(&writer);
        assert!(log_bytes(&writer) >= 1 << 20, "{}", log_bytes(&writer));
    }

    #[test]
    fn a_reader_that_stays_is_not_waited_for_at_every_commit() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("refract.db");
        let writer = writer(&path);
        write_a_mebibyte(&writer);
        let reader = open_reader(&path, &small()).expect("a reader");
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").expect("a snapshot");
        let housekeeper =
            Housekeeper::start(open_checkpointer(&path).expect("a connection"), &small()).expect("a thread");
        for _ in 0..4 {
            write_a_mebibyte(&writer);
        }
        let begun = Instant::now();
        for _ in 0..8 {
            writer.execute_batch("INSERT INTO t VALUES (1)").expect("a row");
            housekeeper.mind_the_log(&writer);
        }
        assert!(begun.elapsed() < 3 * RESTART_TIMEOUT, "{:?}", begun.elapsed());
        reader.execute_batch("COMMIT").expect("the end");
        housekeeper.close();
    }
}
