//! The cells of an XLSX sheet, one row in memory at a time.
//!
//! Owns where a cell stands and what its type and style make of its value. What comes after the cells (merged ranges, rules,
//! pictures) is passed over.

use std::io::Read;

use crate::dates::{self, NumberFormat};
use crate::error::WorkbookError;
use crate::json;
use crate::settings::Limits;
use crate::table::{Row, Table, write_text};
use crate::xml::{Piece, Xml};

use super::strings::{RichText, Strings, unescape};

/// The last row that the format has.
const ROW_LAST: u64 = 1_048_576;
/// The columns that the format has.
const COLUMNS: usize = 16_384;

/// What kind of value a cell says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellType {
    Number,
    Shared,
    Inline,
    /// The text of a formula, or of an error.
    Text,
    Boolean,
    IsoDate,
}

/// The cell that is being read.
#[derive(Debug)]
struct Cell {
    column: usize,
    kind: CellType,
    style: usize,
    value: String,
    within_value: bool,
    within_inline: bool,
}

/// A sheet that is being read.
pub(super) struct SheetReader<'a, R: Read> {
    xml: Xml<R>,
    table: Table<'a>,
    strings: &'a Strings,
    formats: &'a [NumberFormat],
    date_1904: bool,
    limits: &'a Limits,
    row: Row,
    row_number: u64,
    next_column: usize,
    inline: RichText,
}

impl<'a, R: Read> SheetReader<'a, R> {
    /// Begins with a sheet.
    pub(super) fn new(
        xml: Xml<R>,
        table: Table<'a>,
        strings: &'a Strings,
        formats: &'a [NumberFormat],
        date_1904: bool,
        limits: &'a Limits,
    ) -> Self {
        let (row, inline) = (Row::default(), RichText::default());
        Self { xml, table, strings, formats, date_1904, limits, row, row_number: 0, next_column: 0, inline }
    }

    /// Hands all rows to the table.
    pub(super) fn read(mut self) -> Result<Table<'a>, WorkbookError> {
        let mut within_data = false;
        let mut cell = Cell {
            column: 0,
            kind: CellType::Number,
            style: 0,
            value: String::new(),
            within_value: false,
            within_inline: false,
        };
        loop {
            match self.xml.next()? {
                Piece::Open(tag) if tag.name() == "sheetData" => within_data = true,
                Piece::Close(tag) if tag.name() == "sheetData" => break,
                Piece::End => return Err(WorkbookError::invalid("the sheet has no cells' part")),
                _ if !within_data => {}
                Piece::Open(tag) if tag.name() == "row" => {
                    let mut number = Some(self.row_number + 1);
                    tag.attributes(|_, name, value| {
                        if name == "r" {
                            number = value.parse().ok();
                        }
                    })?;
                    self.row_number = later_row(number, self.row_number)?;
                    self.row.clear();
                    self.next_column = 0;
                }
                Piece::Close(tag) if tag.name() == "row" => self.table.take(self.row_number, 1, &self.row)?,
                Piece::Open(tag) if tag.name() == "c" => {
                    (cell.kind, cell.style, cell.column) = (CellType::Number, 0, self.next_column);
                    let mut known = true;
                    tag.attributes(|_, name, value| match name {
                        "r" => match column_of(&value) {
                            Some(column) => cell.column = column,
                            None => known = false,
                        },
                        "s" => cell.style = value.parse().unwrap_or(0),
                        "t" => match type_of(&value) {
                            Some(kind) => cell.kind = kind,
                            None => known = false,
                        },
                        _ => {}
                    })?;
                    if !known || cell.column >= COLUMNS {
                        return Err(unsound(self.row_number));
                    }
                    self.next_column = cell.column + 1;
                    cell.value.clear();
                    (cell.within_value, cell.within_inline) = (false, false);
                    self.inline.begin();
                }
                Piece::Close(tag) if tag.name() == "c" => self.put(&mut cell)?,
                piece => take_value(&mut cell, &mut self.inline, &piece, self.limits)?,
            }
        }
        self.xml.drain()?;
        Ok(self.table)
    }

    /// Puts the cell that has ended into its row.
    fn put(&mut self, cell: &mut Cell) -> Result<(), WorkbookError> {
        let (limits, column) = (self.limits, cell.column);
        match cell.kind {
            CellType::Inline => self.row.put(column, 1, limits, |out| write_text(out, self.inline.end())),
            CellType::Text => {
                unescape(&mut cell.value);
                self.row.put(column, 1, limits, |out| write_text(out, &cell.value))
            }
            CellType::IsoDate => {
                self.row.put(column, 1, limits, |out| write_text(out, &dates::of_iso_day(&cell.value)))
            }
            _ if cell.value.trim().is_empty() => Ok(()),
            CellType::Shared => {
                let place = cell.value.trim().parse().ok();
                let Some(text) = place.and_then(|place| self.strings.get(place)) else {
                    return Err(unsound(self.row_number));
                };
                self.row.put(column, 1, limits, |out| out.extend_from_slice(text))
            }
            CellType::Boolean => {
                let word: &[u8] = if matches!(cell.value.trim(), "1" | "true") { b"true" } else { b"false" };
                self.row.put(column, 1, limits, |out| out.extend_from_slice(word))
            }
            CellType::Number => {
                let number: Option<f64> = cell.value.trim().parse().ok().filter(|number: &f64| number.is_finite());
                let Some(number) = number else {
                    return Err(unsound(self.row_number));
                };
                let format = self.formats.get(cell.style).copied().unwrap_or(NumberFormat::Number);
                let date_1904 = self.date_1904;
                self.row.put(column, 1, limits, |out| match dates::text_of(number, format, date_1904) {
                    Some(text) => json::push_string(out, &text),
                    None => json::push_number(out, number),
                })
            }
        }
    }
}

/// Takes a piece that stands within a cell.
fn take_value(cell: &mut Cell, inline: &mut RichText, piece: &Piece<'_>, limits: &Limits) -> Result<(), WorkbookError> {
    match piece {
        Piece::Open(tag) if tag.name() == "v" => cell.within_value = true,
        Piece::Close(tag) if tag.name() == "v" => cell.within_value = false,
        Piece::Open(tag) if tag.name() == "is" => cell.within_inline = true,
        Piece::Close(tag) if tag.name() == "is" => cell.within_inline = false,
        piece if cell.within_inline => inline.take(piece, limits.row_bytes_max)?,
        Piece::Text(text) if cell.within_value => {
            // Each piece is bounded, their number is not.
            if cell.value.len() + text.len() > limits.row_bytes_max {
                let message = format!("a cell has more than {} bytes of text", limits.row_bytes_max);
                return Err(WorkbookError::new(crate::Code::RowTooLarge, message));
            }
            cell.value.push_str(text);
        }
        _ => {}
    }
    Ok(())
}

fn type_of(name: &str) -> Option<CellType> {
    Some(match name {
        "n" => CellType::Number,
        "s" => CellType::Shared,
        "inlineStr" => CellType::Inline,
        "str" | "e" => CellType::Text,
        "b" => CellType::Boolean,
        "d" => CellType::IsoDate,
        _ => return None,
    })
}

/// The row's number, if it is one that may follow.
fn later_row(number: Option<u64>, before: u64) -> Result<u64, WorkbookError> {
    match number {
        Some(number) if number > before && number <= ROW_LAST => Ok(number),
        _ => Err(WorkbookError::invalid(format!("the row after row {before} of the sheet has no sound number"))),
    }
}

fn unsound(row: u64) -> WorkbookError {
    WorkbookError::invalid(format!("row {row} of the sheet has a cell whose place, type or value is not sound"))
}

/// The column, from 0, of a place such as `AB12`.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == 0 || letters > 3 {
        return None;
    }
    let value = |column: usize, letter: u8| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    Some(place.bytes().take(letters).fold(0, value) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_columns() {
        let given = ["A1", "Z9", "aa10", "XFD1048576", "ZZZ1", "1", "", "ABCD1"];
        let expected = [Some(0), Some(25), Some(26), Some(16_383), Some(18_277), None, None, None];
        assert_eq!(given.map(column_of), expected);
    }
}
