//! Failed rows of a workbook, as a workbook of its kind: the sheet with the columns as they were, behind them what is wrong, and
//! behind that cells for which the table has no column.
//!
//! It is packed while rows are read, on threads that may block, and never whole in memory or on the disk. Must not know what
//! a workbook's file is made of.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use refract_domain::import::table::{REPORT_COLUMNS, TableFormat, TableInput};
use refract_engine::{EngineError, JobRow, JobRows};
use refract_workbook::{Cell, Format, WorkbookWriter};

use super::failed_cells::{Cells, names, report, text_of};
use super::failed_rows::error_of;
use super::rows::BrokenResults;
use crate::extract::media::{ODS, XLSX};

/// UTF-16 units that Excel takes in a cell; it calls a file with more damaged. What came in a cell stays whole; what is said of a
/// row is cut there.
const MESSAGE_UNITS_MAX: usize = 32_767;

/// The media type of a workbook of this kind.
pub(crate) fn media_type(format: TableFormat) -> &'static str {
    if format == TableFormat::Ods { ODS } else { XLSX }
}

/// The rows as a workbook. The first of them are read before the answer begins, so that rows which are lost are told.
pub(crate) async fn workbook_body(mut rows: JobRows) -> Result<Body, EngineError> {
    let first = rows.next().await?;
    let Some(table) = rows.view().snapshot.spec.options.table.clone() else { return Ok(Body::empty()) };
    let state = Some((rows, first, FailedSheet::new(table)));
    Ok(Body::from_stream(stream::try_unfold(state, |state| async move {
        let Some((mut rows, mut read, mut sheet)) = state else { return Ok(None) };
        loop {
            let is_last = read.is_none();
            let packed = tokio::task::spawn_blocking(move || sheet.take(read.as_deref())).await.map_err(broken)?;
            let bytes;
            (sheet, bytes) = packed.map_err(broken)?;
            if is_last {
                return Ok::<_, BrokenResults>(Some((Bytes::from(bytes), None)));
            }
            read = rows.next().await.map_err(broken)?;
            // What is packed comes out in blocks, so not every piece of rows has some.
            if !bytes.is_empty() {
                return Ok(Some((Bytes::from(bytes), Some((rows, read, sheet)))));
            }
        }
    })))
}

fn broken(error: impl std::fmt::Display) -> BrokenResults {
    tracing::error!(%error, "the failed rows of a job cannot be given back as a workbook");
    BrokenResults
}

/// A sheet that is being written, and what of its file was not taken away yet.
struct FailedSheet {
    table: Arc<TableInput>,
    writer: Option<WorkbookWriter<Outgoing>>,
    outgoing: Outgoing,
}

impl FailedSheet {
    fn new(table: Arc<TableInput>) -> Self {
        Self { table, writer: None, outgoing: Outgoing::default() }
    }

    /// Writes rows, or the end; gives back the file's next bytes.
    fn take(mut self, rows: Option<&[JobRow]>) -> io::Result<(Self, Vec<u8>)> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin()?,
        };
        match rows {
            Some(rows) => {
                rows.iter().try_for_each(|row| push(&self.table, row, &mut writer))?;
                self.writer = Some(writer);
            }
            None => drop(writer.finish()?),
        }
        let bytes = self.outgoing.take();
        Ok((self, bytes))
    }

    fn begin(&self) -> io::Result<WorkbookWriter<Outgoing>> {
        let format = if self.table.format == TableFormat::Ods { Format::Ods } else { Format::Xlsx };
        let sheet = self.table.text.sheet.as_deref().unwrap_or_default();
        let names: Vec<&str> = names(&self.table).chain(REPORT_COLUMNS).collect();
        let mut writer = WorkbookWriter::begin(format, sheet, names.len(), self.outgoing.clone())?;
        writer.row(names.into_iter().map(|name| Cell::Text(Cow::Borrowed(name))))?;
        Ok(writer)
    }
}

fn push(table: &TableInput, row: &JobRow, writer: &mut WorkbookWriter<Outgoing>) -> io::Result<()> {
    let staged = String::from_utf8_lossy(&row.raw);
    let [number, code, field, message] = error_of(row).map(|error| report(table, row.row, &error)).unwrap_or_default();
    let texts = [&code, cut(&field), cut(&message)].map(|text| Cell::Text(Cow::Borrowed(text)));
    let Cells { own, surplus } = Cells::of(table, &staged);
    let said = [Cell::Number(&number)].into_iter().chain(texts);
    writer.row(own.into_iter().map(cell).chain(said).chain(surplus.into_iter().map(cell)))
}

/// The beginning of a message, as much as a cell takes.
fn cut(message: &str) -> &str {
    let mut units = 0;
    let beyond = message.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > MESSAGE_UNITS_MAX
    });
    beyond.map_or(message, |(end, _)| &message[..end])
}

/// A cell as it was staged.
fn cell(raw: &str) -> Cell<'_> {
    match raw {
        "null" => Cell::Empty,
        "true" => Cell::Boolean(true),
        "false" => Cell::Boolean(false),
        text if text.starts_with('"') => Cell::Text(text_of(text)),
        number => Cell::Number(number),
    }
}

/// Bytes on their way out.
#[derive(Debug, Clone, Default)]
struct Outgoing(Arc<Mutex<Vec<u8>>>);

impl Outgoing {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staged_cells_keep_their_kind() {
        let given = ["null", "true", "false", "\"a\\n\"", "\"\"", "1.50", "-2e9"];
        let expected = [
            Cell::Empty,
            Cell::Boolean(true),
            Cell::Boolean(false),
            Cell::Text("a\n".into()),
            Cell::Text("".into()),
            Cell::Number("1.50"),
            Cell::Number("-2e9"),
        ];
        assert_eq!(given.map(cell), expected);
    }

    #[test]
    fn a_message_ends_where_a_cell_does() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(40_000)).len(), MESSAGE_UNITS_MAX);
        // Two units each: the last that would only half fit is left out.
        assert_eq!(cut(&"😀".repeat(20_000)).chars().count(), MESSAGE_UNITS_MAX / 2);
    }
}
