//! Why a file cannot be read on.
//!
//! Owns the codes and the messages. Must not know who shows them.

use std::fmt;

/// The kind of a fault of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileCode {
    /// The bytes are no text in the encoding, or the encoding is not known.
    UnsupportedCharset,
    /// The quotes do not pair.
    InvalidCsv,
    /// A row is longer than the limit.
    RowTooLarge,
    /// The file has more rows than the limit.
    TooManyRows,
    /// A row has more cells than the limit.
    TooManyColumns,
    /// There is no row at all, not even a header.
    EmptyFile,
    /// The settings contradict each other, or the reader was used after the end of its file.
    InvalidSettings,
}

impl FileCode {
    /// The code as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            FileCode::UnsupportedCharset => "unsupported_charset",
            FileCode::InvalidCsv => "invalid_csv",
            FileCode::RowTooLarge => "row_too_large",
            FileCode::TooManyRows => "too_many_rows",
            FileCode::TooManyColumns => "too_many_columns",
            FileCode::EmptyFile => "empty_file",
            FileCode::InvalidSettings => "invalid_settings",
        }
    }
}

/// A fault that ends the reading of a file. Rows handed out before it were sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The kind.
    pub code: FileCode,
    /// What is wrong, where, and what to do.
    pub message: String,
    /// The line, counted from 1 as an editor counts them.
    pub line: Option<u64>,
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for FileError {}

impl FileError {
    fn at(code: FileCode, line: u64, message: String) -> FileError {
        FileError { code, message, line: Some(line) }
    }

    pub(crate) fn empty() -> FileError {
        let message = "The file is empty: send a table with at least one row.".to_owned();
        FileError { code: FileCode::EmptyFile, message, line: None }
    }

    pub(crate) fn nothing_below(skip_rows: u64) -> FileError {
        let message = format!(
            "The file holds no row below its first {skip_rows} lines, which skip_rows leaves out. Give the number of lines \
             above the table."
        );
        FileError { code: FileCode::EmptyFile, message, line: None }
    }

    pub(crate) fn after_end() -> FileError {
        let message = "The file was already read to its end.".to_owned();
        FileError { code: FileCode::InvalidSettings, message, line: None }
    }

    pub(crate) fn blank_beginning(bytes: usize) -> FileError {
        let message =
            format!("The first {bytes} bytes of the file hold no row: remove the blank lines before the table.");
        FileError { code: FileCode::EmptyFile, message, line: None }
    }

    pub(crate) fn unknown_encoding(label: &str) -> FileError {
        let message = format!(
            "The encoding `{}` is not known. Use a label such as utf-8, utf-16le, windows-1252 or shift_jis.",
            label.chars().take(60).collect::<String>().escape_debug()
        );
        FileError { code: FileCode::UnsupportedCharset, message, line: None }
    }

    pub(crate) fn no_text(looks_like: &str) -> FileError {
        let message =
            format!("The file is no text: it begins like {looks_like}. Send it with its own type, or save it as CSV.");
        FileError { code: FileCode::UnsupportedCharset, message, line: None }
    }

    pub(crate) fn nuls(line: u64) -> FileError {
        let message = format!(
            "The file is no text: it is full of NUL bytes, the first in line {line}. Save it as CSV in UTF-8, or give its \
             encoding."
        );
        FileError::at(FileCode::UnsupportedCharset, line, message)
    }

    pub(crate) fn malformed(line: u64, encoding: &str) -> FileError {
        let message = format!(
            "Line {line} holds bytes that are not {encoding}, in which the file is read. Give the file's encoding, or save it \
             as UTF-8."
        );
        FileError::at(FileCode::UnsupportedCharset, line, message)
    }

    pub(crate) fn cut_character(line: u64, encoding: &str) -> FileError {
        let message = format!(
            "The file ends in line {line} in the middle of a character ({encoding}): it may have been cut off. Send it whole."
        );
        FileError::at(FileCode::UnsupportedCharset, line, message)
    }

    pub(crate) fn unclosed_quote(line: u64) -> FileError {
        let message = format!(
            "The quote that opens a cell in line {line} is never closed. Close it, or double it if it belongs to the text; if \
             quotes are ordinary characters in this file, say that it has no quote."
        );
        FileError::at(FileCode::InvalidCsv, line, message)
    }

    pub(crate) fn quote_not_closed_within(line: u64, bytes: usize) -> FileError {
        let message = format!(
            "The quote that opens a cell in line {line} is not closed within {bytes} bytes. Close it, or double it if it \
             belongs to the text; if quotes are ordinary characters in this file, say that it has no quote."
        );
        FileError::at(FileCode::InvalidCsv, line, message)
    }

    pub(crate) fn stray_quote(line: u64) -> FileError {
        let message = format!(
            "In line {line} a quoted cell has a quote in its middle and does not close on this line. Double quotes that \
             belong to the text; if quotes are ordinary characters in this file, say that it has no quote."
        );
        FileError::at(FileCode::InvalidCsv, line, message)
    }

    pub(crate) fn row_too_large(line: u64, row_bytes_max: usize) -> FileError {
        let message = format!(
            "The row that begins in line {line} is longer than the {row_bytes_max} bytes that a row may have. Shorten it, or \
             check the line ends of the file."
        );
        FileError::at(FileCode::RowTooLarge, line, message)
    }

    pub(crate) fn first_row_too_large(line: u64, bytes: usize) -> FileError {
        let message = format!(
            "The first row, which begins in line {line}, does not end within {bytes} bytes. Shorten it, or check the line ends \
             of the file."
        );
        FileError::at(FileCode::RowTooLarge, line, message)
    }

    pub(crate) fn too_many_columns(line: u64, columns_max: usize) -> FileError {
        let message = format!(
            "The row that begins in line {line} has more than {columns_max} cells. Remove columns, or check the delimiter."
        );
        FileError::at(FileCode::TooManyColumns, line, message)
    }

    pub(crate) fn too_many_rows(line: u64, rows_max: u64) -> FileError {
        let message = format!(
            "The file has more than {rows_max} rows: the next begins in line {line}. Send it in several parts."
        );
        FileError::at(FileCode::TooManyRows, line, message)
    }
}
