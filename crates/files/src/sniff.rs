//! Which delimiter and which quote a file uses.
//!
//! Owns the evidence and its weight. Must not know encodings, or what columns are called.
//!
//! Every way of cutting is tried on the first rows. A delimiter must be in the first row, because that row is the header or
//! like all others; so prose below a header of one column, and the commas of decimals between semicolons, prove nothing. Of
//! those that remain, the one wins that cuts most rows into the same number of cells, and into more of them. The colon is
//! never guessed: times and web addresses have it in every row.

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
    /// Whether the file begins with a `sep=` line, which is no row of the table.
    pub(crate) has_sep_line: bool,
    pub(crate) survey: Survey,
}

/// Looks at the beginning of a file, which is all of it if `complete`.
pub(crate) fn sniff(text: &[u8], complete: bool, settings: &ReadSettings) -> Sniffed {
    let sep_line = SepLine::at_start_of(text);
    let declared = sep_line.as_ref().map(|line| line.delimiter);
    let table = sep_line.as_ref().map_or(text, |line| text.get(line.length..).unwrap_or_default());
    let has_sep_line = sep_line.is_some();
    let trial = Trial { table, complete, settings };
    let told = match (settings.delimiter, declared) {
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
    Sniffed { delimiter, quote, has_sep_line, survey }
}

/// Excel's own line before the table, such as `sep=;`.
struct SepLine {
    delimiter: u8,
    /// Its bytes with the line end.
    length: usize,
}

impl SepLine {
    fn at_start_of(text: &[u8]) -> Option<SepLine> {
        let (name, rest) = text.split_at_checked(4)?;
        let (&delimiter, rest) = rest.split_first()?;
        if !name.eq_ignore_ascii_case(b"sep=") || !is_mark(delimiter) || delimiter == b'"' {
            return None;
        }
        let line_end = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            [] => 0,
            _ => return None,
        };
        Some(SepLine { delimiter, length: 5 + line_end })
    }
}

struct Trial<'a> {
    table: &'a [u8],
    complete: bool,
    settings: &'a ReadSettings,
}

impl Trial<'_> {
    fn survey(&self, delimiter: Option<u8>, quote: Option<u8>) -> Survey {
        let ReadSettings { row_bytes_max, columns_max, .. } = *self.settings;
        Survey::of(self.table, self.complete, Cutting { delimiter, quote, row_bytes_max, columns_max })
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
        if double.quoted_cells > 0 || delimiter == Some(b'\'') || !self.table.contains(&b'\'') {
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
            if survey.first_width() > 1 {
                return (survey, Found::Detected);
            }
        }
        let quote = self.settings.quote.flatten();
        let mut best: Option<(u64, Survey)> = None;
        let mut without_rows = None;
        for delimiter in DELIMITERS.into_iter().filter(|&delimiter| Some(delimiter) != quote) {
            let survey = self.with_delimiter(Some(delimiter));
            let weight = self.weight(&survey);
            if weight > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((weight, survey));
            } else if survey.widths.is_empty() {
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

    /// How much speaks for a cutting: 0 if it is out of the question.
    fn weight(&self, survey: &Survey) -> u64 {
        let rows = survey.widths.len() as u64;
        let first = survey.first_width();
        let (usual, alike) = survey.usual_width();
        let cut = survey.widths.iter().filter(|&&width| width > 1).count() as u64;
        let even = usual > 1 && alike as u64 * 2 >= rows;
        // Ragged rows are mostly short ones.
        let wider = survey.widths.iter().filter(|&&width| width > first).count() as u64;
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
        for at in memchr::memchr_iter(b',', self.table) {
            let is_digit = |at: Option<usize>| at.and_then(|at| self.table.get(at)).is_some_and(u8::is_ascii_digit);
            commas += 1;
            decimal += usize::from(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
        }
        decimal * 2 > commas
    }
}
