//! A workbook of one sheet, written row by row to where nothing can be written twice, such as an answer.
//!
//! Owns which parts there are; their bytes are the business of `archive`, what they say that of the formats (`xlsx`, `ods`). Holds
//! one row in memory. What is written here is read by [`crate::read_workbook`] as the same cells.
//!
//! Texts are texts, whatever they look like: a `=1+1` is no formula, and a day given as text stays one.

mod archive;
mod ods;
mod xlsx;

use std::borrow::Cow;
use std::io::{self, Write};

use archive::{Archive, LastPart};

use crate::Format;

/// Rows of a sheet that every program reads, the first included.
pub const ROWS_MAX: u64 = 1_048_576;

/// A cell to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'c> {
    /// No value.
    Empty,
    /// Text, blanks and line breaks as they are.
    Text(Cow<'c, str>),
    /// A number as JSON has it.
    Number(&'c str),
    /// A truth.
    Boolean(bool),
}

/// A workbook that is being written to `W`. It is whole only once [`WorkbookWriter::finish`] was called.
pub struct WorkbookWriter<W: Write> {
    sheet: LastPart<W>,
    format: Format,
    rows: u64,
    /// The row that is being written, in memory that is used again for each.
    row: String,
}

impl<W: Write> std::fmt::Debug for WorkbookWriter<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WorkbookWriter")
            .field("format", &self.format)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<W: Write> WorkbookWriter<W> {
    /// Begins a workbook whose sheet is called `sheet` and has so many columns, one at least. A name that programs refuse is
    /// mended: in XLSX it has at most 31 UTF-16 units, none of `[]:*?/\`, and no `'` at either end.
    ///
    /// # Errors
    ///
    /// As writing to `out`.
    pub fn begin(format: Format, sheet: &str, columns: usize, out: W) -> io::Result<Self> {
        let mut archive = Archive::new(out);
        let (parts, content) = match format {
            Format::Xlsx => (xlsx::parts(&xlsx::sheet_name(sheet)), xlsx::content_begin()),
            Format::Ods => (ods::parts(), ods::content_begin(&ods::sheet_name(sheet), columns.max(1))),
        };
        for (name, part) in &parts {
            archive.store(name, part.as_bytes())?;
        }
        let mut sheet = archive.last(content.0)?;
        sheet.write(content.1.as_bytes())?;
        Ok(Self { sheet, format, rows: 0, row: String::new() })
    }

    /// Writes the next row.
    ///
    /// # Errors
    ///
    /// As writing to the output; [`io::ErrorKind::FileTooLarge`] after [`ROWS_MAX`] rows, and after 4 GiB.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) -> io::Result<()> {
        if self.rows == ROWS_MAX {
            let message = format!("a sheet holds {ROWS_MAX} rows");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        self.rows += 1;
        self.row.clear();
        match self.format {
            Format::Xlsx => xlsx::push_row(self.rows, cells, &mut self.row),
            Format::Ods => ods::push_row(cells, &mut self.row),
        }
        self.sheet.write(self.row.as_bytes())
    }

    /// Ends the workbook and gives back where it was written.
    ///
    /// # Errors
    ///
    /// As writing to the output.
    pub fn finish(mut self) -> io::Result<W> {
        let end = match self.format {
            Format::Xlsx => xlsx::CONTENT_END,
            Format::Ods => ods::CONTENT_END,
        };
        self.sheet.write(end.as_bytes())?;
        self.sheet.finish()
    }
}

/// Whether XML can hold the character.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Appends a character of a text or of an attribute.
fn push_character(out: &mut String, character: char) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        other => out.push(other),
    }
}

/// A name as it stands in an attribute.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    name.chars().for_each(|character| push_character(&mut out, character));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_an_attribute() {
        assert_eq!(escaped("R&D <\"1\">"), "R&amp;D &lt;&quot;1&quot;&gt;");
    }

    #[test]
    fn a_sheet_that_is_full_takes_no_more() {
        let mut writer = WorkbookWriter::begin(Format::Ods, "a", 1, io::sink()).unwrap();
        writer.rows = ROWS_MAX - 1;
        writer.row([Cell::Empty]).unwrap();
        assert_eq!(writer.row([Cell::Empty]).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
