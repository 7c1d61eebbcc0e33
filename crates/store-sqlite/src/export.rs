//! Reads a whole store, page by page, so that it can be written to another one.
//!
//! Owns the directory while it reads: no server can run on it, and nothing in it is changed. Every page is read by itself
//! and begins where the last one ended, so a reader can come back later with a position. Must not know where the rows go.

use std::path::Path;

use refract_store::StoreError;
use refract_store::transfer::{Cell, Column, Form, Kind, Page, Position, Row};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use crate::connect::{open_reader, require_version};
use crate::error::{Failure, Outcome};
use crate::lock::DirectoryLock;
use crate::migrate::require_newest;
use crate::settings::SqliteSettings;
use crate::staged::{Extent, StagedRows};

const INSTALLATION: &str = include_str!("sql/open_installation.sql");
const STAGED_ROWS: &str = include_str!("sql/copy_staged_rows.sql");

/// Rows of a piece of staged rows, and its bytes: as a server would have sent them to a database.
const PIECE_ROWS_MAX: usize = 10_000;
const PIECE_BYTES_MAX: usize = 1 << 20;

/// Where the columns of a row begin in copy_*.sql: its place comes first.
const CELLS_FROM: usize = 2;

/// A store that is being read. All calls block.
pub struct Export {
    connection: Connection,
    staged: StagedRows,
    secret: [u8; 16],
    // Last: the directory is free once everything above is gone.
    _lock: DirectoryLock,
}

impl Export {
    /// Opens the store in `directory` for reading and keeps everybody else out.
    ///
    /// Fails with a text that says what to do when there is no store, when another process has it, and when its schema is
    /// not the one that this program knows.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_inner(directory).map_err(|Failure(error)| error)
    }

    fn open_inner(directory: &Path) -> Outcome<Self> {
        require_version(rusqlite::version_number())?;
        let path = directory.join("refract.db");
        if !path.is_file() {
            return Err(Failure::internal(format!("there is no store in {}", directory.display())));
        }
        let lock = DirectoryLock::acquire(directory)?;
        let connection = open_reader(&path, &SqliteSettings::default())?;
        require_newest(&connection)?;
        let secret = connection.query_row(INSTALLATION, [], |row| row.get(0))?;
        // No upload is begun here, so none needs a name.
        let staged = StagedRows::open(directory.join("staged"), Uuid::nil())?;
        Ok(Self { connection, staged, secret, _lock: lock })
    }

    /// What keys the dedupe hashes: the store's identity.
    #[must_use]
    pub const fn secret(&self) -> [u8; 16] {
        self.secret
    }

    /// How many rows of a kind there are; about how many pieces of staged rows.
    pub fn rows(&self, kind: Kind) -> Result<u64, StoreError> {
        let count = || -> Outcome<u64> {
            let query = match kind {
                Kind::StagedRows => {
                    format!(
                        "SELECT ifnull(sum(total / {PIECE_ROWS_MAX} + 1), 0) FROM job WHERE staged IS NOT NULL OR kept IS NOT NULL"
                    )
                }
                _ => format!("SELECT count(*) FROM {}", table(kind)),
            };
            let count: i64 = self.connection.query_row(&query, [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        count().map_err(|Failure(error)| error)
    }

    /// The rows after `from`, at most `rows_max` of them, and no further one once there are `bytes_max` bytes. Staged
    /// rows come a piece at a time.
    pub fn page(&self, kind: Kind, from: Position, rows_max: usize, bytes_max: usize) -> Result<Page, StoreError> {
        let page = match kind {
            Kind::StagedRows => self.staged_page(from),
            _ => self.table_page(kind, from, rows_max.max(1), bytes_max),
        };
        page.map_err(|Failure(error)| error)
    }

    fn table_page(&self, kind: Kind, from: Position, rows_max: usize, bytes_max: usize) -> Outcome<Page> {
        let mut statement = self.connection.prepare_cached(sql(kind))?;
        let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
        let mut found = statement.query((from.major, from.minor, limit))?;
        let (mut rows, mut bytes, mut last) = (Vec::new(), 0, from);
        while let Some(row) = found.next()? {
            last = Position { major: row.get(0)?, minor: row.get(1)? };
            rows.push(cells(row, kind.columns(), &mut bytes)?);
            if bytes >= bytes_max {
                return Ok(Page { rows, next: Some(last) });
            }
        }
        let is_full = rows.len() >= rows_max;
        Ok(Page { rows, next: is_full.then_some(last) })
    }

    /// Positions are a job and the row after the last piece.
    fn staged_page(&self, from: Position) -> Outcome<Page> {
        let Some((job_no, staged, from_row)) = self.next_staged(from)? else {
            return Ok(Page { rows: Vec::new(), next: None });
        };
        let StagedFile { team, upload, total } = staged;
        let extent = Extent { from_row, rows_max: PIECE_ROWS_MAX, bytes_max: PIECE_BYTES_MAX };
        let chunk = self.staged.read(upload, total, extent)?;
        let end_row = chunk.end_row();
        if end_row >= total {
            self.staged.forget(upload);
        }
        let mut raw = Vec::with_capacity(chunk.ends.len() * 4 + chunk.bytes.len());
        for end in &chunk.ends {
            raw.extend_from_slice(&end.to_le_bytes());
        }
        raw.extend_from_slice(&chunk.bytes);
        let (first_row, rows) = (i64::from(from_row), i64::from(end_row - from_row));
        let piece =
            vec![Cell::Id(team), Cell::Id(upload), Cell::Number(first_row), Cell::Number(rows), Cell::Bytes(raw)];
        Ok(Page { rows: vec![piece], next: Some(Position { major: job_no, minor: i64::from(end_row) }) })
    }

    /// The job whose staged rows come next, and its first row that does.
    fn next_staged(&self, from: Position) -> Outcome<Option<(i64, StagedFile, u32)>> {
        let mut statement = self.connection.prepare_cached(STAGED_ROWS)?;
        let mut found = statement.query([from.major])?;
        while let Some(row) = found.next()? {
            let job_no: i64 = row.get(0)?;
            let (team, upload) = (Uuid::from_bytes(row.get(1)?), Uuid::from_bytes(row.get(2)?));
            let staged = StagedFile { team, upload, total: row.get(3)? };
            let from_row = if job_no == from.major { u32::try_from(from.minor).unwrap_or(0) } else { 0 };
            if from_row < staged.total {
                return Ok(Some((job_no, staged, from_row)));
            }
        }
        Ok(None)
    }
}

impl std::fmt::Debug for Export {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Export").finish_non_exhaustive()
    }
}

/// The staged rows of one job.
struct StagedFile {
    team: Uuid,
    upload: Uuid,
    total: u32,
}

fn cells(row: &rusqlite::Row<'_>, columns: &[Column], bytes: &mut usize) -> Outcome<Row> {
    let mut cells = Vec::with_capacity(columns.len());
    for (place, column) in columns.iter().enumerate() {
        let found = row.get_ref(place + CELLS_FROM)?;
        let misfit = || Failure::corrupt(format!("column {}: not what it must be", column.name));
        *bytes += size_of::<Cell>();
        cells.push(match (found, column.form) {
            (ValueRef::Null, _) => Cell::Null,
            (ValueRef::Integer(number), Form::Flag) => Cell::Flag(number != 0),
            (ValueRef::Integer(number), Form::Small | Form::Medium | Form::Large) => Cell::Number(number),
            (ValueRef::Blob(blob), Form::Id) => Cell::Id(Uuid::from_slice(blob).map_err(|_| misfit())?),
            (ValueRef::Blob(blob), Form::Bytes) => {
                *bytes += blob.len();
                Cell::Bytes(blob.to_vec())
            }
            (ValueRef::Text(text), Form::Text) => {
                *bytes += text.len();
                Cell::Text(String::from_utf8(text.to_vec()).map_err(|_| misfit())?)
            }
            _ => return Err(misfit()),
        });
    }
    Ok(cells)
}

const fn sql(kind: Kind) -> &'static str {
    match kind {
        Kind::Team => include_str!("sql/copy_teams.sql"),
        Kind::ApiKey => include_str!("sql/copy_api_keys.sql"),
        Kind::List => include_str!("sql/copy_lists.sql"),
        Kind::Property => include_str!("sql/copy_properties.sql"),
        Kind::PropertyOption => include_str!("sql/copy_options.sql"),
        Kind::KeyedProperty => include_str!("sql/copy_keyed_properties.sql"),
        Kind::Record => include_str!("sql/copy_records.sql"),
        Kind::ListEntry => include_str!("sql/copy_list_entries.sql"),
        Kind::View => include_str!("sql/copy_views.sql"),
        Kind::Job => include_str!("sql/copy_jobs.sql"),
        Kind::JobOutcome => include_str!("sql/copy_outcomes.sql"),
        Kind::JobImage => include_str!("sql/copy_images.sql"),
        Kind::StagedRows => STAGED_ROWS,
        Kind::IdempotencyKey => include_str!("sql/copy_idempotency_keys.sql"),
    }
}

const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Team => "team",
        Kind::ApiKey => "api_key",
        Kind::List => "list",
        Kind::Property => "property",
        Kind::PropertyOption => "property_option",
        Kind::KeyedProperty => "keyed_property",
        Kind::Record => "record",
        Kind::ListEntry => "list_entry",
        Kind::View => "saved_view",
        Kind::Job | Kind::StagedRows => "job",
        Kind::JobOutcome => "job_outcome",
        Kind::JobImage => "job_image",
        Kind::IdempotencyKey => "idempotency_key",
    }
}
