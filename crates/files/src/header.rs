//! Whether the first row names the columns, and what they are called.
//!
//! Owns both rules. Must not know how rows are cut, or what columns are for.
//!
//! The first row is the header unless it looks like data: unless one of its cells is a number (a year from 1900 to 2100
//! aside, which heads many a column), a date in digits, a mail address or a web address.
//!
//! A name's white space is cut off at both ends and is one space within; control characters are left out. An empty name
//! becomes `column_` and the number of the column, counted from 1; a name that was there before gets `_2`, `_3`, … behind
//! it. Where the name so made is itself taken, the number is raised until it is not. Without a header all names are empty,
//! and there are as many columns as the usual row has cells; columns that most rows have beyond the header are nameless too.

use std::collections::{HashMap, HashSet};

/// Whether a first row is data rather than a header.
pub(crate) fn looks_like_data(cells: &[String]) -> bool {
    cells.iter().any(|cell| {
        let cell = cell.trim();
        is_number_or_date(cell) || begins_like_iso_date(cell) || is_address(cell)
    })
}

/// A digit and no letter: a number with its signs, a date, a telephone number.
fn is_number_or_date(cell: &str) -> bool {
    let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
    let is_year = cell.len() == 4 && cell.parse::<u16>().is_ok_and(|year| (1900..=2100).contains(&year));
    has_digit && !is_year && !cell.chars().any(char::is_alphabetic)
}

fn begins_like_iso_date(cell: &str) -> bool {
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    cell.bytes().map(shape).take(10).eq(*b"0000-00-00")
}

/// A mail or web address.
pub(crate) fn is_address(cell: &str) -> bool {
    let is_mail = cell
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !cell.contains(char::is_whitespace));
    is_mail || ["http://", "https://", "www."].iter().any(|start| cell.starts_with(start))
}

/// Names for so many columns as there are cells, all different and none empty.
#[must_use]
pub fn column_names(cells: &[String]) -> Vec<String> {
    let tidied: Vec<String> = cells.iter().map(|cell| tidied(cell)).collect();
    // Names as they stand in the file go before names that are made.
    let standing: HashSet<&str> = tidied.iter().map(String::as_str).collect();
    let mut taken: HashSet<String> = HashSet::new();
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(tidied.len());
    for (index, name) in tidied.iter().enumerate() {
        let chosen = if name.is_empty() {
            first_free("column", &mut (index + 1), |made| taken.contains(made) || standing.contains(made))
        } else if taken.contains(name) {
            let number = next.entry(name).or_insert(2);
            first_free(name, number, |made| taken.contains(made) || standing.contains(made))
        } else {
            name.clone()
        };
        taken.insert(chosen.clone());
        names.push(chosen);
    }
    names
}

fn tidied(cell: &str) -> String {
    let shown: String = cell.chars().filter(|shown| shown.is_whitespace() || !shown.is_control()).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first of `stem_number`, `stem_number+1`, … that is not taken; `number` becomes the one after it.
fn first_free(stem: &str, number: &mut usize, is_taken: impl Fn(&str) -> bool) -> String {
    loop {
        let made = format!("{stem}_{number}");
        *number += 1;
        if !is_taken(&made) {
            return made;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn names_are_distinct_and_never_empty() {
        let names = |given: &[&str]| column_names(&cells(given)).join("|");
        assert_eq!(names(&["a", "a", "a", ""]), "a|a_2|a_3|column_4");
        assert_eq!(names(&["a", "a_2", "a"]), "a|a_2|a_3");
        assert_eq!(names(&["a", "a", "a_2", "a_2"]), "a|a_3|a_2|a_2_2");
        assert_eq!(names(&["", "column_1", ""]), "column_2|column_1|column_3");
        assert_eq!(names(&[" First\r\n name ", "first name"]), "First name|first name");
    }

    #[test]
    fn a_header_is_a_row_without_values() {
        for header in [&["Name", "E-mail", ""][..], &["Region", "2019", "2020"], &["#", "Price (€)"], &["Address 1"]]
        {
            assert!(!looks_like_data(&cells(header)), "{header:?}");
        }
        let data = [
            &["Ada", "36"][..],
            &["1.234,56 €"],
            &["Ada", "ada@example.org"],
            &["x", "https://example.org/a"],
            &["31.12.2024"],
            &["2024-12-31T00:00:00Z"],
            &["+44 20 7946 0000"],
        ];
        for row in data {
            assert!(looks_like_data(&cells(row)), "{row:?}");
        }
    }
}
