//! What people and scripts read on stdout and stderr.
//!
//! Owns the writing. A closed stdout or stderr is nobody's failure: what cannot be written is dropped, so that a
//! server outlives the terminal it was started from.

use std::fmt;
use std::io::{self, Write};

/// A line on stdout.
pub(crate) fn line(text: impl fmt::Display) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// A line on stderr.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How a command shows what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For scripts: one JSON value on stdout.
    Json,
}

/// A whole number with its thousands set apart: `23,971`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Columns of texts as lines, the first row as the head: each column as wide as its widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width_of(column).unwrap_or(0)).collect();
    let show = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown: Vec<String> = [0, 999, 1_000, 23_971, 1_000_000].into_iter().map(grouped).collect();
        assert_eq!(shown, ["0", "999", "1,000", "23,971", "1,000,000"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let cells = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        assert_eq!(table(&[cells(["id", "name"]), cells(["1234", "ä"])]), ["id    name", "1234  ä"]);
        assert!(table(&[]).is_empty());
    }
}
