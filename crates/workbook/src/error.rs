//! What can go wrong with a workbook. Owns the codes and their way through the readers of others, which know only I/O errors.

use std::io;

use serde::{Deserialize, Serialize};

/// Why a workbook is not read, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Damaged, encrypted, contradictory, or beyond what the child process may use.
    InvalidFile,
    /// Unpacks to more than is allowed.
    PayloadTooLarge,
    /// Not an XLSX or ODS workbook.
    UnsupportedMediaType,
    /// There is no sheet of that name or place, or none at all that is visible.
    UnknownSheet,
    /// A value stands beyond the last column allowed.
    TooManyColumns,
    /// More rows than allowed.
    TooManyRows,
    /// A row with more text than allowed.
    RowTooLarge,
    /// The file cannot be opened, or no process started: nothing is wrong with the workbook.
    Unavailable,
}

/// A workbook that is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct WorkbookError {
    /// For programs.
    pub code: Code,
    /// For people: what is wrong, where, and what helps.
    pub message: String,
}

impl WorkbookError {
    /// An error of any code.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A damaged or contradictory file.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidFile, message)
    }

    /// Packs this error for a reader that passes on I/O errors only; [`WorkbookError::of_read`] unpacks it.
    pub(crate) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// What an I/O error from inside the archive means.
    pub(crate) fn of_read(part: &str, failure: &io::Error) -> Self {
        match failure.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            Some(ours) => ours.clone(),
            None => Self::invalid(format!("'{part}' in the workbook cannot be unpacked: {failure}")),
        }
    }
}
