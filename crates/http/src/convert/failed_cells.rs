//! Failed rows of table files, as a file of their kind: the columns as they were, behind them what is wrong, and behind that
//! cells for which the table has no column.
//!
//! Cells come back as they came, formulas too: the file is sent again, and what a guard would put before them would be
//! imported. Rows between tabs and rows of a workbook come as CSV where that is asked for; as a workbook they are the business
//! of `failed_workbook`.

use std::borrow::Cow;

use refract_domain::error::RowError;
use refract_domain::import::table::{Column, REPORT_COLUMNS, TableFormat, TableInput, Target, TextForm};
use refract_domain::json::{checked_members, elements, push_text, unquote};
use refract_files::{FormulaGuard, byte_order_mark, encode, write_delimited_row};

/// The names of the columns, those of the report behind them, and before it all the mark that tells spreadsheets the encoding.
pub(crate) fn head(table: &TableInput) -> Vec<u8> {
    let mut bytes = byte_order_mark(encoding(table)).to_vec();
    push_row(table, names(table).map(Cow::Borrowed).chain(REPORT_COLUMNS.map(Cow::Borrowed)), &mut bytes);
    bytes
}

/// A row with what is wrong with it.
pub(crate) fn push(table: &TableInput, raw: &[u8], row: u32, error: &RowError, bytes: &mut Vec<u8>) {
    let staged = String::from_utf8_lossy(raw);
    let Cells { own, surplus } = Cells::of(table, &staged);
    let said = report(table, row, error).map(Cow::Owned);
    push_row(table, own.into_iter().map(cell).chain(said).chain(surplus.into_iter().map(cell)), bytes);
}

/// The table as its rows come in CSV, whatever they came in.
pub(crate) fn as_csv(table: &TableInput) -> TableInput {
    let TextForm { delimiter, quote, .. } = TextForm::default();
    let text = TextForm { delimiter, quote, ..table.text.clone() };
    TableInput { format: TableFormat::Csv, text, ..table.clone() }
}

/// The names of the columns that are given back.
pub(super) fn names(table: &TableInput) -> impl Iterator<Item = &str> {
    table.columns.iter().filter(|column| !is_report(column)).map(|column| column.name.as_str())
}

/// The cells of a row that are given back, as they were staged.
pub(super) struct Cells<'c> {
    /// Those of the columns, as many as have [`names`]: what is said of the row stands in its own columns, however many it had.
    pub(super) own: Vec<&'c str>,
    /// Those that no column has.
    pub(super) surplus: Vec<&'c str>,
}

impl<'c> Cells<'c> {
    pub(super) fn of(table: &TableInput, staged: &'c str) -> Self {
        let mut given = elements(staged);
        let in_columns = table.columns.iter().map(|column| (column, given.next().unwrap_or("null")));
        let own = in_columns.filter(|(column, _)| !is_report(column)).map(|(_, cell)| cell).collect();
        Self { own, surplus: given.collect() }
    }
}

/// Whether a column holds what was said of the rows in an earlier round: it is said anew.
fn is_report(column: &Column) -> bool {
    column.target == Target::Ignored && REPORT_COLUMNS.contains(&column.name.as_str())
}

/// A flat JSON line with what is wrong with it under the names of the report; `None` where it is no object.
pub(crate) fn flat_line(table: &TableInput, raw: &[u8], row: u32, error: &RowError) -> Option<String> {
    let members = checked_members(std::str::from_utf8(raw).ok()?)?;
    // A member of such a name may be a column of the file all the same.
    let is_own = |name: &str| table.columns.iter().any(|column| column.name == name && !is_report(column));
    let mut line = String::from("{");
    let mut push = |name: &str, raw_value: &str| {
        if line.len() > 1 {
            line.push(',');
        }
        push_text(&mut line, name);
        line.push(':');
        line.push_str(raw_value);
    };
    for (name, raw_value) in members.filter(|(name, _)| !REPORT_COLUMNS.contains(&name.as_ref()) || is_own(name)) {
        push(&name, raw_value);
    }
    for (name, text) in REPORT_COLUMNS.iter().zip(report(table, row, error)) {
        let mut raw_value = String::new();
        push_text(&mut raw_value, &text);
        push(name, &raw_value);
    }
    line.push('}');
    Some(line)
}

/// The media type of the file that [`head`] and [`push`] make.
pub(crate) fn media_type(format: TableFormat) -> &'static str {
    if format == TableFormat::Tsv { "text/tab-separated-values" } else { "text/csv" }
}

/// The row, counted from 1 as people count, code, column, and all messages.
pub(super) fn report(table: &TableInput, row: u32, error: &RowError) -> [String; 4] {
    let field = error.first.field.as_str();
    let column = table.columns.iter().find(|column| match &column.target {
        Target::Property(slug) => field.strip_prefix("default.") == Some(slug),
        Target::ListProperty(slug) => field.strip_prefix("list.") == Some(slug),
        Target::Id => field == "id",
        Target::Ignored => false,
    });
    let messages: Vec<&str> = error.faults().map(|fault| fault.message.as_str()).collect();
    let named = column.map_or(field, |column| &column.name);
    [(u64::from(row) + 1).to_string(), error.first.code.name().to_owned(), named.to_owned(), messages.join(" | ")]
}

fn cell(raw: &str) -> Cow<'_, str> {
    match raw {
        "null" => Cow::Borrowed(""),
        raw if raw.starts_with('"') => text_of(raw),
        raw => Cow::Borrowed(raw),
    }
}

/// The text of a cell, with characters that no record keeps too.
pub(super) fn text_of(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return unquote(raw);
    }
    serde_json::from_str(raw).map_or_else(|_| unquote(raw), Cow::Owned)
}

fn push_row<'c>(table: &TableInput, cells: impl Iterator<Item = Cow<'c, str>>, bytes: &mut Vec<u8>) {
    let cells: Vec<Cow<'c, str>> = cells.collect();
    // Marks are ASCII, as those that are read are.
    let mark = |mark: char| u8::try_from(u32::from(mark)).unwrap_or(b',');
    let mut line = Vec::new();
    let texts = cells.iter().map(AsRef::as_ref);
    let quote = table.text.quote.map(mark);
    write_delimited_row(texts, Some(mark(table.text.delimiter)), quote, FormulaGuard::Off, &mut line);
    encode(&String::from_utf8_lossy(&line), encoding(table), bytes);
}

/// The encoding that the file had; of a workbook UTF-8.
fn encoding(table: &TableInput) -> &str {
    &table.text.encoding
}

#[cfg(test)]
mod tests {
    use refract_domain::error::RowCode;
    use refract_domain::import::table::CellRules;

    use super::*;

    fn table(format: TableFormat, delimiter: char, encoding: &str) -> TableInput {
        let column =
            |name: &str, slug: &str| Column { name: name.to_owned(), target: Target::Property(slug.to_owned()) };
        TableInput {
            format,
            columns: vec![column("E-Mail", "email"), column("Name", "full_name")],
            rules: CellRules::default(),
            text: TextForm { delimiter, encoding: encoding.to_owned(), ..TextForm::default() },
        }
    }

    fn error() -> RowError {
        RowError::new("default.full_name", RowCode::InvalidValue, "column \"Name\": no; name")
    }

    #[test]
    fn a_row_comes_back_as_it_was_with_its_report_behind_it() {
        let semicolons = table(TableFormat::Csv, ';', "UTF-8");
        let mut bytes = head(&semicolons);
        push(&semicolons, r#"["=1+1","Zoë; \"Z\""]"#.as_bytes(), 7, &error(), &mut bytes);
        push(&semicolons, br#"["a@x.io"]"#, 8, &RowError::new("", RowCode::ColumnCount, "too few"), &mut bytes);
        let expected = "\u{feff}E-Mail;Name;refract_row;refract_code;refract_field;refract_message\r\n\
                        =1+1;\"Zoë; \"\"Z\"\"\";8;invalid_value;Name;\"column \"\"Name\"\": no; name\"\r\n\
                        a@x.io;;9;column_count;;too few\r\n";
        assert_eq!(String::from_utf8(bytes).as_deref(), Ok(expected));
    }

    #[test]
    fn what_was_said_in_an_earlier_round_is_replaced() {
        let mut again = table(TableFormat::Csv, ',', "UTF-8");
        let column = |name: &str, target| Column { name: name.to_owned(), target };
        again.columns.insert(0, column("refract_code", Target::Ignored));
        again.columns.push(column("refract_row", Target::Property("number".to_owned())));
        let mut bytes = head(&again);
        push(&again, br#"["old","a@x.io","Ada","5","more"]"#, 7, &error(), &mut bytes);
        let expected = "\u{feff}E-Mail,Name,refract_row,refract_row,refract_code,refract_field,refract_message\r\n\
                        a@x.io,Ada,5,8,invalid_value,Name,\"column \"\"Name\"\": no; name\",more\r\n";
        assert_eq!(String::from_utf8(bytes).as_deref(), Ok(expected));
    }

    #[test]
    fn the_encoding_is_that_of_the_file() {
        let latin = table(TableFormat::Csv, ',', "windows-1252");
        let mut bytes = Vec::new();
        push(&latin, "[\"\",\"Zoë\"]".as_bytes(), 0, &error(), &mut bytes);
        assert!(bytes.windows(3).any(|window| window == b"Zo\xeb"), "{bytes:?}");
        assert!(head(&table(TableFormat::Csv, ',', "UTF-16LE")).starts_with(b"\xff\xfeE\0"));
    }

    #[test]
    fn a_flat_line_gets_the_names_of_the_report() {
        let flat = table(TableFormat::NdjsonFlat, ',', "UTF-8");
        let line = flat_line(&flat, br#"{"E-Mail":"a","refract_code":"old","n":1.50}"#, 3, &error());
        let expected = r#"{"E-Mail":"a","n":1.50,"refract_row":"4","refract_code":"invalid_value","refract_field":"Name","refract_message":"column \"Name\": no; name"}"#;
        assert_eq!(line.as_deref(), Some(expected));
        assert_eq!(flat_line(&flat, b"[1]", 3, &error()), None);
    }
}
