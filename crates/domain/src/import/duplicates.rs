//! Rows of one import that have a key in common, where the import asks for something else than taking them in turn.
//!
//! Which of them is taken depends on all rows, the last ones too, so that the keys of all are seen before any row is planned
//! ([`KeysSeen`]). That needs 20 bytes a key while they are gathered and nothing for rows that are alone afterwards. Only
//! good rows count: a faulty one takes nobody's place. What the store makes of a row is not known yet: one that is refused
//! there has taken its place all the same.

use std::collections::HashMap;

use super::judge::JudgeContext;
use super::outcome::Skip;
use super::policy::Duplicates;
use super::row::{JudgedChunk, JudgedRow};
use crate::error::{Fault, RowCode};
use crate::key::KeyHash;

/// The keys of the good rows so far, each with its row.
#[derive(Debug, Default)]
pub struct KeysSeen(Vec<(KeyHash, u32)>);

/// The rows of an import that are not taken, because others have their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DuplicateRows {
    /// Whether they are faults; otherwise they are passed over.
    are_faults: bool,
    /// Each with the row that it yields to, ascending.
    rows: Vec<(u32, u32)>,
}

/// Passes duplicates over in rows that are all of an import, as its options ask.
pub fn pass_duplicates_over(context: &JudgeContext, judged: &mut JudgedChunk) {
    let policy = context.options().duplicates;
    if policy != Duplicates::Sequential {
        let mut seen = KeysSeen::default();
        seen.add(context, judged);
        seen.finish(policy).pass_over(context, judged);
    }
}

impl KeysSeen {
    /// Notes the keys of a chunk: where case counts, those of its values as they are.
    pub fn add(&mut self, context: &JudgeContext, chunk: &JudgedChunk) {
        self.add_with(chunk, |text| context.exact_key(text));
    }

    fn add_with(&mut self, chunk: &JudgedChunk, exact_key: impl Fn(&str) -> Option<KeyHash>) {
        for (row, judged) in (chunk.first_row..).zip(&chunk.rows) {
            let JudgedRow::Good(good) = judged else { continue };
            let exact = good.extra.as_deref().map_or(&[][..], |extra| &extra.exact);
            if exact.is_empty() {
                self.0.extend(chunk.match_keys(good).iter().map(|key| (*key, row)));
            } else {
                self.0.extend(exact.iter().filter_map(|text| exact_key(text)).map(|key| (key, row)));
            }
        }
    }

    /// How many were noted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Which rows are not taken.
    #[must_use]
    pub fn finish(mut self, policy: Duplicates) -> DuplicateRows {
        self.0.sort_unstable();
        let shared = self.0.chunk_by(|(a, _), (b, _)| a == b).filter(|of_key| of_key.len() > 1);
        let mut rows = match policy {
            Duplicates::Sequential => Vec::new(),
            Duplicates::Fail => shared.flat_map(each_with_another).collect(),
            Duplicates::First | Duplicates::Last => yielding(shared.flatten().copied().collect(), policy),
        };
        rows.sort_unstable();
        rows.dedup_by_key(|(row, _)| *row);
        DuplicateRows { are_faults: policy == Duplicates::Fail, rows }
    }
}

/// Each of the rows of one key with the first of the others.
fn each_with_another(of_key: &[(KeyHash, u32)]) -> impl Iterator<Item = (u32, u32)> {
    let (first, second) = (of_key[0].1, of_key[1].1);
    of_key.iter().map(move |(_, row)| (*row, if *row == first { second } else { first }))
}

/// The rows that yield to others when they are gone through in the order of the policy. A row that yields to another stands
/// in nobody's way.
fn yielding(mut shared: Vec<(KeyHash, u32)>, policy: Duplicates) -> Vec<(u32, u32)> {
    shared.sort_unstable_by_key(|(_, row)| *row);
    if policy == Duplicates::Last {
        shared.reverse();
    }
    let mut taken: HashMap<KeyHash, u32> = HashMap::new();
    let mut rows = Vec::new();
    for keys in shared.chunk_by(|(_, a), (_, b)| a == b) {
        let row = keys[0].1;
        match keys.iter().find_map(|(key, _)| taken.get(key)) {
            Some(other) => rows.push((row, *other)),
            None => taken.extend(keys.iter().map(|(key, _)| (*key, row))),
        }
    }
    rows
}

impl DuplicateRows {
    /// Gives those of the chunk's rows their verdict that are not taken.
    pub fn pass_over(&self, context: &JudgeContext, chunk: &mut JudgedChunk) {
        let from = self.rows.partition_point(|(row, _)| *row < chunk.first_row);
        let end = self.rows.partition_point(|(row, _)| *row < chunk.end_row());
        for (row, other) in self.rows.get(from..end).unwrap_or_default() {
            let place = (*row - chunk.first_row) as usize;
            if let Some(judged @ JudgedRow::Good(_)) = chunk.rows.get_mut(place) {
                *judged = if self.are_faults {
                    JudgedRow::Faulty(Box::new(fault(context, *other).into()))
                } else {
                    JudgedRow::Skipped(Skip::DuplicateOf(*other))
                };
            }
        }
    }
}

fn fault(context: &JudgeContext, other: u32) -> Fault {
    let slug = context.match_property().map_or("", |property| property.slug.as_str());
    let message = format!(
        "another row (input_index {other}) has the same {slug:?}; remove one of them, or choose one with options.duplicates \"first\" or \"last\""
    );
    Fault::new(format!("default.{slug}"), RowCode::DuplicateRow, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::row::GoodRow;

    /// Rows by their keys; a row without any is faulty where it says `None`.
    fn chunk(first_row: u32, rows: &[Option<&[u8]>]) -> JudgedChunk {
        let mut chunk = JudgedChunk { first_row, ..JudgedChunk::default() };
        for row in rows {
            let Some(keys) = row else {
                let error = crate::error::RowError::new("", RowCode::InvalidRow, "");
                chunk.rows.push(JudgedRow::Faulty(Box::new(error)));
                continue;
            };
            let start = chunk.keys.len();
            chunk.keys.extend(keys.iter().map(|key| KeyHash::from_bytes([*key; 16])));
            let match_keys = start..chunk.keys.len();
            chunk.rows.push(JudgedRow::Good(GoodRow { match_keys, ..GoodRow::default() }));
        }
        chunk
    }

    fn not_taken(policy: Duplicates) -> Vec<(u32, u32)> {
        let mut seen = KeysSeen::default();
        seen.add_with(&chunk(0, &[Some(&[1]), Some(&[1, 2]), None]), |_| None);
        let more = chunk(3, &[Some(&[2, 3]), Some(&[3]), Some(&[]), Some(&[]), Some(&[9]), Some(&[1])]);
        seen.add_with(&more, |_| None);
        seen.finish(policy).rows
    }

    #[test]
    fn the_first_is_taken_or_the_last_or_none() {
        assert_eq!(not_taken(Duplicates::Sequential), []);
        // Row 3 shares a key only with row 1, which yields itself.
        assert_eq!(not_taken(Duplicates::First), [(1, 0), (4, 3), (8, 0)]);
        assert_eq!(not_taken(Duplicates::Last), [(0, 8), (1, 8), (3, 4)]);
        assert_eq!(not_taken(Duplicates::Fail), [(0, 1), (1, 0), (3, 1), (4, 3), (8, 0)]);
    }
}
