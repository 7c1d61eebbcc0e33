//! The cells of an ODS row: what a cell's type and text make of it. Must not know sheets.

use std::io::Read;

use crate::dates;
use crate::error::{Code, WorkbookError};
use crate::json;
use crate::settings::Limits;
use crate::table::{Row, write_text};
use crate::xml::{Piece, Tag, Xml};

/// The value of a cell, but for its text.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Value {
    /// None, or the text of the cell.
    #[default]
    Text,
    Number(f64),
    Boolean(bool),
    /// Written already, in `CellReader::written`.
    Written,
}

/// Reads cells, in memory that is used again for each.
pub(super) struct CellReader<'a> {
    limits: &'a Limits,
    text: String,
    written: String,
    value: Value,
}

impl<'a> CellReader<'a> {
    /// A reader for one sheet.
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, text: String::new(), written: String::new(), value: Value::Text }
    }

    /// Reads the cells of the row that was opened last into `row`.
    pub(super) fn read_row<R: Read>(&mut self, xml: &mut Xml<R>, row: &mut Row) -> Result<(), WorkbookError> {
        let mut column = 0_usize;
        loop {
            let (repeats, covered) = match xml.next()? {
                Piece::Open(tag) if tag.name() == "table-cell" => (self.begin(&tag)?, false),
                Piece::Open(tag) if tag.name() == "covered-table-cell" => (self.begin(&tag)?, true),
                Piece::Open(_) => (0, true),
                Piece::Close(_) => return Ok(()),
                _ => continue,
            };
            if covered {
                xml.skip()?;
            } else {
                self.read_text(xml)?;
                self.put(column, repeats, row)?;
            }
            column = column.saturating_add(repeats);
        }
    }

    /// Learns what the cell's attributes say; gives how often it stands there.
    fn begin(&mut self, tag: &Tag<'_>) -> Result<usize, WorkbookError> {
        self.text.clear();
        self.written.clear();
        self.value = Value::Text;
        let (mut is_error, mut is_sound) = (false, true);
        let (mut repeats, mut text_given) = (1, false);
        tag.attributes(|prefix, name, value| match name {
            // LibreOffice says there what its own program makes of the cell; only errors are told by it.
            "value-type" if prefix == "calcext" => is_error = value == "error",
            "number-columns-repeated" => match value.parse() {
                Ok(count) if count > 0 => repeats = count,
                _ => is_sound = false,
            },
            "value" => match value.parse::<f64>() {
                Ok(number) if number.is_finite() => self.value = Value::Number(number),
                _ => is_sound = false,
            },
            "boolean-value" => self.value = Value::Boolean(value == "true"),
            "date-value" => (self.written, self.value) = (dates::of_iso_day(&value), Value::Written),
            "time-value" => (self.written, self.value) = (dates::of_iso_span(&value), Value::Written),
            "string-value" => {
                self.written = value.into_owned();
                text_given = true;
            }
            _ => {}
        })?;
        if !is_sound {
            return Err(WorkbookError::invalid("a cell of the sheet has a value or a repetition that is no number"));
        }
        if is_error {
            self.value = Value::Text;
        } else if text_given && self.value == Value::Text {
            self.value = Value::Written;
        }
        Ok(repeats)
    }

    /// Reads the text of the cell that was opened last: its paragraphs, one a line.
    fn read_text<R: Read>(&mut self, xml: &mut Xml<R>) -> Result<(), WorkbookError> {
        let mut depth = 1_usize;
        let mut paragraphs = 0_usize;
        // The depth of the paragraph being read.
        let mut within: Option<usize> = None;
        // A blank that counts only if text follows in the same paragraph.
        let mut blank = false;
        loop {
            let is_passed_over = match xml.next()? {
                Piece::Open(tag) => {
                    depth += 1;
                    match (within, tag.name()) {
                        (None, "p") => {
                            if paragraphs > 0 {
                                self.text.push('\n');
                            }
                            paragraphs += 1;
                            (within, blank) = (Some(depth), false);
                            false
                        }
                        (Some(_), "s") => {
                            let count = super::count_of(&tag, "c")?;
                            self.settle(&mut blank);
                            self.push_blanks(count)?;
                            false
                        }
                        (Some(_), "tab") => {
                            self.settle(&mut blank);
                            self.text.push('\t');
                            false
                        }
                        (Some(_), "line-break") => {
                            self.settle(&mut blank);
                            self.text.push('\n');
                            false
                        }
                        (Some(_), "span" | "a" | "ruby" | "ruby-base") => false,
                        // The text of fields (dates, sheet names, titles) stands in elements of many names.
                        (Some(_), name) => {
                            matches!(name, "annotation" | "note" | "ruby-text" | "frame" | "custom-shape")
                        }
                        // Comments, drawings, nested tables.
                        (None, _) => true,
                    }
                }
                Piece::Close(_) => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                    if within.is_some_and(|paragraph| depth < paragraph) {
                        within = None;
                    }
                    false
                }
                Piece::Text(text) if within.is_some() => {
                    self.push_text(&text, &mut blank);
                    false
                }
                Piece::Text(_) => false,
                Piece::End => return Ok(()),
            };
            if is_passed_over {
                xml.skip()?;
                depth -= 1;
            }
            self.require_room(0)?;
        }
    }

    /// Appends text of a paragraph: blanks in succession are one, those at its beginning and end none.
    fn push_text(&mut self, text: &str, blank: &mut bool) {
        for character in text.chars() {
            if matches!(character, ' ' | '\t' | '\n' | '\r') {
                *blank = true;
            } else {
                self.settle(blank);
                self.text.push(character);
            }
        }
    }

    fn settle(&mut self, blank: &mut bool) {
        let begins_a_line = self.text.is_empty() || self.text.ends_with('\n');
        if std::mem::take(blank) && !begins_a_line {
            self.text.push(' ');
        }
    }

    fn push_blanks(&mut self, count: u64) -> Result<(), WorkbookError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.require_room(count)?;
        self.text.extend(std::iter::repeat_n(' ', count));
        Ok(())
    }

    fn require_room(&self, more: usize) -> Result<(), WorkbookError> {
        if self.text.len().saturating_add(more) <= self.limits.row_bytes_max {
            return Ok(());
        }
        let message = format!("a cell of the sheet has more than {} bytes of text", self.limits.row_bytes_max);
        Err(WorkbookError::new(Code::RowTooLarge, message))
    }

    fn put(&self, column: usize, repeats: usize, row: &mut Row) -> Result<(), WorkbookError> {
        row.put(column, repeats, self.limits, |out| match self.value {
            Value::Text => write_text(out, &self.text),
            Value::Written => write_text(out, &self.written),
            Value::Number(number) => json::push_number(out, number),
            Value::Boolean(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
        })
    }
}
