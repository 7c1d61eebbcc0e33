//! What the caller says of a file before it is read.
//!
//! Owns the overrides and limits. Must not know how they are carried out.

use crate::error::{FileCode, FileError};

/// Which kind of text table a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// CSV, TSV and their kin: cells between delimiters, rows between line ends.
    Delimited,
    /// One JSON value a line.
    Ndjson,
}

/// Overrides and limits of a reading. What is `None` is detected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSettings {
    /// The character between cells; ASCII.
    pub delimiter: Option<u8>,
    /// The character around cells; ASCII. `Some(None)` says that quotes are ordinary characters.
    pub quote: Option<Option<u8>>,
    /// Lines above the table, as an editor counts them. They are passed over unread.
    pub skip_rows: Option<u64>,
    /// Whether the first row of the table names the columns.
    pub header: Option<bool>,
    /// A label of the WHATWG Encoding Standard, such as `utf-8`, `windows-1252` or `utf-16le`. It wins over a byte order
    /// mark; `utf-16` leaves the byte order to the mark.
    pub encoding: Option<String>,
    /// The delimiter that the file's type suggests: tab for TSV. It is taken if the first row has it, and if nothing else
    /// fits.
    pub default_delimiter: Option<u8>,
    /// Bytes a row may have as it is handed out.
    pub row_bytes_max: usize,
    /// Data rows a file may have.
    pub rows_max: u64,
    /// Cells a row may have.
    pub columns_max: usize,
}

impl Default for ReadSettings {
    fn default() -> Self {
        ReadSettings {
            delimiter: None,
            quote: None,
            skip_rows: None,
            header: None,
            encoding: None,
            default_delimiter: None,
            row_bytes_max: 1 << 20,
            rows_max: u64::MAX,
            columns_max: 1_000,
        }
    }
}

impl ReadSettings {
    /// Refuses characters that cannot delimit or quote.
    pub(crate) fn check(&self) -> Result<(), FileError> {
        let quote = self.quote.flatten();
        for delimiter in [self.delimiter, self.default_delimiter].into_iter().flatten() {
            if !is_mark(delimiter) {
                return Err(refused("The delimiter must be one ASCII character and neither a line end nor NUL."));
            }
            if Some(delimiter) == quote {
                return Err(refused("Delimiter and quote must be two different characters."));
            }
        }
        if quote.is_some_and(|quote| !is_mark(quote)) {
            return Err(refused("The quote must be one ASCII character and neither a line end nor NUL."));
        }
        Ok(())
    }
}

/// Whether a byte can stand between or around cells.
pub(crate) fn is_mark(byte: u8) -> bool {
    byte.is_ascii() && !matches!(byte, 0 | b'\r' | b'\n')
}

fn refused(message: &str) -> FileError {
    FileError { code: FileCode::InvalidSettings, message: message.to_owned(), line: None }
}
