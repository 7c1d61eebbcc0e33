//! What a caller may ask of a reading, and every limit with its default.

use serde::{Deserialize, Serialize};

/// Which sheet is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetChoice {
    /// The first one whose tab is not hidden.
    #[default]
    FirstVisible,
    /// The one of this name, hidden or not.
    Name(String),
    /// The one at this place, from 0, hidden or not.
    Index(usize),
}

/// How a workbook is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which sheet.
    pub sheet: SheetChoice,
    /// Rows above the table, which are passed over; with a header, `None` finds out which rows above it are titles.
    pub skip_rows: Option<u64>,
    /// Whether the first row with a value below them holds the names of the columns.
    pub header: bool,
    /// How much.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self { sheet: SheetChoice::default(), skip_rows: None, header: true, limits: Limits::default() }
    }
}

/// How much a workbook may hold, and how much reading it may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Columns; a value beyond the last one is an error.
    pub columns_max: usize,
    /// Rows given, without the header.
    pub rows_max: u64,
    /// Bytes of one row as JSON; also what a single piece of XML may hold.
    pub row_bytes_max: usize,
    /// Wholly empty rows in succession between two others. A stray value far below the table is an error, not a million rows.
    pub empty_rows_max: u64,
    /// Bytes that may be unpacked in all, and bytes of rows that may be given.
    pub decoded_bytes_max: u64,
    /// How many times its packed size a part may unpack to, once it is past 16 MiB. Sheets make 5 to 50, bombs 1,000.
    pub expansion_max: u64,
    /// Bytes of the texts that cells of an XLSX sheet share; they are held in memory.
    pub shared_text_bytes_max: usize,
    /// Entries of the archive.
    pub entries_max: usize,
    /// Address space of the child process.
    pub memory_bytes_max: u64,
    /// Processor time of the child process.
    pub processor_seconds_max: u64,
    /// Time from the start of the child process to its last row, waits for the taker of rows included.
    pub wall_seconds_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            columns_max: 1_000,
            rows_max: 1_048_576,
            row_bytes_max: MIB,
            empty_rows_max: 10_000,
            decoded_bytes_max: 1024 * MIB as u64,
            expansion_max: 200,
            shared_text_bytes_max: 128 * MIB,
            entries_max: 10_000,
            memory_bytes_max: 512 * MIB as u64,
            processor_seconds_max: 60,
            wall_seconds_max: 300,
        }
    }
}
