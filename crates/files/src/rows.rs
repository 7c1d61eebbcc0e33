//! Cuts text into rows of cells, and writes each row as a JSON array while it reads.
//!
//! Owns the rules of quotes and line ends that `lib.rs` states, and the unfinished row. Must not know encodings, headers, or
//! how a dialect is found. The place within a row is all that is kept between two pieces, so a cut may fall anywhere.
//!
//! ```text
//!                    ┌──────────── delimiter, line end ────────────┐
//!   CellStart ──→ Bare ───────────────────────────────────────────→│ next cell or row
//!       └─quote─→ Quoted ──quote──→ Closing ── delimiter, line end →│
//!                    └←─ quote (doubled), anything else (a stray quote)
//! ```

use std::mem;

use crate::error::FileError;
use crate::json::{ESCAPE_BYTES_MAX, is_blank, push_escaped};
use crate::scan::plain_length;

/// Stands for "no delimiter" and "no quote": no byte of UTF-8 text is this one.
const NEVER: u8 = 0xff;

/// A finished row that is not blank.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// A JSON array of strings.
    pub(crate) json: &'a [u8],
    /// How many.
    pub(crate) cells: usize,
    /// The line in which it begins.
    pub(crate) line: u64,
}

/// Where the next byte falls.
#[derive(Debug, Clone, Copy)]
enum Place {
    CellStart,
    Bare,
    Quoted,
    /// After a quote in a quoted cell, and after so many spaces behind it.
    Closing {
        spaces: usize,
    },
}

/// The marks and limits of a splitting, and where it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cutting {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) row_bytes_max: usize,
    pub(crate) columns_max: usize,
    /// Lines that are passed over first, whatever is in them.
    pub(crate) skip_lines: u64,
}

/// Cuts UTF-8 text that comes in pieces of whole characters.
#[derive(Debug)]
pub(crate) struct RowSplitter {
    delimiter: u8,
    quote: u8,
    row_bytes_max: usize,
    columns_max: usize,
    /// Lines that are still to be passed over.
    skip_lines: u64,
    place: Place,
    /// The array so far; holds [`Self::cells`] cells, of which the last may be open.
    row: Vec<u8>,
    cells: usize,
    cell_start: usize,
    /// Whether a finished cell of this row holds more than white space.
    filled: bool,
    line: u64,
    row_line: u64,
    quote_line: u64,
    /// Whether the open quoted cell has a quote that neither closes it nor is doubled.
    stray: bool,
    /// Whether the byte before was a CR that counted as a line end.
    after_cr: bool,
    quoted_cells: u64,
    stray_quotes: u64,
}

type Result<T> = std::result::Result<T, FileError>;

impl RowSplitter {
    pub(crate) fn new(cutting: Cutting) -> Self {
        RowSplitter {
            delimiter: cutting.delimiter.unwrap_or(NEVER),
            quote: cutting.quote.unwrap_or(NEVER),
            row_bytes_max: cutting.row_bytes_max,
            columns_max: cutting.columns_max,
            skip_lines: cutting.skip_lines,
            place: Place::CellStart,
            row: Vec::new(),
            cells: 0,
            cell_start: 0,
            filled: false,
            line: 1,
            row_line: 1,
            quote_line: 1,
            stray: false,
            after_cr: false,
            quoted_cells: 0,
            stray_quotes: 0,
        }
    }

    /// The line of the next byte.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Cells that were opened by a quote.
    pub(crate) fn quoted_cells(&self) -> u64 {
        self.quoted_cells
    }

    /// Quotes in quoted cells that neither closed them nor were doubled.
    pub(crate) fn stray_quotes(&self) -> u64 {
        self.stray_quotes
    }

    /// Bytes held for the unfinished row.
    pub(crate) fn held_bytes(&self) -> usize {
        self.row.len()
    }

    /// Takes the next piece; the sink gets each row as it ends.
    ///
    /// # Errors
    /// The fault of the text, or that of the sink.
    pub(crate) fn push<S>(&mut self, text: &[u8], sink: &mut S) -> Result<()>
    where
        S: FnMut(Row<'_>) -> Result<()>,
    {
        let mut rest = if self.skip_lines > 0 { self.below_skipped(text) } else { text };
        while let Some((&byte, behind)) = rest.split_first() {
            let after_cr = mem::take(&mut self.after_cr);
            rest = match self.place {
                // The second half of CRLF.
                Place::CellStart if after_cr && byte == b'\n' => behind,
                Place::CellStart => {
                    let quoted = byte == self.quote;
                    self.open_cell(quoted)?;
                    if quoted { behind } else { rest }
                }
                Place::Bare => self.bare(rest, sink)?,
                Place::Quoted => self.quoted(rest, after_cr)?,
                Place::Closing { spaces } => self.closing(rest, spaces, sink)?,
            };
        }
        Ok(())
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    /// The fault of the text, or that of the sink.
    pub(crate) fn finish<S>(mut self, sink: &mut S) -> Result<()>
    where
        S: FnMut(Row<'_>) -> Result<()>,
    {
        match self.place {
            Place::CellStart if self.cells == 0 => return Ok(()),
            Place::CellStart => self.open_cell(false)?,
            Place::Bare | Place::Closing { .. } => {}
            Place::Quoted if self.stray => return Err(FileError::stray_quote(self.line)),
            Place::Quoted => return Err(FileError::unclosed_quote(self.quote_line)),
        }
        self.close_cell();
        self.end_row(b'\n', sink)
    }

    /// Passes over lines that are no part of the table; the answer is what is left.
    fn below_skipped<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let mut rest = text;
        while self.skip_lines > 0 && !rest.is_empty() {
            if mem::take(&mut self.after_cr) {
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            let Some(at) = memchr::memchr2(b'\n', b'\r', rest) else { return &[] };
            let (line, below) = rest.split_at(at + 1);
            self.after_cr = line.ends_with(b"\r");
            self.skip_lines -= 1;
            self.line += 1;
            rest = below;
        }
        rest
    }

    /// Reads on in an unquoted cell; the answer is what is left.
    fn bare<'t, S>(&mut self, text: &'t [u8], sink: &mut S) -> Result<&'t [u8]>
    where
        S: FnMut(Row<'_>) -> Result<()>,
    {
        let (plain, rest) = text.split_at(plain_length(text, self.delimiter));
        self.append(plain)?;
        let Some((&byte, rest)) = rest.split_first() else { return Ok(rest) };
        match byte {
            _ if byte == self.delimiter => self.close_cell(),
            b'\n' | b'\r' => {
                self.close_cell();
                self.end_row(byte, sink)?;
            }
            _ => self.append_escaped(byte)?,
        }
        Ok(rest)
    }

    /// Reads on in a quoted cell; the answer is what is left.
    fn quoted<'t>(&mut self, text: &'t [u8], after_cr: bool) -> Result<&'t [u8]> {
        let (plain, rest) = text.split_at(plain_length(text, self.quote));
        self.append(plain)?;
        let Some((&byte, rest)) = rest.split_first() else { return Ok(rest) };
        if byte == self.quote {
            self.place = Place::Closing { spaces: 0 };
            return Ok(rest);
        }
        if matches!(byte, b'\n' | b'\r') {
            if self.stray {
                return Err(FileError::stray_quote(self.line));
            }
            let second_half = byte == b'\n' && after_cr && plain.is_empty();
            self.line += u64::from(!second_half);
            self.after_cr = byte == b'\r';
        }
        self.append_escaped(byte)?;
        Ok(rest)
    }

    /// Decides what a quote within a quoted cell was; the answer is what is left.
    fn closing<'t, S>(&mut self, text: &'t [u8], spaces: usize, sink: &mut S) -> Result<&'t [u8]>
    where
        S: FnMut(Row<'_>) -> Result<()>,
    {
        let Some((&byte, rest)) = text.split_first() else { return Ok(text) };
        match byte {
            _ if byte == self.quote && spaces == 0 => {
                self.append_escaped(byte)?;
                self.place = Place::Quoted;
            }
            _ if byte == self.delimiter => self.close_cell(),
            b'\n' | b'\r' => {
                self.close_cell();
                self.end_row(byte, sink)?;
            }
            b' ' => self.place = Place::Closing { spaces: spaces.saturating_add(1) },
            _ => {
                self.append_escaped(self.quote)?;
                self.room(spaces)?;
                self.row.resize(self.row.len() + spaces, b' ');
                self.stray = true;
                self.stray_quotes += 1;
                self.place = Place::Quoted;
                return Ok(text);
            }
        }
        Ok(rest)
    }

    fn open_cell(&mut self, quoted: bool) -> Result<()> {
        if self.cells == 0 {
            self.row_line = self.line;
        }
        if self.cells == self.columns_max {
            return Err(FileError::too_many_columns(self.row_line, self.columns_max));
        }
        self.room(2)?;
        self.row.extend_from_slice(if self.cells == 0 { b"[\"" } else { b",\"" });
        self.cells += 1;
        self.cell_start = self.row.len();
        if quoted {
            self.quote_line = self.line;
            self.quoted_cells += 1;
            self.stray = false;
        }
        self.place = if quoted { Place::Quoted } else { Place::Bare };
        Ok(())
    }

    fn close_cell(&mut self) {
        self.filled = self.filled || !is_blank(self.row.get(self.cell_start..).unwrap_or_default());
        self.row.push(b'"');
        self.place = Place::CellStart;
    }

    fn end_row<S>(&mut self, line_end: u8, sink: &mut S) -> Result<()>
    where
        S: FnMut(Row<'_>) -> Result<()>,
    {
        self.row.push(b']');
        if mem::take(&mut self.filled) {
            sink(Row { json: &self.row, cells: self.cells, line: self.row_line })?;
        }
        self.row.clear();
        self.cells = 0;
        self.line += 1;
        self.after_cr = line_end == b'\r';
        Ok(())
    }

    #[inline]
    fn append(&mut self, plain: &[u8]) -> Result<()> {
        self.room(plain.len())?;
        self.row.extend_from_slice(plain);
        Ok(())
    }

    fn append_escaped(&mut self, byte: u8) -> Result<()> {
        let before = self.row.len();
        push_escaped(&mut self.row, byte);
        debug_assert!(self.row.len() - before <= ESCAPE_BYTES_MAX);
        self.room(0)
    }

    /// Refuses a row that would not fit with so many bytes more, and the two that close it.
    #[inline]
    fn room(&self, bytes: usize) -> Result<()> {
        if self.row.len().saturating_add(bytes).saturating_add(2) <= self.row_bytes_max {
            return Ok(());
        }
        Err(if self.quote_swallows_lines() {
            FileError::quote_not_closed_within(self.quote_line, self.row_bytes_max)
        } else {
            FileError::row_too_large(self.row_line, self.row_bytes_max)
        })
    }

    /// The fault of a first row that does not end within the `bytes` bytes held back for it; `None` between rows.
    pub(crate) fn fault_of_first_row(&self, bytes: usize) -> Option<FileError> {
        if self.cells == 0 {
            None
        } else if self.quote_swallows_lines() {
            Some(FileError::quote_not_closed_within(self.quote_line, bytes))
        } else {
            Some(FileError::first_row_too_large(self.row_line, bytes))
        }
    }

    /// Whether the open cell is quoted and has run over a line end: then a quote that is never closed is likelier than a
    /// cell that is too long.
    fn quote_swallows_lines(&self) -> bool {
        matches!(self.place, Place::Quoted | Place::Closing { .. }) && self.line > self.quote_line
    }
}
