//! How many rows above a header are titles: what the report is called, when it was made, for which account.
//!
//! Owns the rule, which is one for text tables and workbooks. Must not know how rows are cut.
//!
//! A row wrongly taken for a title would be lost, so all of this must hold, else no row is a title:
//! - the header is the first row with more than half as many filled cells as the fullest has, which has three at least; at most
//!   20 rows stand above it;
//! - each of those has a single cell, which is no data, or two, of which the first ends in a colon or one is data but no
//!   address: two cells without data may well be the header of a table, and an address is somebody's;
//! - the header has no data, and most rows below it do, and more than half as many filled cells as the header: what is fuller than
//!   all others is no header.

use crate::header::{is_address, looks_like_data};

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
    /// Whether one of them is a mail or web address.
    pub has_address: bool,
    /// Whether the first of them ends in a colon.
    pub is_labelled: bool,
}

impl RowLook {
    /// The look of a row with these cells.
    #[must_use]
    pub fn of(cells: &[String]) -> Self {
        let filled = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let is_labelled = filled.clone().next().is_some_and(|cell| cell.ends_with(':'));
        let has_address = filled.clone().any(is_address);
        Self { filled: filled.count(), has_data: looks_like_data(cells), has_address, is_labelled }
    }

    fn may_be_title(&self) -> bool {
        match self.filled {
            1 => !self.has_data,
            2 => !self.has_address && (self.is_labelled || self.has_data),
            _ => false,
        }
    }
}

/// How many of these first rows of a file stand above the header as titles.
#[must_use]
pub fn title_rows(looks: &[RowLook]) -> usize {
    let fullest = looks.iter().map(|look| look.filled).max().unwrap_or(0);
    let is_wide = |look: &RowLook| look.filled * 2 > fullest && fullest >= FULLEST_MIN;
    let Some(titles) = looks.iter().take(TITLES_MAX + 1).position(is_wide) else { return 0 };
    let (above, rest) = looks.split_at(titles);
    let Some((header, below)) = rest.split_first() else { return 0 };
    let most = |is: &dyn Fn(&&RowLook) -> bool| below.iter().filter(is).count() * 2 > below.len();
    let is_header = !header.has_data && most(&|row| row.has_data) && most(&|row| row.filled * 2 > header.filled);
    if is_header && above.iter().all(RowLook::may_be_title) { titles } else { 0 }
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
        assert_eq!(titles(&["Owner:,Ada", "Period:,2024-01-01", "a,b,c,d,e", "1,2,3,4,5"]), 2);
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
        assert_eq!(titles(&["Company,Contact", "Acme,Jane,Rome,Italy", "Bee,b@x.io,Bonn,Germany"]), 0);
        // One row that is fuller than all others, by commas or a legend beside the table.
        let fuller = ["Name,Phone", "Ada,+1 5", "Bob,+1 6", "Acme, Inc., Boston, MA", "Cid,+1 7", "Dan,+1 8"];
        assert_eq!(titles(&fuller), 0);
        assert_eq!(titles(&["Notes", "Ada,,", "a, b, c", "1,,", "2,,", "3,,"]), 0);
        // Another table above.
        assert_eq!(titles(&["name,mail", "Ada,a@x.io", "name,mail,phone,city", "Bob,b@x.io,1,Bonn"]), 0);
        assert_eq!(titles(&["item,count", "a,3", "name,mail,phone,city", "Bob,b@x.io,1,Bonn"]), 0);
        // No header at all.
        assert_eq!(titles(&["ada@example.org,,,", "Bob Ray,London,UK,vip", "cid@x.io,Rome,IT,"]), 0);
        assert_eq!(titles(&["17,,,", "Bob Ray,London,UK,vip", "18,Rome,IT,x"]), 0);
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
