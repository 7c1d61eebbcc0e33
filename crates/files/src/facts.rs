//! What was found out about a file.
//!
//! Owns the shape of the report. Must not know how anything is found.

/// How something became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The caller said so.
    Given,
    /// A byte order mark says so.
    Bom,
    /// The file's own `sep=` line says so.
    Declared,
    /// The content shows it.
    Detected,
    /// Nothing speaks for or against it.
    Default,
}

impl Found {
    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Found::Given => "given",
            Found::Bom => "bom",
            Found::Declared => "declared",
            Found::Detected => "detected",
            Found::Default => "default",
        }
    }
}

/// Something known, and how it became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact<T> {
    /// What is known.
    pub value: T,
    /// How.
    pub found: Found,
}

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The encoding's name in the WHATWG Encoding Standard, such as `UTF-8`.
    pub encoding: Fact<&'static str>,
    /// Whether the file begins with a byte order mark of this encoding; it is in no cell.
    pub bom: bool,
    /// How rows are cut into cells. `None` for NDJSON.
    pub dialect: Option<Dialect>,
}

/// How the rows of a delimited file are cut, and what its columns are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The character between cells. `None` in a file of one column.
    pub delimiter: Fact<Option<u8>>,
    /// The character around cells; `None` where quotes are ordinary characters.
    pub quote: Fact<Option<u8>>,
    /// Lines above the table, blank ones and titles, that are no part of it.
    pub skip_rows: Fact<u64>,
    /// Whether the first row of the table names the columns.
    pub header: Fact<bool>,
    /// One name a column, all different and none empty; `header.rs` states how they are made.
    pub columns: Vec<String>,
}
