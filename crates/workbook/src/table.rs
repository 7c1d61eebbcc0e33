//! From the rows of a sheet to the rows that are given.
//!
//! Owns which rows count: the header, empty rows before, between and after, rows of unequal width, and the limits on all of
//! them. Must not know a file format.

use refract_files::{RowLook, column_names, title_rows};
use serde_json::Value;

use crate::error::{Code, WorkbookError};
use crate::json;
use crate::settings::{Limits, Settings};
use crate::{Format, Head, Sheet, Sink, WorkbookFacts};

/// Rows looked at to learn where the table begins, and how many columns one without a header has.
const LOOK_AHEAD_ROWS: usize = 100;

/// The cells of one row, each as JSON, in any order; built anew for each row in the same memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    text: Vec<u8>,
    /// Where each cell lies in `text`; nowhere if it is empty.
    cells: Vec<(usize, usize)>,
}

impl Row {
    /// Forgets all cells.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Whether no cell has a value.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Writes a cell with `write`, at `column` from 0 and on as many columns to the right as `repeats` says. What writes
    /// nothing leaves the cells empty.
    pub(crate) fn put(
        &mut self,
        column: usize,
        repeats: usize,
        limits: &Limits,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), WorkbookError> {
        let begin = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        if begin == end {
            return Ok(());
        }
        let after = column.saturating_add(repeats);
        if after > limits.columns_max {
            let message = format!(
                "there is a value in column {after} of the sheet, {} columns are allowed; delete what stands to the right of the table",
                limits.columns_max
            );
            return Err(WorkbookError::new(Code::TooManyColumns, message));
        }
        let copied = (end - begin).saturating_mul(repeats);
        if begin.saturating_add(copied) > limits.row_bytes_max {
            let message = format!("a row of the sheet has more than {} bytes of text", limits.row_bytes_max);
            return Err(WorkbookError::new(Code::RowTooLarge, message));
        }
        if self.cells.len() < after {
            self.cells.resize(after, (0, 0));
        }
        self.cells[column..after].fill((begin, end));
        Ok(())
    }

    /// The cells, from the first to the last with a value.
    fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.cells.iter().map(|&(begin, end)| &self.text[begin..end])
    }

    /// Its cells as they would be read in a text table.
    fn texts(&self) -> Vec<String> {
        let text = |value: &[u8]| match serde_json::from_slice(value) {
            Ok(Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(_) => String::new(),
        };
        self.values().map(text).collect()
    }

    fn write(&self, columns: usize, out: &mut Vec<u8>) {
        out.push(b'[');
        for (place, value) in self.values().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(if value.is_empty() { b"null" } else { value });
        }
        for place in self.cells.len()..columns {
            out.extend_from_slice(if place == 0 { b"null" } else { b",null" });
        }
        out.push(b']');
    }
}

/// What a format knows of the chosen sheet.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// The format.
    pub(crate) format: Format,
    /// The sheet's name.
    pub(crate) name: String,
    /// Its place.
    pub(crate) index: usize,
    /// How days count.
    pub(crate) date_1904: bool,
}

/// The rows of one sheet on their way to the sink.
pub(crate) struct Table<'a> {
    settings: &'a Settings,
    sink: &'a mut dyn Sink,
    head: Head,
    /// Rows held back until the columns are known, with their numbers; `None` once they are.
    waiting: Option<Vec<(u64, Row)>>,
    waiting_bytes: usize,
    last_number: u64,
    rows: u64,
    given_bytes: u64,
    line: Vec<u8>,
}

impl<'a> Table<'a> {
    /// Begins with the first row of a sheet.
    pub(crate) fn new(chosen: Chosen, settings: &'a Settings, sink: &'a mut dyn Sink) -> Self {
        let head = Head {
            format: chosen.format,
            sheet: chosen.name,
            sheet_index: chosen.index,
            columns: Vec::new(),
            skip_rows: settings.skip_rows.unwrap_or(0),
            header_row: None,
            first_row: None,
            date_1904: chosen.date_1904,
        };
        Self {
            settings,
            sink,
            head,
            waiting: Some(Vec::new()),
            waiting_bytes: 0,
            last_number: 0,
            rows: 0,
            given_bytes: 0,
            line: Vec::new(),
        }
    }

    /// Takes the row that stands `repeats` times in the sheet from `number` (from 1) on. Numbers rise; those left out are empty.
    pub(crate) fn take(&mut self, number: u64, repeats: u64, row: &Row) -> Result<(), WorkbookError> {
        if row.is_empty() {
            return Ok(());
        }
        let first = number.max(self.settings.skip_rows.unwrap_or(0).saturating_add(1));
        for number in first..number.saturating_add(repeats) {
            self.take_one(number, row)?;
        }
        Ok(())
    }

    fn take_one(&mut self, number: u64, row: &Row) -> Result<(), WorkbookError> {
        let Some(waiting) = &mut self.waiting else {
            return self.give(number, row);
        };
        waiting.push((number, row.clone()));
        self.waiting_bytes += row.text.len();
        if waiting.len() == LOOK_AHEAD_ROWS || self.waiting_bytes > self.settings.limits.row_bytes_max {
            self.settle()?;
        }
        Ok(())
    }

    /// Ends the looking ahead: what the columns are is known.
    fn settle(&mut self) -> Result<(), WorkbookError> {
        let Some(waiting) = self.waiting.take() else {
            return Ok(());
        };
        let rows = if self.settings.header { self.begin_below_header(&waiting) } else { self.begin(&waiting) };
        self.sink.head(&self.head).map_err(not_taken)?;
        rows.iter().try_for_each(|(number, row)| self.give(*number, row))
    }

    /// Takes the names of the columns from the header below the titles; the answer is the rows below it.
    fn begin_below_header<'w>(&mut self, waiting: &'w [(u64, Row)]) -> &'w [(u64, Row)] {
        let texts: Vec<_> = waiting.iter().map(|(_, row)| row.texts()).collect();
        let may_have_titles = self.settings.skip_rows.is_none();
        let looks = texts.iter().map(|texts| RowLook::of(texts));
        let titles = if may_have_titles { title_rows(&looks.collect::<Vec<_>>()) } else { 0 };
        let Some(((number, _), names)) = waiting.get(titles).zip(texts.get(titles)) else { return waiting };
        if titles > 0 {
            self.head.skip_rows = number - 1;
        }
        self.head.columns = column_names(names);
        self.head.header_row = Some(*number);
        self.head.first_row = Some(number + 1);
        self.last_number = *number;
        waiting.get(titles + 1..).unwrap_or_default()
    }

    /// Begins with the first row of a sheet without a header: the widest row says how many columns there are.
    fn begin<'w>(&mut self, waiting: &'w [(u64, Row)]) -> &'w [(u64, Row)] {
        let columns = waiting.iter().map(|(_, row)| row.cells.len()).max().unwrap_or(0);
        self.head.columns = column_names(&vec![String::new(); columns]);
        self.head.first_row = waiting.first().map(|(number, _)| *number);
        self.last_number = self.head.first_row.map_or(0, |first| first - 1);
        waiting
    }

    fn give(&mut self, number: u64, row: &Row) -> Result<(), WorkbookError> {
        let empty = (number - self.last_number).saturating_sub(1);
        if empty > self.settings.limits.empty_rows_max {
            let message = format!(
                "row {number} of the sheet stands {empty} empty rows below the others, {} are allowed; delete it or the empty rows",
                self.settings.limits.empty_rows_max
            );
            return Err(WorkbookError::invalid(message));
        }
        if empty > 0 {
            self.line.clear();
            Row::default().write(self.head.columns.len(), &mut self.line);
            for _ in 0..empty {
                self.send()?;
            }
        }
        self.line.clear();
        row.write(self.head.columns.len(), &mut self.line);
        self.last_number = number;
        self.send()
    }

    fn send(&mut self) -> Result<(), WorkbookError> {
        let limits = &self.settings.limits;
        if self.rows == limits.rows_max {
            let message = format!("the sheet has more than {} rows", limits.rows_max);
            return Err(WorkbookError::new(Code::TooManyRows, message));
        }
        self.rows += 1;
        self.given_bytes += self.line.len() as u64;
        if self.given_bytes > limits.decoded_bytes_max {
            let message = format!("the rows of the sheet have more than {} bytes", limits.decoded_bytes_max);
            return Err(WorkbookError::new(Code::PayloadTooLarge, message));
        }
        let line = std::str::from_utf8(&self.line).map_err(|_| WorkbookError::invalid("a cell holds no text"))?;
        self.sink.row(line).map_err(not_taken)
    }

    /// Ends with the last row, and gives the facts; `sheets` are those of the workbook.
    pub(crate) fn finish(mut self, sheets: Vec<Sheet>) -> Result<WorkbookFacts, WorkbookError> {
        self.settle()?;
        Ok(WorkbookFacts { head: self.head, sheets, rows: self.rows })
    }
}

/// The sheet that the caller means.
pub(crate) fn choose(sheets: &[Sheet], settings: &Settings) -> Result<usize, WorkbookError> {
    use crate::SheetChoice::{FirstVisible, Index, Name};
    let found = match &settings.sheet {
        FirstVisible => sheets.iter().position(|sheet| !sheet.hidden),
        Name(name) => sheets.iter().position(|sheet| sheet.name == *name),
        Index(index) => Some(*index).filter(|&index| index < sheets.len()),
    };
    found.ok_or_else(|| {
        let wanted = match &settings.sheet {
            FirstVisible => "no sheet that is visible".to_owned(),
            Name(name) => format!("no sheet of the name '{name}'"),
            Index(index) => format!("no sheet {index}, counted from 0"),
        };
        let names: Vec<&str> = sheets.iter().take(20).map(|sheet| sheet.name.as_str()).collect();
        let message = format!("the workbook has {wanted}; it has: {}", names.join(", "));
        WorkbookError::new(Code::UnknownSheet, message)
    })
}

fn not_taken(failure: std::io::Error) -> WorkbookError {
    WorkbookError::new(Code::Unavailable, format!("the rows of the workbook were not taken: {failure}"))
}

/// Appends a text cell; an empty text is an empty cell.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    if !text.is_empty() {
        json::push_string(out, text);
    }
}
