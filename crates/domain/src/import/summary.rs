//! The faults of a job's rows, grouped by code and field, in memory that does not grow with the job.

use std::collections::HashMap;

use super::row::RowRanges;
use crate::error::{Fault, RowCode, RowError};

/// Kinds of fault that are told apart; those that come after so many others are only counted.
pub const GROUPS_MAX: usize = 200;

/// The faults of rows so far.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    groups: Vec<FaultGroup>,
    places: HashMap<(RowCode, String), usize>,
    left_out: u64,
}

/// Rows that have a fault of one code in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultGroup {
    /// The first such fault, with its value and suggestion.
    pub first: Fault,
    /// How many rows have one.
    pub rows: u64,
    /// Which.
    pub ranges: RowRanges,
}

impl Summary {
    /// Counts the faults of a row; rows come in order.
    pub fn add(&mut self, row: u32, error: &RowError) {
        for fault in error.faults() {
            match self.group_of(fault) {
                Some(group) if group.ranges.ends_with(row) => {}
                Some(group) => {
                    group.rows += 1;
                    group.ranges.add(row);
                }
                None => self.left_out += 1,
            }
        }
    }

    /// The groups, those of most rows first, and how many faults are of none.
    #[must_use]
    pub fn finish(mut self) -> (Vec<FaultGroup>, u64) {
        // Stable: of equals the one that came first.
        self.groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
        (self.groups, self.left_out)
    }

    fn group_of(&mut self, fault: &Fault) -> Option<&mut FaultGroup> {
        let key = (fault.code, fault.field.clone());
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None if self.groups.len() >= GROUPS_MAX => return None,
            None => {
                self.groups.push(FaultGroup { first: fault.clone(), rows: 0, ranges: RowRanges::default() });
                self.places.insert(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        self.groups.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(faults: &[(&str, RowCode)]) -> RowError {
        let faults = faults.iter().map(|(field, code)| Fault::new(*field, *code, format!("bad {field}"))).collect();
        RowError::of(faults).expect("one at least")
    }

    #[test]
    fn faults_are_grouped_by_code_and_field() {
        let mut summary = Summary::default();
        summary.add(2, &error(&[("default.a", RowCode::InvalidValue), ("default.b", RowCode::InvalidValue)]));
        summary.add(3, &error(&[("default.b", RowCode::InvalidValue), ("default.b", RowCode::InvalidValue)]));
        summary.add(9, &error(&[("default.b", RowCode::InvalidOption)]));
        let (groups, left_out) = summary.finish();
        let shown: Vec<_> = groups.iter().map(|group| (&*group.first.field, group.first.code, group.rows)).collect();
        assert_eq!(
            shown,
            [
                ("default.b", RowCode::InvalidValue, 2),
                ("default.a", RowCode::InvalidValue, 1),
                ("default.b", RowCode::InvalidOption, 1)
            ]
        );
        assert_eq!((groups[0].ranges.ranges(), left_out), (&[(2, 3)][..], 0));
    }

    #[test]
    fn what_is_told_apart_is_bounded() {
        let mut summary = Summary::default();
        let rows = u32::try_from(GROUPS_MAX).expect("few") + 7;
        for row in 0..rows {
            summary.add(row, &error(&[(&format!("default.f{row}"), RowCode::UnknownProperty)]));
        }
        let (groups, left_out) = summary.finish();
        assert_eq!((groups.len(), left_out), (GROUPS_MAX, 7));
    }
}
