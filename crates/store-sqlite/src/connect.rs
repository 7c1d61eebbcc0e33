//! Opens connections and sets what every one of them needs. Owns the version of SQLite that is good enough and the
//! page size. Must not know any table.

use std::path::Path;
use std::time::Duration;

use refract_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Failure, Outcome};
use crate::functions;
use crate::settings::SqliteSettings;

/// Bytes of a page. Measured (docs/benchmarks.md): larger ones make updates of records all over the table slower, smaller
/// ones new records; databases made with another size keep it.
pub(crate) const PAGE_BYTES: u32 = 8 * 1024;

/// The first SQLite without the bug by which a checkpoint beside a restarting log can corrupt the database.
const VERSION_MIN: i32 = 3_051_003;

/// Statements kept prepared on each connection; more than there are `.sql` files.
const STATEMENTS_KEPT: usize = 160;

/// How long a connection waits for a lock that another one of this process holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Refuses a library that is too old.
pub(crate) fn require_version(version_number: i32) -> Outcome<()> {
    if version_number >= VERSION_MIN {
        return Ok(());
    }
    Err(Failure::internal(format!(
        "SQLite {version_number} is too old: {VERSION_MIN} or newer is needed, older ones can corrupt the database"
    )))
}

/// Opens the only connection that writes. Creates the database when there is none.
pub(crate) fn open_writer(path: &Path, settings: &SqliteSettings) -> Outcome<Connection> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // Only before the first table, and before the log: later it changes nothing.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Unavailable(format!("the file system allows no write-ahead log (mode {mode})")).into());
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    if synchronous != 2 {
        return Err(Failure::internal(format!("synchronous is {synchronous} although FULL (2) was asked for")));
    }
    // Checkpoints run beside the writer (see checkpoint.rs).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // For changes of the schema that records may stand in the way of.
    functions::register(&mut connection)?;
    set_cache(&connection, settings.writer_cache_bytes)?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path, settings: &SqliteSettings) -> Outcome<Connection> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    functions::register(&mut connection)?;
    functions::heed_deadlines(&mut connection)?;
    set_cache(&connection, settings.reader_cache_bytes)?;
    Ok(connection)
}

/// Opens the connection that moves the write-ahead log into the database.
pub(crate) fn open_checkpointer(path: &Path) -> Outcome<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Outcome<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Plans do not depend on what is bound. SQLite would otherwise prepare a statement anew each time, kept or not, in which a
    // parameter stands for a limit: several times the work of a read of one record.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn set_cache(connection: &Connection, bytes: u64) -> Outcome<()> {
    // Negative: in KiB rather than in pages.
    let kibibytes = i64::try_from(bytes / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_refused_and_the_bundled_one_is_not() {
        assert!(require_version(3_051_002).is_err());
        assert!(require_version(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn the_writer_is_durable_and_the_reader_cannot_write() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("refract.db");
        let settings = SqliteSettings::default();
        let writer = open_writer(&path, &settings).expect("a writer");
        writer.execute_batch("CREATE TABLE t (a)").expect("a table");
        let pragma = |connection: &Connection, name: &str| -> i64 {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).expect("a pragma")
        };
        assert_eq!(pragma(&writer, "synchronous"), 2);
        assert_eq!(pragma(&writer, "page_size"), 8_192);
        assert_eq!(pragma(&writer, "foreign_keys"), 1);
        assert_eq!(pragma(&writer, "trusted_schema"), 0);
        assert_eq!(pragma(&writer, "wal_autocheckpoint"), 0);
        assert_eq!(pragma(&writer, "cache_size"), -16_384);
        let reader = open_reader(&path, &settings).expect("a reader");
        assert!(reader.execute_batch("INSERT INTO t VALUES (1)").is_err());
    }

    #[test]
    fn a_kept_statement_is_not_prepared_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection =
            open_writer(&folder.path().join("refract.db"), &SqliteSettings::default()).expect("a database");
        connection.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER)").expect("a table");
        let mut statement =
            connection.prepare("SELECT a FROM t WHERE b = ?1 ORDER BY a LIMIT ?2").expect("a statement");
        for round in 0..5 {
            statement.query_row((round, round), |_| Ok(())).expect_err("no row");
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
