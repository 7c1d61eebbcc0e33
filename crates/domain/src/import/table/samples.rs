//! What is in a column, by some of its cells: a type, the form of its numbers or dates, examples.

use std::collections::BTreeSet;

use super::{DateFormat, DecimalMark, date, number};
use crate::value::is_date;

/// What a column seems to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnGuess {
    /// The type.
    pub guessed: GuessedType,
    /// Different cells that are not empty, at most three, as they stand.
    pub examples: Vec<String>,
    /// Cells that were looked at.
    pub cells: usize,
    /// Those of them with nothing in them.
    pub empty: usize,
}

/// What the cells of a column seem to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuessedType {
    /// None has anything in it.
    Empty,
    /// `true` or `false`.
    Bool,
    /// Numbers; with a mark when they are written in the way of a place.
    Number {
        /// What stands before decimals; `None`: as in JSON, or it cannot be told.
        decimal_mark: Option<DecimalMark>,
    },
    /// Dates; with a format when they are not ISO.
    Date {
        /// The only format that fits all of them; `None`: ISO, or several fit.
        format: Option<DateFormat>,
    },
    /// E-mail addresses.
    Email,
    /// Web addresses.
    Url,
    /// A few texts, over and over.
    Choice,
    /// Texts.
    Text,
}

impl GuessedType {
    /// The word on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Bool => "bool",
            Self::Number { .. } => "num",
            Self::Date { .. } => "date",
            Self::Email => "email",
            Self::Url => "url",
            Self::Choice => "select_str",
            Self::Text => "text",
        }
    }
}

const EXAMPLES_MAX: usize = 3;
/// A choice repeats itself: at most this many texts, each at least this often on the average.
const CHOICES_MAX: usize = 12;
const CHOICE_REPEATS_MIN: usize = 4;

/// The formats that are tried. Each reads times too.
const DATE_FORMATS: [&str; 17] = [
    "DD.MM.YYYY",
    "MM.DD.YYYY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "DD.MM.YY",
    "DD/MM/YY",
    "MM/DD/YY",
    "DD-MM-YY",
    "D MMM YYYY",
    "MMM D, YYYY",
    "MMM D YYYY",
    "D-MMM-YYYY",
    "D-MMM-YY",
];

/// Looks at cells of one column.
#[must_use]
pub fn guess_column<'c>(cells: impl Iterator<Item = &'c str>) -> ColumnGuess {
    let all: Vec<&str> = cells.map(str::trim).collect();
    let filled: Vec<&str> = all.iter().copied().filter(|cell| !cell.is_empty()).collect();
    let mut examples: Vec<String> = Vec::new();
    for cell in &filled {
        if examples.len() < EXAMPLES_MAX && !examples.iter().any(|example| example == cell) {
            examples.push((*cell).to_owned());
        }
    }
    ColumnGuess { guessed: guess(&filled), examples, cells: all.len(), empty: all.len() - filled.len() }
}

fn guess(filled: &[&str]) -> GuessedType {
    let all = |fits: &dyn Fn(&str) -> bool| filled.iter().all(|cell| fits(cell));
    if filled.is_empty() {
        return GuessedType::Empty;
    }
    if all(&|cell| cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false")) {
        return GuessedType::Bool;
    }
    if all(&is_email) {
        return GuessedType::Email;
    }
    if all(&|cell| ["http://", "https://", "www."].iter().any(|start| cell.starts_with(start))) {
        return GuessedType::Url;
    }
    if all(&|cell| is_date(cell) || date::local_iso(cell).is_some()) {
        return GuessedType::Date { format: None };
    }
    if all(&date::is_local_date) {
        return GuessedType::Date { format: only_date_format(filled) };
    }
    if let Some(format) = only_date_format(filled) {
        return GuessedType::Date { format: Some(format) };
    }
    if all(&|cell| number::is_local_number(cell) && !is_code(cell)) {
        return GuessedType::Number { decimal_mark: only_decimal_mark(filled) };
    }
    let texts: BTreeSet<&str> = filled.iter().copied().collect();
    let is_choice = texts.len() <= CHOICES_MAX && filled.len() >= texts.len() * CHOICE_REPEATS_MIN;
    if is_choice { GuessedType::Choice } else { GuessedType::Text }
}

/// Zeros and plus signs in front are those of codes and telephone numbers: as a number they would be lost.
pub(super) fn is_code(cell: &str) -> bool {
    let zero = cell.strip_prefix('0').and_then(|rest| rest.chars().next());
    cell.starts_with('+') || zero.is_some_and(|next| !matches!(next, '.' | ','))
}

fn is_email(cell: &str) -> bool {
    let Some((local, domain)) = cell.rsplit_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && !cell.contains(char::is_whitespace) && !domain.starts_with('.')
}

/// The format that fits every cell, if it is one alone. A month is at most 12 and a day at most 31.
fn only_date_format(filled: &[&str]) -> Option<DateFormat> {
    let fits = |format: &DateFormat| filled.iter().all(|cell| format.read(cell).is_some_and(|iso| is_date(&iso)));
    let mut fitting = DATE_FORMATS.iter().filter_map(|format| DateFormat::parse(format)).filter(|format| fits(format));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The mark that makes numbers of all cells, where the other does not; `None` where JSON's own numbers stand.
fn only_decimal_mark(filled: &[&str]) -> Option<DecimalMark> {
    let fits = |mark| filled.iter().all(|cell| number::plain_number(cell, mark).is_some());
    let is_plain = filled.iter().all(|cell| number::plain_number(cell, DecimalMark::Point).as_deref() == Some(*cell));
    match (fits(DecimalMark::Point), fits(DecimalMark::Comma)) {
        _ if is_plain => None,
        (true, false) => Some(DecimalMark::Point),
        (false, true) => Some(DecimalMark::Comma),
        _ => None,
    }
}
