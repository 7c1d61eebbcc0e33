//! How many rows above a header are titles: what the report is called, when it was made, for which account.
//!
//! Owns the rule, which is one for text tables and workbooks. Must not know how rows are cut.
//!
//! A row wrongly taken for a title would be lost, so all of this must hold, else no row is a title:
//! - the fullest row has at least three filled cells, the header more than half as many, and every row above it at most half;
//! - the header does not look like data, and most rows below it do;
//! - there are at most 20 titles.

use crate::header::looks_like_data;

const TITLES_MAX: usize = 20;

/// Filled cells of the fullest row, below which one cell is no narrow row.
const FULLEST_MIN: usize = 3;

/// What the rule sees of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLook {
    /// Cells with more than white space in them.
    pub filled: usize,
    /// Whether one of them is a number, a date or an address.
    pub has_data: bool,
}

impl RowLook {
    /// The look of a row with these cells.
    #[must_use]
    pub fn of(cells: &[String]) -> Self {
        let filled = cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        Self { filled, has_data: looks_like_data(cells) }
    }
}

/// How many of these first rows of a file stand above the header as titles.
#[must_use]
pub fn title_rows(looks: &[RowLook]) -> usize {
    let fullest = looks.iter().map(|look| look.filled).max().unwrap_or(0);
    let is_wide = |look: &RowLook| look.filled * 2 > fullest && fullest >= FULLEST_MIN;
    let Some(titles) = looks.iter().take(TITLES_MAX + 1).position(is_wide) else { return 0 };
    let Some((header, below)) = looks.get(titles..).and_then(<[RowLook]>::split_first) else { return 0 };
    let with_data = below.iter().filter(|look| look.has_data).count();
    if !header.has_data && with_data * 2 > below.len() { titles } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(rows: &[&str]) -> usize {
        let cells = |row: &&str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        title_rows(&rows.iter().map(|row| RowLook::of(&cells(row))).collect::<Vec<_>>())
    }

    #[test]
    fn narrow_rows_above_a_header_are_titles() {
        assert_eq!(titles(&["Contacts", "Name,Mail,Size", "Ada,ada@example.org,3"]), 1);
        assert_eq!(titles(&["Contacts,,", "as of 2024,,", "Name,Mail,Size", "Ada,,3", "Bob,,4"]), 2);
        assert_eq!(titles(&["From,2024-01-01", "a,b,c,d,e", "1,2,3,4,5"]), 1);
        // Names of groups of columns.
        assert_eq!(titles(&["Contact,,Address,", "a,b,c,d", "1,2,3,4"]), 1);
    }

    #[test]
    fn in_doubt_there_are_none() {
        // A header, and rows like it.
        assert_eq!(titles(&["Name,Mail,Size", "Ada,ada@example.org,3"]), 0);
        // A column of texts with commas in them.
        assert_eq!(titles(&["Name", "Doe, Jane, Dr.", "Roe, Richard, Prof."]), 0);
        // Data from the first row on: what follows is no header.
        assert_eq!(titles(&["Ada,,", "Bob,bob@example.org,3", "Cid,cid@example.org,4"]), 0);
        // A header without a name for its second column.
        assert_eq!(titles(&["Name,", "Ada,Rome", "Bob,53113 Bonn", "Cid,4"]), 0);
        // A header without names for some of many columns.
        assert_eq!(titles(&["Name,Mail,Size,,", "a,b,c,d,e", "1,2,3,4,5"]), 0);
        // Half of the rows are not most of them.
        assert_eq!(titles(&["Contacts", "Name,Mail,Town", "Ada,ada@example.org,Rome", "Bob,,Bonn"]), 0);
        assert_eq!(titles(&["Contacts", "Name,Mail,Town"]), 0);
        assert_eq!(titles(&[]), 0);
    }

    #[test]
    fn more_than_twenty_are_none() {
        let with = |titles_above: usize| {
            let mut rows = vec!["Contacts"; titles_above];
            rows.extend(["Name,Mail,Size", "Ada,ada@example.org,3"]);
            titles(&rows)
        };
        assert_eq!((with(20), with(21)), (20, 0));
    }
}
