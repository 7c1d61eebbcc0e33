//! A workbook of one sheet, written row by row to where nothing can be written twice, such as an answer.
//!
//! Owns the archive and what its parts say; the cells of a row are the formats' (`xlsx`, `ods`). Holds one row in memory. What
//! is written here is read by [`crate::read_workbook`] as the same cells.
//!
//! Texts are texts, whatever they look like: a `=1+1` is no formula, and a day given as text stays one.

mod ods;
mod xlsx;

use std::borrow::Cow;
use std::io::{self, Write};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

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
    archive: ZipWriter<StreamWriter<W>>,
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
    /// Begins a workbook whose sheet is called `sheet`. A name that programs refuse is mended: at most 31 characters, none of
    /// `[]:*?/\`.
    ///
    /// # Errors
    ///
    /// As writing to `out`.
    pub fn begin(format: Format, sheet: &str, out: W) -> io::Result<Self> {
        let mut archive = ZipWriter::new_stream(out);
        let sheet = sheet_name(sheet);
        let (parts, content) = match format {
            Format::Xlsx => (xlsx::parts(&sheet), xlsx::content_begin()),
            Format::Ods => (ods::parts(), ods::content_begin(&sheet)),
        };
        for (name, method, part) in &parts {
            archive.start_file(*name, options(*method))?;
            archive.write_all(part.as_bytes())?;
        }
        archive.start_file(content.0, options(CompressionMethod::Deflated))?;
        archive.write_all(content.1.as_bytes())?;
        Ok(Self { archive, format, rows: 0, row: String::new() })
    }

    /// Writes the next row.
    ///
    /// # Errors
    ///
    /// As writing to the output; [`io::ErrorKind::FileTooLarge`] after [`ROWS_MAX`] rows.
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
        self.archive.write_all(self.row.as_bytes())
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
        self.archive.write_all(end.as_bytes())?;
        Ok(self.archive.finish()?.into_inner())
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    // The quickest that packs at all: an answer waits for it.
    let level = (method == CompressionMethod::Deflated).then_some(1);
    SimpleFileOptions::default().compression_method(method).compression_level(level)
}

/// The name, as far as programs take it.
fn sheet_name(name: &str) -> String {
    let taken = |character: &char| !matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && is_xml(*character);
    let name: String = name.chars().filter(taken).take(31).collect();
    // A quote at either end is refused too, and so is a name of blanks.
    match name.trim_matches(|character: char| character == '\'' || character.is_whitespace()) {
        "" => "Sheet1".to_owned(),
        name => name.to_owned(),
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
    fn a_sheet_gets_a_name_that_programs_take() {
        let given = ["People", "a/b:c", "", " '' ", "'Q1'", &"x".repeat(40), "R&D"];
        let expected = ["People", "abc", "Sheet1", "Sheet1", "Q1", &"x".repeat(31), "R&D"];
        assert_eq!(given.map(sheet_name), expected);
        assert_eq!(escaped("R&D <\"1\">"), "R&amp;D &lt;&quot;1&quot;&gt;");
    }

    #[test]
    fn a_sheet_that_is_full_takes_no_more() {
        let mut writer = WorkbookWriter::begin(Format::Ods, "a", io::sink()).unwrap();
        writer.rows = ROWS_MAX - 1;
        writer.row([Cell::Empty]).unwrap();
        assert_eq!(writer.row([Cell::Empty]).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
