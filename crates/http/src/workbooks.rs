//! How workbooks are read, as far as this crate knows: somebody else does, row by row, on a thread that may block.

use std::fmt;
use std::path::Path;

/// Which sheet of a workbook, and where in it the table begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetWanted {
    /// The sheet's name, or its number from 0; `None` for the first that is shown.
    pub sheet: Option<String>,
    /// Rows above the table; `None` finds out how many are titles above a header.
    pub skip_rows: Option<u64>,
    /// Whether the first row of the table names the columns.
    pub header: bool,
    /// Most columns.
    pub columns_max: usize,
    /// Most rows.
    pub rows_max: u64,
    /// Most bytes in one row.
    pub row_bytes_max: usize,
    /// Most bytes in all of its parts once unpacked.
    pub decoded_bytes_max: u64,
}

/// What is known of a workbook that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkbookHead {
    /// `xlsx` or `ods`.
    pub format: &'static str,
    /// The sheet that is read.
    pub sheet: String,
    /// Rows above the table.
    pub skip_rows: u64,
    /// Its columns.
    pub columns: Vec<String>,
}

/// Why a workbook cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkbookFault {
    /// The kind.
    pub kind: WorkbookFaultKind,
    /// What is wrong and what to do, for the client.
    pub message: String,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkbookFaultKind {
    /// It is damaged, or made to do harm.
    Invalid,
    /// It is no workbook of a kind that is read.
    Unsupported,
    /// It is larger than it may be.
    TooLarge,
    /// What was asked of it is not there, such as a sheet.
    Request,
    /// The machine's fault.
    Unavailable,
}

/// Reads workbooks. Calls block.
pub trait WorkbookReader: Send + Sync + fmt::Debug {
    /// Reads one sheet of the file and hands out each row as a JSON array, until `row` answers `false`.
    ///
    /// # Errors
    /// The workbook cannot be read on; rows may have been handed out before.
    fn read(
        &self,
        path: &Path,
        wanted: &SheetWanted,
        row: &mut dyn FnMut(&str) -> bool,
    ) -> Result<WorkbookHead, WorkbookFault>;
}
