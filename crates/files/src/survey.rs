//! What the beginning of a file looks like if it is cut in one way.
//!
//! Owns the trial. It uses the very splitter that will read the file, so what is seen here is what comes out. Must not know
//! which way is the right one.

use crate::error::FileError;
use crate::rows::{Cutting, Row, RowSplitter};
use crate::titles::{RowLook, title_rows};

/// Rows a survey looks at.
const ROWS: usize = 200;

/// Bytes between two looks at whether there are enough rows.
const STEP_BYTES: usize = 8 * 1024;

/// The first rows under one cutting.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    rows: Vec<SurveyedRow>,
    pub(crate) quoted_cells: u64,
    pub(crate) stray_quotes: u64,
    /// Why the text cannot be cut further.
    pub(crate) fault: Option<FileError>,
}

#[derive(Debug)]
struct SurveyedRow {
    /// The line in which it begins.
    line: u64,
    /// How many.
    cells: usize,
    /// They as a JSON array.
    json: Vec<u8>,
}

impl SurveyedRow {
    fn cells(&self) -> Vec<String> {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

impl Survey {
    /// Cuts `text`, the beginning of a file or all of it if `complete`.
    pub(crate) fn of(text: &[u8], complete: bool, cutting: Cutting) -> Survey {
        let mut survey = Survey {
            delimiter: cutting.delimiter,
            quote: cutting.quote,
            rows: Vec::new(),
            quoted_cells: 0,
            stray_quotes: 0,
            fault: None,
        };
        let mut splitter = RowSplitter::new(cutting);
        for step in text.chunks(STEP_BYTES) {
            survey.fault = splitter.push(step, &mut |row| survey.keep(&row)).err();
            survey.quoted_cells = splitter.quoted_cells();
            survey.stray_quotes = splitter.stray_quotes();
            if survey.fault.is_some() || survey.rows.len() >= ROWS {
                return survey;
            }
        }
        if complete {
            survey.fault = splitter.finish(&mut |row| survey.keep(&row)).err();
        } else if survey.rows.is_empty() {
            survey.fault = splitter.fault_of_first_row(text.len());
        }
        survey
    }

    fn keep(&mut self, row: &Row<'_>) -> Result<(), FileError> {
        self.rows.push(SurveyedRow { line: row.line, cells: row.cells, json: row.json.to_vec() });
        Ok(())
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many of the rows are titles above the header.
    pub(crate) fn titles(&self) -> usize {
        title_rows(&self.rows.iter().map(|row| RowLook::of(&row.cells())).collect::<Vec<_>>())
    }

    /// The number of cells of each row below so many titles.
    pub(crate) fn widths(&self, titles: usize) -> impl Iterator<Item = usize> {
        self.rows.iter().skip(titles).map(|row| row.cells)
    }

    /// Whether most cells below so many titles, but for the first of each row, begin with a space.
    pub(crate) fn cells_begin_with_spaces(&self, titles: usize) -> bool {
        let (mut cells, mut spaces) = (0_usize, 0_usize);
        for row in self.rows.iter().skip(titles) {
            let later = row.cells().into_iter().skip(1).filter(|cell| !cell.is_empty());
            later.for_each(|cell| {
                cells += 1;
                spaces += usize::from(cell.starts_with(' '));
            });
        }
        spaces * 2 > cells
    }

    /// The cells of the first row below so many titles.
    pub(crate) fn first_row(&self, titles: usize) -> Option<Vec<String>> {
        self.rows.get(titles).map(SurveyedRow::cells)
    }

    /// Lines above the first row below so many titles, of which there is one at least.
    pub(crate) fn lines_above(&self, titles: usize) -> u64 {
        self.rows.get(titles).filter(|_| titles > 0).map_or(0, |row| row.line - 1)
    }

    /// The most frequent number of cells, the larger of two, and how many rows have it; zeros without rows.
    pub(crate) fn usual_width(&self, titles: usize) -> (usize, usize) {
        let mut widths: Vec<usize> = self.widths(titles).collect();
        widths.sort_unstable();
        let counted =
            widths.chunk_by(|one, next| one == next).map(|same| (same.first().copied().unwrap_or(0), same.len()));
        counted.max_by_key(|&(width, rows)| (rows, width)).unwrap_or((0, 0))
    }

    /// Whether at least as large a share of these rows is alike as of those.
    pub(crate) fn is_as_even_as(&self, other: &Survey) -> bool {
        self.usual_width(0).1 * other.rows.len() >= other.usual_width(0).1 * self.rows.len()
    }
}
