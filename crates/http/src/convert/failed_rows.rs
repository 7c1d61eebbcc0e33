//! Rows that did not get in, as they came, each with what is wrong with it: ready to be corrected and sent again.
//!
//! A row that is an object gets `extended.refract` for that, which judging passes over: `row`, `code`, `message` and `errors`.
//! What it had there from an earlier round is replaced. A row that is no object, or whose `extended` is none, stays as it
//! came.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use refract_domain::error::RowError;
use refract_domain::import::fate::Fate;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::table::{TableFormat, TableInput};
use refract_engine::{EngineError, JobRow, JobRows};
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::batch::row_error;
use super::failed_cells;
use super::options::shown_options;
use super::results::not_attempted;
use super::rows::BrokenResults;
use crate::extract::media::{ODS, XLSX};

/// The form of failed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsForm {
    /// The body of an import: `{"objects", "options"}`.
    Request,
    /// A row a line.
    Lines,
    /// A text file of cells, of the kind they came in.
    Cells,
    /// CSV, whatever they came in.
    Csv,
    /// A workbook, of the kind they came in.
    Workbook,
}

/// The forms that so many rows of these options have, the one they came in first, each with its media type. Rows that no sheet
/// holds come as CSV.
pub(crate) fn forms(options: &ImportOptions, rows: u64) -> &'static [(&'static str, RowsForm)] {
    const REQUEST: (&str, RowsForm) = ("application/json", RowsForm::Request);
    const LINES: (&str, RowsForm) = ("application/x-ndjson", RowsForm::Lines);
    const CSV: (&str, RowsForm) = ("text/csv", RowsForm::Csv);
    match options.table.as_ref().map(|table| table.format) {
        None => &[REQUEST, LINES],
        Some(TableFormat::Ndjson) => &[LINES, REQUEST],
        Some(TableFormat::NdjsonFlat) => &[LINES],
        Some(TableFormat::Tsv) => &[("text/tab-separated-values", RowsForm::Cells), CSV],
        Some(TableFormat::Csv) => &[("text/csv", RowsForm::Cells)],
        // The first row has the names of the columns.
        Some(TableFormat::Xlsx | TableFormat::Ods) if rows >= refract_workbook::ROWS_MAX => &[CSV],
        Some(TableFormat::Xlsx) => &[(XLSX, RowsForm::Workbook), CSV],
        Some(TableFormat::Ods) => &[(ODS, RowsForm::Workbook), CSV],
    }
}

/// What is needed to write a row down.
struct Writing {
    form: RowsForm,
    table: Option<Arc<TableInput>>,
}

impl Writing {
    /// What stands before the first row.
    fn begin(&self) -> Vec<u8> {
        match (self.form, &self.table) {
            (RowsForm::Request, _) => br#"{"objects":["#.to_vec(),
            (RowsForm::Cells | RowsForm::Csv, Some(table)) => failed_cells::head(table),
            _ => Vec::new(),
        }
    }

    fn push(&self, row: &JobRow, bytes: &mut Vec<u8>) {
        let error = error_of(row);
        match (self.form, &self.table, error.as_deref()) {
            (RowsForm::Cells | RowsForm::Csv, Some(table), Some(error)) => {
                failed_cells::push(table, &row.raw, row.row, error, bytes);
            }
            (_, Some(table), Some(error)) if table.format == TableFormat::NdjsonFlat => {
                let line = failed_cells::flat_line(table, &row.raw, row.row, error);
                bytes.extend_from_slice(line.as_deref().map_or(&row.raw, str::as_bytes));
            }
            (_, _, error) => push_annotated(row, error, bytes),
        }
    }
}

/// What is wrong with a row.
pub(super) fn error_of(row: &JobRow) -> Option<Cow<'_, RowError>> {
    match &row.fate {
        Fate::NotAttempted => Some(Cow::Owned(not_attempted())),
        reached => reached.error().map(Cow::Borrowed),
    }
}

/// The rows in a form of text. The first of them are read before the answer begins, so that rows which are lost are told.
pub(crate) async fn rows_body(mut rows: JobRows, form: RowsForm) -> Result<Body, EngineError> {
    let first = rows.next().await?;
    let table = rows.view().snapshot.spec.options.table.clone();
    let table = if form == RowsForm::Csv { table.map(|table| Arc::new(failed_cells::as_csv(&table))) } else { table };
    let writing = Writing { form, table };
    let begin = writing.begin();
    let state = Some((rows, first, begin, true, writing));
    Ok(Body::from_stream(stream::try_unfold(state, move |state| async move {
        let Some((mut rows, read, mut bytes, mut is_first, writing)) = state else { return Ok(None) };
        let Some(read) = read else {
            if form == RowsForm::Request {
                bytes.extend_from_slice(br#"],"options":"#);
                // Plain data always serialises.
                let _ = serde_json::to_writer(&mut bytes, &shown_options(&rows.view().snapshot.spec.options));
                bytes.push(b'}');
            }
            return Ok::<_, BrokenResults>(Some((Bytes::from(bytes), None)));
        };
        for row in &read {
            if form == RowsForm::Request && !std::mem::take(&mut is_first) {
                bytes.push(b',');
            }
            writing.push(row, &mut bytes);
            if form == RowsForm::Lines {
                bytes.push(b'\n');
            }
        }
        let next = rows.next().await.map_err(|error| {
            tracing::error!(%error, "the failed rows of a job cannot be read");
            BrokenResults
        })?;
        Ok(Some((Bytes::from(bytes), Some((rows, next, Vec::new(), is_first, writing)))))
    })))
}

/// Appends a row with what is wrong with it.
fn push_annotated(row: &JobRow, error: Option<&RowError>, bytes: &mut Vec<u8>) {
    let said = error.and_then(|error| note(row.row, error));
    let annotated = said.and_then(|said| annotated(&row.raw, &said));
    // Lines end where rows do: what came on several lines is put on one.
    match annotated {
        Some(text) => bytes.extend_from_slice(text.as_bytes()),
        None => bytes.extend(row.raw.iter().filter(|byte| !matches!(byte, b'\n' | b'\r'))),
    }
}

fn note(row: u32, error: &RowError) -> Option<String> {
    let mut note = serde_json::to_value(row_error(error)).ok()?;
    note.as_object_mut()?.insert("row".to_owned(), row.into());
    Some(note.to_string())
}

/// The row's text with `said` under `extended.refract`; `None` when there is no place for it.
fn annotated(raw: &[u8], said: &str) -> Option<String> {
    let Members(members) = serde_json::from_slice(raw).ok()?;
    let mut text = String::from("{");
    let mut extended = Vec::new();
    let mut extended_count = 0;
    for (name, value) in &members {
        if name == "extended" {
            extended_count += 1;
            let Members(inner) = serde_json::from_str(value.get()).ok()?;
            extended = inner;
            continue;
        }
        push_member(&mut text, name, value.get());
    }
    if extended_count > 1 {
        return None;
    }
    let mut under_extended = String::from("{");
    for (name, value) in extended.iter().filter(|(name, _)| name != "refract") {
        push_member(&mut under_extended, name, value.get());
    }
    push_member(&mut under_extended, "refract", said);
    under_extended.push('}');
    push_member(&mut text, "extended", &under_extended);
    text.push('}');
    Some(text)
}

fn push_member(text: &mut String, name: &str, raw_value: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(&serde_json::Value::from(name).to_string());
    text.push(':');
    // Between the parts of a value only; in texts a line break is an escape.
    text.extend(raw_value.chars().filter(|character| !matches!(character, '\n' | '\r')));
}

/// The members of an object in their order, names that stand twice included.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use refract_domain::import::table::{CellRules, TextForm};

    use super::*;

    #[test]
    fn more_rows_than_a_sheet_holds_come_as_csv() {
        let table = TableInput {
            format: TableFormat::Ods,
            columns: Vec::new(),
            rules: CellRules::default(),
            text: TextForm::default(),
        };
        let options = ImportOptions { table: Some(Arc::new(table)), ..ImportOptions::default() };
        let of = |rows| forms(&options, rows).iter().map(|(_, form)| *form).collect::<Vec<_>>();
        assert_eq!(of(1_048_575), [RowsForm::Workbook, RowsForm::Csv]);
        assert_eq!(of(1_048_576), [RowsForm::Csv]);
    }

    #[test]
    fn what_is_wrong_stands_where_judging_passes_it_over() {
        for (raw, expected) in [
            ("{}", r#"{"extended":{"refract":1}}"#),
            ("{ \"id\" :\n1.50, \"a\":{\"b\":2}}", r#"{"id":1.50,"a":{"b":2},"extended":{"refract":1}}"#),
            (r#"{"extended":{"x":"y","refract":{"row":7}},"b":1}"#, r#"{"b":1,"extended":{"x":"y","refract":1}}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2,"extended":{"refract":1}}"#),
        ] {
            assert_eq!(annotated(raw.as_bytes(), "1").as_deref(), Some(expected), "{raw}");
        }
        for raw in ["5", "[]", "null", r#"{"extended":5}"#, r#"{"extended":{},"extended":{}}"#] {
            assert_eq!(annotated(raw.as_bytes(), "1"), None, "{raw}");
        }
    }
}
