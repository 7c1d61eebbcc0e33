//! How an import matches and writes, and how its file is read: what `import` and `imports retry` have in common.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

/// The options of an import, as the API names them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Matching and writing")]
pub(crate) struct ImportOptionArguments {
    /// Match rows with records by this property
    #[arg(long, value_name = "SLUG", env = "REFRACT_IMPORT_DEDUPE_BY", hide_env_values = true)]
    pub(crate) dedupe_by: Option<String>,
    /// Patch matched records instead of leaving them as they are
    #[arg(long, env = "REFRACT_IMPORT_UPDATE_EXISTING", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) update_existing: bool,
    /// Match byte for byte, not regardless of case
    #[arg(long, env = "REFRACT_IMPORT_CASE_SENSITIVE", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) case_sensitive: bool,
    /// Make unknown select options instead of failing their rows
    #[arg(long, env = "REFRACT_IMPORT_CREATE_MISSING_OPTIONS", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) create_missing_options: bool,
    /// Put the records on this list
    #[arg(long, value_name = "UUID", env = "REFRACT_IMPORT_LIST_ID", hide_env_values = true)]
    pub(crate) list_id: Option<String>,
    /// Any other option of an import as the API names it, such as duplicates=last or atomic=true [repeatable]
    #[arg(long = "option", value_name = "NAME=VALUE", env = "REFRACT_IMPORT_OPTION", hide_env_values = true)]
    pub(crate) others: Vec<String>,
}

/// How a table file is read; the server finds out what is not given.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reading a file")]
pub(crate) struct ReadingArguments {
    /// Where a column goes: its name or number (from 0), =, a slug; nothing behind the = leaves it out, new:TYPE or
    /// new:SLUG:TYPE makes a property of it [repeatable]
    #[arg(long = "map", value_name = "COLUMN=SLUG", env = "REFRACT_IMPORT_MAP", hide_env_values = true)]
    pub(crate) map: Vec<String>,
    /// Make a property of each column that there is none for, of the type that its cells are of
    #[arg(long, env = "REFRACT_IMPORT_CREATE_MISSING_PROPERTIES", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) create_missing_properties: bool,
    /// What an empty cell does to a record that is there
    #[arg(long, value_name = "WHAT", env = "REFRACT_IMPORT_EMPTY_CELLS", hide_env_values = true)]
    pub(crate) empty_cells: Option<EmptyCells>,
    /// How dates are written, such as DD.MM.YYYY
    #[arg(long, value_name = "FORMAT", env = "REFRACT_IMPORT_DATE_FORMAT", hide_env_values = true)]
    pub(crate) date_format: Option<String>,
    /// What stands before the decimals of numbers: a point or a comma
    #[arg(long, value_name = "MARK", env = "REFRACT_IMPORT_DECIMAL_MARK", hide_env_values = true)]
    pub(crate) decimal_mark: Option<String>,
    /// What stands between several values in one cell [default: ;]
    #[arg(long, value_name = "TEXT", env = "REFRACT_IMPORT_CELL_SEPARATOR", hide_env_values = true)]
    pub(crate) cell_separator: Option<String>,
    /// What stands between cells
    #[arg(long, value_name = "CHARACTER", env = "REFRACT_IMPORT_DELIMITER", hide_env_values = true)]
    pub(crate) delimiter: Option<String>,
    /// The file's encoding, such as windows-1252
    #[arg(long, value_name = "NAME", env = "REFRACT_IMPORT_ENCODING", hide_env_values = true)]
    pub(crate) encoding: Option<String>,
    /// Lines of a text, or rows of a sheet, above the table [default: found out]
    #[arg(long, value_name = "LINES", env = "REFRACT_IMPORT_SKIP_ROWS", hide_env_values = true)]
    pub(crate) skip_rows: Option<u64>,
    /// The first row holds data, not the names of the columns
    #[arg(long, env = "REFRACT_IMPORT_NO_HEADER", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) no_header: bool,
    /// The sheet of a workbook, by name or number from 0 [default: the first that is shown]
    #[arg(long, value_name = "SHEET", env = "REFRACT_IMPORT_SHEET", hide_env_values = true)]
    pub(crate) sheet: Option<String>,
}

/// What an empty cell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmptyCells {
    /// Nothing: the record keeps its value
    Keep,
    /// It clears the value
    Clear,
}
