//! The store itself: opening, closing, and what all verbs share.

use std::fs::DirBuilder;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::JobId;
use refract_domain::key::KeyHasher;
use refract_store::{AccountVerbs, SchemaCache, StoreError};
use rusqlite::Connection;
use uuid::Uuid;

use crate::connect::{open_checkpointer, open_reader, open_writer, require_version};
use crate::error::{Failure, Outcome};
use crate::housekeeper::Housekeeper;
use crate::lock::DirectoryLock;
use crate::migrate::migrate;
use crate::notes::Notes;
use crate::numbers::RecordNumbers;
use crate::reader::Readers;
use crate::settings::SqliteSettings;
use crate::staged::StagedRows;
use crate::writer::{WriteContext, Writer};

const END_LEASES: &str = include_str!("sql/open_end_leases.sql");
const NEXT_RECORD_NO: &str = include_str!("sql/open_next_record_no.sql");
const INSTALLATION: &str = include_str!("sql/open_installation.sql");
const UNFINISHED: &str = include_str!("sql/open_unfinished.sql");
const CLAIMED: &str = include_str!("sql/staged_claimed.sql");

/// The embedded store: a directory with a SQLite database and files of staged rows.
///
/// Dropping it closes it, which blocks until the write in hand is done; [`close`](refract_store::AccountVerbs::close)
/// does the same without blocking a runtime's thread.
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) threads: Arc<Threads>,
    /// How long a query may take.
    pub(crate) query_within: Duration,
    // Last: the directory is free once everything above is gone.
    _lock: Option<DirectoryLock>,
}

/// The threads that work on the database.
pub(crate) struct Threads {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    /// For reads that may take long.
    pub(crate) scanners: Readers,
    housekeeper: Arc<Housekeeper>,
}

impl Threads {
    /// Ends the threads, the writer first: what it leaves to be done later must still be done. Blocks.
    pub(crate) fn close(&self) {
        self.writer.close();
        self.readers.close();
        self.scanners.close();
        self.housekeeper.close();
    }
}

/// What the threads of a store share.
pub(crate) struct Shared {
    pub(crate) staged: Arc<StagedRows>,
    pub(crate) notes: Notes,
    pub(crate) hasher: KeyHasher,
    pub(crate) schemas: SchemaCache,
}

impl SqliteStore {
    /// Opens the store in `directory`, which is made (for its owner only) if need be, and brings its schema up to date.
    /// Leases that an earlier process held are over. Blocks.
    ///
    /// Fails with a text that says what to do when another process has the directory, when a newer program has been
    /// here, and when the SQLite library is too old.
    pub fn open(directory: &Path, settings: &SqliteSettings) -> Result<Self, StoreError> {
        let opened = || {
            require_version(rusqlite::version_number())?;
            make_directory(directory)?;
            let lock = DirectoryLock::acquire(directory)?;
            Self::open_inner(directory, settings, Some(lock))
        };
        opened().map_err(|Failure(error)| error)
    }

    /// Brings the schema of the store in `directory` up to date and does nothing else; gives the versions before and
    /// after. Blocks. Fails as [`Self::open`] does, also while a server has the directory.
    pub fn migrate(directory: &Path) -> Result<(i64, i64), StoreError> {
        let migrated = || {
            require_version(rusqlite::version_number())?;
            make_directory(directory)?;
            let _lock = DirectoryLock::acquire(directory)?;
            migrate(&mut open_writer(&directory.join("refract.db"), &SqliteSettings::default())?)
        };
        migrated().map_err(|Failure(error)| error)
    }

    /// Opens only the teams and keys of the store in `directory`, also while a server has it open: a write then waits
    /// for the server's present transaction. Jobs and their files are left alone. Blocks.
    pub fn open_accounts(directory: &Path) -> Result<Arc<dyn AccountVerbs + Send + Sync>, StoreError> {
        let opened = || {
            require_version(rusqlite::version_number())?;
            make_directory(directory)?;
            Self::open_inner(directory, &SqliteSettings::default(), None)
        };
        let store = opened().map_err(|Failure(error)| error)?;
        Ok(Arc::new(store))
    }

    /// With the directory's lock the whole store is opened, without it only what does not disturb another process.
    fn open_inner(directory: &Path, settings: &SqliteSettings, lock: Option<DirectoryLock>) -> Outcome<Self> {
        let path = directory.join("refract.db");
        let mut connection = open_writer(&path, settings)?;
        migrate(&mut connection)?;
        if lock.is_some() {
            connection.execute(END_LEASES, [])?;
        }
        let (secret, random) = connection
            .query_row(INSTALLATION, [], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 16]>(1)?)))?;
        let staged = Arc::new(StagedRows::open(directory.join("staged"), Uuid::from_bytes(random))?);
        let notes = Notes::open(directory.join("notes"))?;
        if lock.is_some() {
            notes.sweep(|job_id| is_unfinished(&connection, job_id))?;
        }
        let next_record_no = connection.query_row(NEXT_RECORD_NO, [], |row| row.get(0))?;
        let open_readers =
            |count: usize| (0..count.max(1)).map(|_| open_reader(&path, settings)).collect::<Outcome<_>>();
        let (readers, scanners) = (open_readers(settings.readers)?, open_readers(settings.scanners)?);
        let housekeeper = Arc::new(Housekeeper::start(open_checkpointer(&path)?, settings)?);
        let numbers = RecordNumbers::starting_at(next_record_no);
        let commits = Arc::default();
        let writer =
            Writer::start(connection, numbers, Arc::clone(&housekeeper), Arc::clone(&commits), settings.group_max)?;
        let shared =
            Arc::new(Shared { staged, notes, hasher: KeyHasher::new(secret), schemas: SchemaCache::default() });
        let (readers, scanners) = (Readers::start(readers, Arc::clone(&commits))?, Readers::start(scanners, commits)?);
        let threads = Arc::new(Threads { writer, readers, scanners, housekeeper });
        Ok(Self { shared, threads, query_within: settings.query_within, _lock: lock })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.threads.close();
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

/// The files of staged rows that jobs claim.
pub(crate) fn claimed_files(connection: &Connection) -> Outcome<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(CLAIMED)?;
    let files = statement.query_map([], |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

/// What becomes of the staged rows of a job that has ended: they are closed, and removed unless they are kept.
pub(crate) fn end_of_rows(
    write: &mut WriteContext<'_>,
    staged: &Arc<StagedRows>,
    file: Option<Uuid>,
    keeps_rows: bool,
) {
    if !keeps_rows {
        return drop_staged(write, staged, file);
    }
    let staged = Arc::clone(staged);
    write.after_commit(move || file.into_iter().for_each(|file| staged.forget(file)));
}

/// Removes staged rows for good.
pub(crate) fn drop_staged(write: &mut WriteContext<'_>, staged: &Arc<StagedRows>, file: Option<Uuid>) {
    let Some(file) = file else { return };
    // A file of hundreds of megabytes takes its time to go: the writer does not wait for it.
    let (at_once, later) = (Arc::clone(staged), Arc::clone(staged));
    write.after_commit(move || at_once.doom(file));
    write.later(move || later.remove(file));
}

fn is_unfinished(connection: &Connection, job_id: JobId) -> Outcome<bool> {
    Ok(connection.prepare_cached(UNFINISHED)?.query_row([job_id.as_bytes()], |row| row.get(0))?)
}

fn make_directory(directory: &Path) -> Outcome<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| {
        StoreError::Unavailable(format!("the data directory {} cannot be made: {error}", directory.display())).into()
    })
}
