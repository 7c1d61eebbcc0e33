//! What a server keeps its data in: a folder of its own, or a database of its own on the tests' PostgreSQL server.
//!
//! Owns the choice (`REFRACT_TEST_STORE`: `sqlite`, which is the default, or `postgres`), copies of the data, and a look
//! into it past the server.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use refract_testkit::postgres::TestDatabase;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

/// What names the store of a run.
const STORE_VARIABLE: &str = "REFRACT_TEST_STORE";

/// What a request that is refused must leave as it was. Idempotency keys are left out: a keyed request may leave one.
const TABLES: [&str; 9] =
    ["team", "api_key", "list", "property_option", "record", KEYS, "key_holder_more", "list_entry", "job"];
const KEYS: &str = "key_holder";
/// The embedded store's alone.
const ALIASES: &str = "record_alias";

/// A server's data, empty at first.
#[derive(Debug)]
pub(crate) struct Home {
    /// Holds the data, or nothing but what the process leaves in its home.
    folder: TempDir,
    database: Option<TestDatabase>,
}

impl Home {
    /// Without data, for a server on the store of this run.
    pub(crate) fn empty() -> Self {
        let database = is_on_postgres().then(TestDatabase::create);
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database }
    }

    /// Without data, in a folder whatever the store of this run.
    pub(crate) fn in_folder() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database: None }
    }

    /// Without data, in a database whatever the store of this run.
    pub(crate) fn in_database() -> Self {
        Self::of(TestDatabase::create())
    }

    /// In this database.
    pub(crate) fn of(database: TestDatabase) -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database: Some(database) }
    }

    /// The folder: the data directory where there is no database.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database, where there is one.
    pub(crate) fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// Tells a command where the data are.
    pub(crate) fn tell(&self, command: &mut Command) {
        match &self.database {
            None => command.arg("--data-dir").arg(self.folder()),
            Some(database) => command.env("REFRACT_DATABASE_URL", database.url()),
        };
    }

    /// The data as they are now. Nobody may use them meanwhile.
    pub(crate) fn copy(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy_folder(self.folder(), folder.path()).expect("a folder can be copied");
        Self { folder, database: self.database.as_ref().map(TestDatabase::copy) }
    }

    /// How many rows a table has.
    pub(crate) fn rows_of(&self, table: &str) -> u64 {
        let query = format!("SELECT count(*) FROM {table}");
        match &self.database {
            None => rows_in(&open(self.folder()), &query),
            Some(database) => count_in(database, &query),
        }
    }

    /// How many rows each table has that a refused request must leave as it was.
    pub(crate) fn rows_by_table(&self) -> Vec<(&'static str, u64)> {
        match &self.database {
            None => {
                let opened = open(self.folder());
                let of = |table| match table {
                    // There keys lie in pages, 24 bytes each.
                    KEYS => (table, rows_in(&opened, "SELECT coalesce(sum(length(entries)) / 24, 0) FROM key_page")),
                    _ => (table, rows_in(&opened, &format!("SELECT count(*) FROM {table}"))),
                };
                TABLES.into_iter().chain([ALIASES]).map(of).collect()
            }
            Some(database) => {
                let counts = TABLES.map(|table| format!("(SELECT count(*) FROM {table})"));
                let found = database.sql(&format!("SELECT {}", counts.join(", ")));
                let number = |cell: &Option<String>| cell.as_deref().and_then(|text| text.parse().ok());
                TABLES.into_iter().zip(found[0].iter().map(|cell| number(cell).expect("a count"))).collect()
            }
        }
    }

    /// How many imports have rows staged: those that arrive, and those of unfinished jobs. Rows that are kept because some
    /// of them did not get in are those of ended ones.
    pub(crate) fn staged(&self) -> usize {
        const UPLOADS: &str = "SELECT count(DISTINCT (team_no, upload_id)) FROM staged_chunk
            WHERE NOT EXISTS (SELECT FROM job WHERE job.team_no = staged_chunk.team_no AND job.kept = upload_id)";
        match &self.database {
            None => {
                let files = fs::read_dir(self.folder().join("staged"));
                let files = files.map_or(0, |entries| entries.filter_map(Result::ok).count());
                let kept = rows_in(&open(self.folder()), "SELECT count(*) FROM job WHERE kept IS NOT NULL");
                files.saturating_sub(usize::try_from(kept).expect("a small number"))
            }
            Some(database) => usize::try_from(count_in(database, UPLOADS)).expect("a small number"),
        }
    }

    /// Lets so much time pass for uploads that nobody goes on with. In a folder nobody else can go on with them, so the
    /// next start removes them; in a database another server may be at it, so only time tells.
    pub(crate) fn age_uploads(&self, by: Duration) {
        if let Some(database) = &self.database {
            database.sql(&format!("UPDATE upload SET touched_at = touched_at - {}", by.as_millis()));
        }
    }
}

/// Whether the servers of this run keep their data on PostgreSQL.
pub(crate) fn is_on_postgres() -> bool {
    match std::env::var(STORE_VARIABLE).as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("{STORE_VARIABLE} is sqlite or postgres, not {other:?}"),
    }
}

fn open(data_dir: &Path) -> Connection {
    let database = Connection::open_with_flags(data_dir.join("refract.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the database can be read beside the server");
    database.busy_timeout(Duration::from_secs(10)).expect("a time-out");
    database
}

fn rows_in(database: &Connection, query: &str) -> u64 {
    let count: i64 = database.query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{query}: {error}"));
    u64::try_from(count).expect("a count")
}

fn count_in(database: &TestDatabase, query: &str) -> u64 {
    let found = database.sql(query);
    found[0][0].as_deref().and_then(|text| text.parse().ok()).expect("a count")
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
