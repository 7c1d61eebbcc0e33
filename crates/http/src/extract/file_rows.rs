//! The rows of a file, handed to an intake as they come, or only looked at.
//!
//! Owns the way from a file's bytes to staged rows, whatever the file is, and what is known of it at the end. Must not
//! know what a column means.

use std::io::Write as _;
use std::sync::Arc;

use refract_domain::import::table::{REPORT_COLUMNS, TableFormat, TextForm};
use refract_domain::json::elements;
use refract_domain::limits::ImportLimits;
use refract_engine::Intake;
use refract_files::{Facts, FileCode, FileError, ReadSettings, TableReader, TextFormat};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::file_body::{FileBytes, Unpacker};
use super::idempotency::HeldKey;
use super::media::{FileKind, FileMedia, unsupported};
use super::samples::Samples;
use crate::convert::reading::Reading;
use crate::error::ApiError;
use crate::state::Api;
use crate::workbooks::{SheetWanted, WorkbookFault, WorkbookFaultKind, WorkbookHead};

/// Rows of a workbook that travel together from the thread that reads it.
const BATCH_BYTES: usize = 256 << 10;
const BATCHES_WAITING_MAX: usize = 2;

/// Columns a table may have, beside those by which failed rows say what was wrong with them.
const COLUMNS_MAX: usize = 1_000;
const COLUMNS_READ_MAX: usize = COLUMNS_MAX + REPORT_COLUMNS.len();

/// What is known of a file once it was read.
#[derive(Debug)]
pub(crate) struct FileFacts {
    pub(crate) format: TableFormat,
    pub(crate) columns: Vec<String>,
    pub(crate) text: TextForm,
    /// How the text was found to be written; of a workbook nothing.
    pub(crate) found: Option<Facts>,
}

/// Where rows go: into an import, or nowhere. Some are kept as samples either way.
pub(crate) struct RowsInto<'a> {
    pub(crate) intake: Option<&'a mut Intake>,
    pub(crate) held: &'a mut Option<HeldKey>,
    pub(crate) samples: Samples,
    /// After so many rows nothing more is read.
    pub(crate) rows_wanted: u64,
    pub(crate) rows: u64,
}

impl<'a> RowsInto<'a> {
    /// Rows that are imported.
    pub(crate) fn intake(intake: &'a mut Intake, held: &'a mut Option<HeldKey>) -> Self {
        Self { intake: Some(intake), held, samples: Samples::default(), rows_wanted: u64::MAX, rows: 0 }
    }

    /// Rows that are looked at, so many.
    pub(crate) fn preview(rows_wanted: u64, held: &'a mut Option<HeldKey>) -> Self {
        Self { intake: None, held, samples: Samples::default(), rows_wanted, rows: 0 }
    }

    fn row(&mut self, staged: &[u8]) {
        if self.is_full() {
            return;
        }
        self.rows += 1;
        self.samples.note(staged);
        if let Some(intake) = &mut self.intake {
            intake.push_row(staged);
        }
    }

    /// Takes bytes of the request into the fingerprint of its key.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        if let Some(held) = self.held {
            held.note(bytes);
        }
    }

    fn count_bytes(&mut self, unpacked: usize) {
        if let Some(intake) = &mut self.intake {
            intake.count_bytes(unpacked as u64);
        }
    }

    async fn settle(&mut self) -> Result<(), ApiError> {
        match &mut self.intake {
            Some(intake) => Ok(intake.settle().await?),
            None => Ok(()),
        }
    }

    /// Whether no more rows are wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= self.rows_wanted
    }
}

/// Reads a file to its end, or for as long as rows are wanted.
pub(crate) async fn read_file(
    api: &Arc<Api>,
    media: &FileMedia,
    reading: &Reading,
    bytes: FileBytes,
    into: &mut RowsInto<'_>,
) -> Result<FileFacts, ApiError> {
    let facts = match media.kind {
        FileKind::Workbook => read_workbook(api, reading, bytes, into).await,
        _ => read_text(api.engine.limits(), media, reading, bytes, into).await,
    }?;
    let columns = facts.columns.iter().filter(|name| !REPORT_COLUMNS.contains(&name.as_str())).count();
    if columns > COLUMNS_MAX && facts.format.has_cells() {
        let message = format!(
            "The table has {columns} columns, {COLUMNS_MAX} are allowed. Remove columns, or check the delimiter."
        );
        return Err(ApiError::new(http::StatusCode::BAD_REQUEST, FileCode::TooManyColumns.as_str(), message));
    }
    Ok(facts)
}

async fn read_text(
    limits: &ImportLimits,
    media: &FileMedia,
    reading: &Reading,
    mut bytes: FileBytes,
    into: &mut RowsInto<'_>,
) -> Result<FileFacts, ApiError> {
    let format = if media.kind == FileKind::Ndjson { TextFormat::Ndjson } else { TextFormat::Delimited };
    let settings = ReadSettings {
        delimiter: reading.delimiter,
        quote: reading.quote,
        skip_rows: reading.skip_rows,
        header: reading.header,
        encoding: reading.encoding.clone().or_else(|| media.charset.clone()),
        default_delimiter: (media.kind == FileKind::Tsv).then_some(b'\t'),
        row_bytes_max: limits.row_bytes_max,
        rows_max: limits.rows_max,
        columns_max: COLUMNS_READ_MAX,
    };
    let mut reader = TableReader::new(format, settings)?;
    let mut unpacker = Unpacker::new(limits.body_bytes_max);
    while let Some(piece) = bytes.next().await? {
        into.note(&piece);
        unpacker.push(&piece, &mut |plain| push_text(&mut reader, plain, into))?;
        into.settle().await?;
        if into.is_full() {
            return text_facts(media.kind, &reader.facts().cloned(), into);
        }
    }
    unpacker.finish(&mut |plain| push_text(&mut reader, plain, into))?;
    let facts = reader.finish(&mut |row: &[u8]| into.row(row))?;
    text_facts(media.kind, &Some(facts), into)
}

fn push_text(reader: &mut TableReader, plain: &[u8], into: &mut RowsInto<'_>) -> Result<(), ApiError> {
    into.count_bytes(plain.len());
    Ok(reader.push(plain, &mut |row: &[u8]| into.row(row))?)
}

fn text_facts(kind: FileKind, facts: &Option<Facts>, into: &RowsInto<'_>) -> Result<FileFacts, ApiError> {
    let Some(facts) = facts else { return Err(ApiError::internal()) };
    let (format, columns) = match (&facts.dialect, kind) {
        (Some(dialect), FileKind::Tsv) => (TableFormat::Tsv, dialect.columns.clone()),
        (Some(dialect), _) => (TableFormat::Csv, dialect.columns.clone()),
        (None, _) if into.samples.are_whole_rows() => (TableFormat::Ndjson, Vec::new()),
        (None, _) => (TableFormat::NdjsonFlat, into.samples.names()),
    };
    let text = match &facts.dialect {
        None => TextForm { encoding: facts.encoding.value.to_owned(), ..TextForm::default() },
        Some(dialect) => TextForm {
            delimiter: dialect.delimiter.value.map_or(',', char::from),
            quote: dialect.quote.value.map(char::from),
            encoding: facts.encoding.value.to_owned(),
            header: dialect.header.value,
            skip_rows: dialect.skip_rows.value,
            sheet: None,
        },
    };
    Ok(FileFacts { format, columns, text, found: Some(facts.clone()) })
}

async fn read_workbook(
    api: &Arc<Api>,
    reading: &Reading,
    mut bytes: FileBytes,
    into: &mut RowsInto<'_>,
) -> Result<FileFacts, ApiError> {
    let limits = api.engine.limits().clone();
    let Some(workbooks) = api.settings.workbooks.clone() else {
        return Err(unsupported("This server does not read workbooks; save it as CSV."));
    };
    let mut spool = NamedTempFile::new().map_err(|error| no_room(&error))?;
    let mut unpacker = Unpacker::new(limits.body_bytes_max);
    let mut write = |plain: &[u8]| spool.write_all(plain).map_err(|error| no_room(&error));
    while let Some(piece) = bytes.next().await? {
        into.note(&piece);
        unpacker.push(&piece, &mut write)?;
    }
    unpacker.finish(&mut write)?;
    let header = reading.header.unwrap_or(true);
    let wanted = SheetWanted {
        sheet: reading.sheet.clone(),
        skip_rows: reading.skip_rows,
        header,
        columns_max: COLUMNS_READ_MAX,
        rows_max: limits.rows_max,
        row_bytes_max: limits.row_bytes_max,
        decoded_bytes_max: limits.body_bytes_max,
    };
    let (sender, mut batches) = mpsc::channel::<Vec<String>>(BATCHES_WAITING_MAX);
    let reader = tokio::task::spawn_blocking(move || {
        let (mut batch, mut batch_bytes) = (Vec::new(), 0);
        let head = workbooks.read(spool.path(), &wanted, &mut |row| {
            // Rows between others with nothing in them are no rows, as in text tables.
            if elements(row).all(|cell| cell == "null") {
                return true;
            }
            batch_bytes += row.len();
            batch.push(row.to_owned());
            if batch_bytes < BATCH_BYTES {
                return true;
            }
            batch_bytes = 0;
            sender.blocking_send(std::mem::take(&mut batch)).is_ok()
        })?;
        // Nobody listens any more where enough rows were seen.
        let _ = sender.blocking_send(batch);
        Ok::<_, WorkbookFault>(head)
    });
    while let Some(batch) = batches.recv().await {
        for row in &batch {
            into.count_bytes(row.len());
            into.row(row.as_bytes());
        }
        into.settle().await?;
        if into.is_full() {
            break;
        }
    }
    drop(batches);
    let head = reader.await.map_err(|error| {
        tracing::error!(%error, "the reading of a workbook ended before its time");
        ApiError::internal()
    })?;
    let head = head?;
    if head.columns.is_empty() {
        return Err(nothing_in(&head));
    }
    Ok(workbook_facts(head, header))
}

/// As a text table without a row is refused.
fn nothing_in(head: &WorkbookHead) -> ApiError {
    let below = match head.skip_rows {
        0 => String::new(),
        rows => format!(" below the first {rows} rows, which options.skip_rows leaves out"),
    };
    let message = format!("The sheet {:?} holds no row{below}. options.sheet names another.", head.sheet);
    ApiError::new(http::StatusCode::BAD_REQUEST, FileCode::EmptyFile.as_str(), message)
}

fn workbook_facts(head: WorkbookHead, header: bool) -> FileFacts {
    let WorkbookHead { format, sheet, skip_rows, columns } = head;
    let format = if format == "ods" { TableFormat::Ods } else { TableFormat::Xlsx };
    let text = TextForm { header, skip_rows, sheet: Some(sheet), ..TextForm::default() };
    FileFacts { format, columns, text, found: None }
}

fn no_room(error: &std::io::Error) -> ApiError {
    tracing::error!(%error, "a workbook cannot be put down to be read");
    let message = "The server has no room to read the workbook. Nothing was written.";
    ApiError::new(http::StatusCode::INSUFFICIENT_STORAGE, "insufficient_storage", message)
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error.code {
            FileCode::TooManyRows => Self::payload_too_large(error.message),
            FileCode::InvalidSettings => Self::invalid_field(".body.options", error.message),
            code => Self::new(http::StatusCode::BAD_REQUEST, code.as_str(), error.message),
        }
    }
}

impl From<WorkbookFault> for ApiError {
    fn from(fault: WorkbookFault) -> Self {
        match fault.kind {
            WorkbookFaultKind::Invalid => Self::new(http::StatusCode::BAD_REQUEST, "invalid_file", fault.message),
            WorkbookFaultKind::Unsupported => unsupported(&fault.message),
            WorkbookFaultKind::TooLarge => Self::payload_too_large(fault.message),
            WorkbookFaultKind::Request => Self::invalid_field(".body.options.sheet", fault.message),
            WorkbookFaultKind::Unavailable => {
                tracing::error!(message = fault.message, "a workbook could not be read");
                Self::internal()
            }
        }
    }
}
