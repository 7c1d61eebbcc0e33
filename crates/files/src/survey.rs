//! What the beginning of a file looks like if it is cut in one way.
//!
//! Owns the trial. It uses the very splitter that will read the file, so what is seen here is what comes out. Must not know
//! which way is the right one.

use crate::error::FileError;
use crate::rows::{Cutting, Row, RowSplitter};

/// Rows a survey looks at.
const ROWS: usize = 200;

/// Bytes between two looks at whether there are enough rows.
const STEP_BYTES: usize = 8 * 1024;

/// The first rows under one cutting.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    /// Cells of each row.
    pub(crate) widths: Vec<usize>,
    /// The first row as a JSON array.
    pub(crate) first_row: Option<Vec<u8>>,
    pub(crate) quoted_cells: u64,
    pub(crate) stray_quotes: u64,
    /// Why the text cannot be cut further.
    pub(crate) fault: Option<FileError>,
}

impl Survey {
    /// Cuts `text`, the beginning of a file or all of it if `complete`.
    pub(crate) fn of(text: &[u8], complete: bool, cutting: Cutting) -> Survey {
        let mut survey = Survey {
            delimiter: cutting.delimiter,
            quote: cutting.quote,
            widths: Vec::new(),
            first_row: None,
            quoted_cells: 0,
            stray_quotes: 0,
            fault: None,
        };
        let mut splitter = RowSplitter::new(cutting);
        for step in text.chunks(STEP_BYTES) {
            survey.fault = splitter.push(step, &mut |row| survey.keep(&row)).err();
            survey.quoted_cells = splitter.quoted_cells();
            survey.stray_quotes = splitter.stray_quotes();
            if survey.fault.is_some() || survey.widths.len() >= ROWS {
                return survey;
            }
        }
        if complete {
            survey.fault = splitter.finish(&mut |row| survey.keep(&row)).err();
        } else if survey.first_row.is_none() {
            survey.fault = splitter.fault_of_first_row(text.len());
        }
        survey
    }

    fn keep(&mut self, row: &Row<'_>) -> Result<(), FileError> {
        self.first_row.get_or_insert_with(|| row.json.to_vec());
        self.widths.push(row.cells);
        Ok(())
    }

    /// The cells of the first row; 0 without rows.
    pub(crate) fn first_width(&self) -> usize {
        self.widths.first().copied().unwrap_or(0)
    }

    /// The most frequent number of cells, the larger of two, and how many rows have it; zeros without rows.
    pub(crate) fn usual_width(&self) -> (usize, usize) {
        let mut widths = self.widths.clone();
        widths.sort_unstable();
        let counted =
            widths.chunk_by(|one, next| one == next).map(|same| (same.first().copied().unwrap_or(0), same.len()));
        counted.max_by_key(|&(width, rows)| (rows, width)).unwrap_or((0, 0))
    }

    /// Whether at least as large a share of these rows is alike as of those.
    pub(crate) fn is_as_even_as(&self, other: &Survey) -> bool {
        self.usual_width().1 * other.widths.len() >= other.usual_width().1 * self.widths.len()
    }
}
