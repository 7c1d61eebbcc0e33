//! Which delimiter and which quote a file uses, and which lines stand above its table.
//!
//! Owns the evidence and its weight. Must not know encodings, or what columns are called.
//!
//! Every way of cutting is tried on the first rows. A delimiter must be in the first row, because that row is the header or
//! like all others; so prose below a header of one column, and the commas of decimals between semicolons, prove nothing. Of
//! those that remain, the one wins that cuts most rows into the same number of cells, and into more of them. The colon is
//! never guessed: times and web addresses have it in every row. Where titles stand above the header, its row counts as the
//! first, and the evidence for half: a delimiter that needs no titles goes before.

use crate::facts::{Fact, Found};
use crate::rows::Cutting;
use crate::settings::{ReadSettings, is_mark};
use crate::survey::Survey;

/// The delimiters to try, in the order that decides between equals: the comma is the one most often seen in text.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// The cutting that was chosen, and what it shows.
#[derive(Debug)]
pub(crate) struct Sniffed {
    pub(crate) delimiter: Fact<Option<u8>>,
    pub(crate) quote: Fact<Option<u8>>,
    pub(crate) skip_rows: Fact<u64>,
    /// Lines to pass over: those, or at least a `sep=` line.
    pub(crate) skip_lines: u64,
    /// Rows of the survey that are titles, and among those lines.
    pub(crate) titles: usize,
    pub(crate) survey: Survey,
}

/// Looks at the beginning of a file, which is all of it if `complete`.
pub(crate) fn sniff(text: &[u8], complete: bool, settings: &ReadSettings) -> Sniffed {
    let sep_line = declared_delimiter(text);
    let skip_lines = settings.skip_rows.unwrap_or(0).max(u64::from(sep_line.is_some()));
    let trial = Trial { text, complete, settings, skip_lines };
    let told = match (settings.delimiter, sep_line) {
        (Some(given), _) => Some((given, Found::Given)),
        (None, Some(declared)) => Some((declared, Found::Declared)),
        (None, None) => None,
    };
    let (survey, found) = match told {
        Some((delimiter, found)) => (trial.with_delimiter(Some(delimiter)), found),
        None => trial.choose_delimiter(),
    };
    let delimiter = Fact { value: survey.delimiter, found };
    let quote_found = match settings.quote {
        Some(_) => Found::Given,
        None if survey.quoted_cells > 0 => Found::Detected,
        None => Found::Default,
    };
    let quote = Fact { value: survey.quote, found: quote_found };
    let titles = trial.titles(&survey);
    let skip_rows = match (settings.skip_rows, survey.lines_above(titles)) {
        (Some(given), _) => Fact { value: given, found: Found::Given },
        (None, 0) => Fact { value: 0, found: Found::Default },
        (None, seen) => Fact { value: seen, found: Found::Detected },
    };
    Sniffed { delimiter, quote, skip_rows, skip_lines: skip_lines.max(skip_rows.value), titles, survey }
}

/// The delimiter that Excel's own line before the table declares, such as `sep=;`.
fn declared_delimiter(text: &[u8]) -> Option<u8> {
    let (name, rest) = text.split_at_checked(4)?;
    let (&delimiter, rest) = rest.split_first()?;
    let is_line = matches!(rest, [] | [b'\r' | b'\n', ..]);
    (name.eq_ignore_ascii_case(b"sep=") && is_line && is_mark(delimiter) && delimiter != b'"').then_some(delimiter)
}

struct Trial<'a> {
    text: &'a [u8],
    complete: bool,
    settings: &'a ReadSettings,
    skip_lines: u64,
}

impl Trial<'_> {
    fn survey(&self, delimiter: Option<u8>, quote: Option<u8>) -> Survey {
        let ReadSettings { row_bytes_max, columns_max, .. } = *self.settings;
        let cutting = Cutting { delimiter, quote, row_bytes_max, columns_max, skip_lines: self.skip_lines };
        Survey::of(self.text, self.complete, cutting)
    }

    /// Rows above the header; none where the lines above it were told, or there is no header.
    fn titles(&self, survey: &Survey) -> usize {
        let may_be = self.settings.skip_rows.is_none() && self.settings.header != Some(false);
        if may_be { survey.titles() } else { 0 }
    }

    /// The quote is `"` unless cells are opened by `'`, all of them close cleanly, none is opened by `"`, and rows are no
    /// less even for it: apostrophes stand at the beginning of cells too.
    fn with_delimiter(&self, delimiter: Option<u8>) -> Survey {
        if let Some(given) = self.settings.quote {
            return self.survey(delimiter, given);
        }
        if delimiter == Some(b'"') {
            return self.survey(delimiter, None);
        }
        let double = self.survey(delimiter, Some(b'"'));
        if double.quoted_cells > 0 || delimiter == Some(b'\'') || !self.text.contains(&b'\'') {
            return double;
        }
        let single = self.survey(delimiter, Some(b'\''));
        let is_quoted = single.quoted_cells > 0 && single.stray_quotes == 0 && single.fault.is_none();
        if is_quoted && single.is_as_even_as(&double) { single } else { double }
    }

    fn choose_delimiter(&self) -> (Survey, Found) {
        let hint = self.settings.default_delimiter;
        if let Some(hint) = hint {
            let survey = self.with_delimiter(Some(hint));
            if survey.widths(self.titles(&survey)).next() > Some(1) {
                return (survey, Found::Detected);
            }
        }
        let quote = self.settings.quote.flatten();
        let mut best: Option<(u64, Survey)> = None;
        let mut without_rows = None;
        for delimiter in DELIMITERS.into_iter().filter(|&delimiter| Some(delimiter) != quote) {
            let survey = self.with_delimiter(Some(delimiter));
            let titles = self.titles(&survey);
            // Commas with a space behind them part the words of a text, and not the cells of a table.
            let may_part = titles > 0 && !survey.cells_begin_with_spaces(titles);
            let below = if may_part { self.weight(&survey, titles) / 2 } else { 0 };
            let weight = self.weight(&survey, 0).max(below);
            if weight > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((weight, survey));
            } else if survey.is_empty() {
                without_rows = Some(survey);
            }
        }
        match (best, without_rows) {
            (Some((_, survey)), _) => (survey, Found::Detected),
            // Nothing but delimiters, or a fault in the first row: worth being told, rather than read as one column.
            (None, Some(survey)) => (survey, Found::Default),
            (None, None) => (self.with_delimiter(hint), Found::Default),
        }
    }

    /// How much speaks for a cutting, if so many rows are titles: 0 if it is out of the question.
    fn weight(&self, survey: &Survey, titles: usize) -> u64 {
        let widths: Vec<usize> = survey.widths(titles).collect();
        let rows = widths.len() as u64;
        let first = widths.first().copied().unwrap_or(0);
        let (usual, alike) = survey.usual_width(titles);
        let cut = widths.iter().filter(|&&width| width > 1).count() as u64;
        let even = usual > 1 && alike as u64 * 2 >= rows;
        // Ragged rows are mostly short ones.
        let wider = widths.iter().filter(|&&width| width > first).count() as u64;
        let ragged = cut * 2 >= rows && wider * 4 <= rows;
        if first < 2 || !(even || ragged) {
            return 0;
        }
        let alike = if even { alike as u64 } else { rows.div_ceil(3) };
        let usual = usual.max(2) as u64;
        // 1,000,000 if all rows are alike, times the share of cells that the delimiter made.
        let mut weight = (alike * alike * 1_000_000 / (rows * rows)) * (usual - 1) / usual;
        if survey.fault.is_some() {
            weight /= 2;
        }
        if survey.delimiter == Some(b',') && self.commas_are_decimal() {
            weight /= 2;
        }
        weight.max(1)
    }

    /// Whether most commas stand between two digits, as in `1,50`.
    fn commas_are_decimal(&self) -> bool {
        let mut commas = 0_usize;
        let mut decimal = 0_usize;
        for at in memchr::memchr_iter(b',', self.text) {
            let is_digit = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(u8::is_ascii_digit);
            commas += 1;
            decimal += usize::from(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
        }
        decimal * 2 > commas
    }
}
