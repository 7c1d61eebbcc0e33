//! Table files: what their columns mean, and what their cells say.
//!
//! Owns the mapping of columns to properties, proposed or given, and the reading of cells that people wrote: numbers and
//! dates of a place, several values in one cell, cells with nothing in them. Sees cells, never bytes: encodings,
//! delimiters and workbooks are read elsewhere. Judges nothing: the value that a cell says is judged like any other.

mod cells;
mod date;
mod encoded;
mod layout;
mod mapping;
mod new_property;
mod number;
mod proposal;
mod samples;
mod synonyms;
#[cfg(test)]
mod tests;

pub(crate) use cells::{CellKind, is_empty, kind_of, read_cell};
pub use date::DateFormat;
pub(crate) use layout::{Known, Layout, Place};
pub use mapping::{MappingFault, Source, given_mapping};
pub use new_property::{Given, NewColumn, SchemaToBe};
pub use proposal::{Proposal, Reason, propose};
pub use samples::{ColumnGuess, GuessedType, guess_column};

/// The columns by which the download of failed rows says what was wrong; nobody's property.
pub const REPORT_COLUMNS: [&str; 4] = ["refract_row", "refract_code", "refract_field", "refract_message"];

/// How the staged rows of a table import are written, and what they mean. Belongs to the job, not to its rows: another
/// mapping needs no other upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInput {
    /// What the file was.
    pub format: TableFormat,
    /// Its columns, in order; of [`TableFormat::NdjsonFlat`] the names that its first rows have.
    pub columns: Vec<Column>,
    /// How its cells are read.
    pub rules: CellRules,
    /// How its text was written, so that rows can be given back alike.
    pub text: TextForm,
}

/// What a file was, which says how its rows are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Delimited text. A row is an array of its cells, all of them texts.
    Csv,
    /// Delimited by tabs.
    Tsv,
    /// A workbook. A row is an array of its cells: texts, numbers, `true`, `false`, `null`; cells may be missing at its end.
    Xlsx,
    /// The same of another kind.
    Ods,
    /// A JSON value a line, as rows are everywhere: `{"default": {…}}`.
    Ndjson,
    /// A JSON object a line, name to value; names are columns.
    NdjsonFlat,
}

impl TableFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Csv, Self::Tsv, Self::Xlsx, Self::Ods, Self::Ndjson, Self::NdjsonFlat];

    /// The word in stores and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
            Self::Ndjson => "ndjson",
            Self::NdjsonFlat => "ndjson_flat",
        }
    }

    /// Whether a row is an array of cells.
    #[must_use]
    pub const fn has_cells(self) -> bool {
        !matches!(self, Self::Ndjson | Self::NdjsonFlat)
    }

    /// Whether a row has as many cells as there are columns, unless something is wrong with it.
    const fn counts_cells(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }
}

/// A column and where its cells go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// As the file names it, or as it was named where the file does not.
    pub name: String,
    /// Where its cells go.
    pub target: Target,
}

/// Where the cells of a column go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The property of this slug.
    Property(String),
    /// The property of this slug in the scope of the import's list.
    ListProperty(String),
    /// The id of the record.
    Id,
    /// Nowhere.
    Ignored,
}

/// How cells are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRules {
    /// What a cell without anything in it does.
    pub empty_cells: EmptyCells,
    /// What stands before the decimals of a number, if that was said; the other of the two marks then parts thousands.
    pub decimal_mark: Option<DecimalMark>,
    /// How dates are written, beside the ISO forms.
    pub date_format: Option<DateFormat>,
    /// What stands between several values in one cell; a line break always does.
    pub separator: String,
}

impl Default for CellRules {
    fn default() -> Self {
        Self { empty_cells: EmptyCells::Keep, decimal_mark: None, date_format: None, separator: ";".to_owned() }
    }
}

/// What a cell without anything in it does to a record that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyCells {
    /// Nothing.
    Keep,
    /// It clears the value.
    Clear,
}

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,234.56`.
    Point,
    /// `1.234,56`.
    Comma,
}

/// How the text of a file was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextForm {
    /// What stands between cells.
    pub delimiter: char,
    /// What stands around cells that hold a delimiter.
    pub quote: Option<char>,
    /// The encoding's label.
    pub encoding: String,
    /// Whether the first row of the table named the columns.
    pub header: bool,
    /// Lines of the text, or rows of the sheet, above the table.
    pub skip_rows: u64,
    /// The sheet that was read, of a workbook.
    pub sheet: Option<String>,
}

impl Default for TextForm {
    fn default() -> Self {
        Self { delimiter: ',', quote: Some('"'), encoding: "UTF-8".to_owned(), header: true, skip_rows: 0, sheet: None }
    }
}
