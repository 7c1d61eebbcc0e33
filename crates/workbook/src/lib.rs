//! Workbooks (XLSX, ODS) as rows of cells, each row a JSON array, and back.
//!
//! Owns what a workbook's file is made of (`container`, `xml`), what its cells mean (`xlsx`, `ods`, `dates`), which rows are
//! given (`table`), the child process in which an unknown file is read with limits (`child`, `parent`, `protocol`), and how a
//! workbook is written (`write`).
//! Must not know what rows are for: no types of objects and no mapping. What a header is, and what are titles above it, it asks
//! `files`, so that a sheet is read as its CSV is.
//!
//! How a cell is given:
//!
//! | in the sheet | in the row |
//! |---|---|
//! | text, shared or inline; rich text joined, phonetic hints left out | string, blanks as they are |
//! | number, also as percent or currency | number: 0.25 for 25 %, 12.5 for 12.50 € |
//! | true, false | `true`, `false` |
//! | date, date and time, time of day, duration | `"2026-11-29"`, `"2026-11-29T08:30:00"`, `"08:30:00"`, `"36:00:00"`; fractions of a second to the millisecond |
//! | formula | its value when the file was saved; `null` if the writer left none |
//! | error | its text, such as `"#N/A"`: an empty cell may mean "no value", an error never does |
//! | merged cells | the value in the top left one, `null` in the others |
//! | empty cell, empty text | `null` |
//!
//! Rows that are wholly empty before the first and after the last are left out; those between are given as rows of `null`,
//! so that the row with index `i` is row `first_row + i` of the sheet. Every row has at least as many cells as there are
//! columns; more, where cells beyond the last column have values.

mod child;
mod container;
mod dates;
mod error;
mod json;
mod kind;
mod ods;
mod parent;
mod protocol;
mod settings;
mod table;
mod write;
mod xlsx;
mod xml;

use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use child::run_child;
pub use error::{Code, WorkbookError};
pub use parent::{OpenWorkbook, Workbooks};
pub use settings::{Limits, Settings, SheetChoice};
pub use write::{Cell, ROWS_MAX, WorkbookWriter};

use container::Container;
use kind::Kind;

/// The two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Office Open XML, as Excel writes it.
    Xlsx,
    /// OpenDocument, as LibreOffice writes it.
    Ods,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its name on the tab.
    pub name: String,
    /// Whether the tab is hidden.
    pub hidden: bool,
}

/// What is known of a workbook before its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its format, recognised by content.
    pub format: Format,
    /// Name of the sheet whose rows follow.
    pub sheet: String,
    /// Its place among the sheets, from 0.
    pub sheet_index: usize,
    /// Names of the columns, all different; none if the sheet is empty. Columns without a name are `column_3` and so on.
    pub columns: Vec<String>,
    /// Rows above the table that were passed over: as many as was asked for, or the titles above a header and blank rows with
    /// them.
    pub skip_rows: u64,
    /// Row of the sheet, from 1, that holds the names.
    pub header_row: Option<u64>,
    /// Row of the sheet, from 1, that is given first; `None` if the sheet is empty.
    pub first_row: Option<u64>,
    /// Whether days count from 1904, as old Macintosh workbooks have it.
    pub date_1904: bool,
}

/// What is known of a workbook after its last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkbookFacts {
    /// What was known before the first row.
    pub head: Head,
    /// All its sheets, in their order.
    pub sheets: Vec<Sheet>,
    /// Rows given.
    pub rows: u64,
}

/// Where rows go.
pub trait Sink {
    /// Takes what is known before the first row. Called once, first.
    ///
    /// # Errors
    ///
    /// An error ends the reading.
    fn head(&mut self, head: &Head) -> io::Result<()>;

    /// Takes a row: a JSON array, as text without line breaks.
    ///
    /// # Errors
    ///
    /// An error ends the reading.
    fn row(&mut self, row: &str) -> io::Result<()>;
}

/// Reads one sheet of the workbook in `path` and hands its rows to `sink`. Blocks, and may take as much processor time and
/// memory as the file asks for within the limits: for files of strangers use [`Workbooks`].
///
/// # Errors
///
/// The file is no workbook, is damaged, goes beyond a limit, or has no such sheet; rows may have been given before.
pub fn read_workbook(path: &Path, settings: &Settings, sink: &mut dyn Sink) -> Result<WorkbookFacts, WorkbookError> {
    let unreadable =
        |failure: io::Error| WorkbookError::new(Code::Unavailable, format!("the file cannot be read: {failure}"));
    let mut file = File::open(path).map_err(unreadable)?;
    kind::require_archive(&mut file)?;
    let mut container = Container::open(file, &settings.limits)?;
    match kind::of_archive(&mut container)? {
        Kind::Xlsx { workbook } => xlsx::read(&mut container, &workbook, settings, sink),
        Kind::Ods => ods::read(&mut container, settings, sink),
    }
}
