//! Rows between intake and plan: raw as they were sent, and judged.

use std::ops::Range;

use crate::change::{ValueChange, WriteRule};
use crate::error::{Fault, RowCode, RowError};
use crate::ids::RecordId;
use crate::import::outcome::Skip;
use crate::key::KeyHash;
use crate::object_type::ObjectType;

/// Consecutive rows as they were sent: raw JSON values back to back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawChunk {
    /// Index of the first row in the import, from 0.
    pub first_row: u32,
    /// The rows' bytes, nothing between them.
    pub bytes: Vec<u8>,
    /// Where each row ends in `bytes`; as long as there are rows, ascending.
    pub ends: Vec<u32>,
}

impl RawChunk {
    /// An empty chunk that starts at `first_row`.
    #[must_use]
    pub fn starting_at(first_row: u32) -> Self {
        Self { first_row, ..Self::default() }
    }

    /// Appends one row. The caller keeps chunks under 4 GiB, which every limit does by far.
    pub fn push(&mut self, raw_row: &[u8]) {
        self.bytes.extend_from_slice(raw_row);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Index of the row after the last.
    #[must_use]
    pub fn end_row(&self) -> u32 {
        self.first_row + u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// The rows' bytes, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start as usize..*end as usize).unwrap_or_default())
    }
}

/// Consecutive rows, each found good or faulty, under one version of the schema.
#[derive(Debug, Clone, Default)]
pub struct JudgedChunk {
    /// Index of the first row in the import.
    pub first_row: u32,
    /// The schema's version that they were judged under; a write under another must judge again.
    pub schema_version: u64,
    /// The bodies of all good rows, back to back, so that a chunk is one allocation.
    pub text: String,
    /// Keys of all good rows: [`GoodRow::match_keys`] and [`GoodRow::other_keys`] point here.
    pub keys: Vec<KeyHash>,
    /// The verdicts, one a row.
    pub rows: Vec<JudgedRow>,
}

impl JudgedChunk {
    /// Index of the row after the last.
    #[must_use]
    pub fn end_row(&self) -> u32 {
        self.first_row + u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Forgets all rows but keeps their room, to be filled from `first_row` on.
    pub fn start_over(&mut self, first_row: u32, schema_version: u64) {
        self.first_row = first_row;
        self.schema_version = schema_version;
        self.text.clear();
        self.keys.clear();
        self.rows.clear();
    }

    /// Appends the rows of a chunk that was judged apart, under the same schema.
    pub fn append(&mut self, next: Self) {
        let (text_start, keys_start) = (self.text.len(), self.keys.len());
        self.text.push_str(&next.text);
        self.keys.extend(next.keys);
        let moved = |range: Range<usize>, by: usize| range.start + by..range.end + by;
        self.rows.extend(next.rows.into_iter().map(|row| match row {
            other @ (JudgedRow::Faulty(_) | JudgedRow::Skipped(_)) => other,
            JudgedRow::Good(good) => JudgedRow::Good(GoodRow {
                body: moved(good.body, text_start),
                match_keys: moved(good.match_keys, keys_start),
                other_keys: moved(good.other_keys, keys_start),
                extra: good.extra,
            }),
        }));
    }

    /// The row's body: a JSON object, slug → canonical value, with neither nulls nor late values.
    #[must_use]
    pub fn body(&self, row: &GoodRow) -> &str {
        self.text.get(row.body.clone()).unwrap_or("{}")
    }

    /// The keys by which the row is matched; empty when it has none.
    #[must_use]
    pub fn match_keys(&self, row: &GoodRow) -> &[KeyHash] {
        self.keys.get(row.match_keys.clone()).unwrap_or_default()
    }

    /// The keys of the other keyed properties.
    #[must_use]
    pub fn other_keys(&self, row: &GoodRow) -> &[KeyHash] {
        self.keys.get(row.other_keys.clone()).unwrap_or_default()
    }
}

/// The verdict on one row, before matching.
#[derive(Debug, Clone)]
pub enum JudgedRow {
    /// The import passes such rows over.
    Skipped(Skip),
    /// The row has faults; nothing of it will be written.
    Faulty(Box<RowError>),
    /// The row may be written.
    Good(GoodRow),
}

/// A row that may be written.
#[derive(Debug, Clone, Default)]
pub struct GoodRow {
    /// Where its body lies in [`JudgedChunk::text`].
    pub body: Range<usize>,
    /// Where the keys of the property that matches lie in [`JudgedChunk::keys`].
    pub match_keys: Range<usize>,
    /// Where the keys of all other keyed properties lie.
    pub other_keys: Range<usize>,
    /// What most rows have not.
    pub extra: Option<Box<RowExtra>>,
}

/// What most rows have not, kept apart so that they stay small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowExtra {
    /// The id the row carries.
    pub given_id: Option<RecordId>,
    /// Slugs the row clears (null, or `""` for other types than text).
    pub cleared: Vec<String>,
    /// Select values some of whose options do not exist yet (only with `create_missing_options`).
    pub late: Vec<LateValue>,
    /// Values that do not simply take the place of what is there.
    pub changes: Vec<ValueChange>,
    /// Records the row points at; each must be live, of the type, and the team's.
    pub references: Vec<Reference>,
    /// The row's values of the match property, trimmed, to compare byte for byte; empty unless case counts.
    pub exact: Vec<String>,
    /// The row's part under `list`, when it has one.
    pub list: Option<ListPart>,
    /// Whether the row is for the record of [`Self::given_id`] alone, and makes none where that is not there.
    pub must_exist: bool,
}

/// The list-scoped part of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPart {
    /// A JSON object, slug → canonical value.
    pub body: String,
    /// Slugs it clears.
    pub cleared: Vec<String>,
    /// Its late values.
    pub late: Vec<LateValue>,
    /// Its values that do not simply take the place of what is there.
    pub changes: Vec<ValueChange>,
}

/// A select value that waits for options to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateValue {
    /// The property.
    pub slug: String,
    /// What the value does to the one that is there.
    pub rule: WriteRule,
    /// Whether the property takes several options (an array) or one.
    pub multiple: bool,
    /// The options, in the order they were written, duplicates removed.
    pub options: Vec<LateOption>,
}

/// One option of a late value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateOption {
    /// An option that exists, by slug.
    Known(String),
    /// The display value of one that does not, trimmed.
    Missing(String),
}

/// A record that a row points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The property, for the message.
    pub slug: String,
    /// Whether the property is a list's.
    pub of_list: bool,
    /// The type the record must have.
    pub target: ObjectType,
    /// The record.
    pub id: RecordId,
}

impl Reference {
    /// What is wrong with it where the record is not there.
    #[must_use]
    pub fn leads_nowhere(&self) -> Fault {
        let group = if self.of_list { "list" } else { "default" };
        let message = format!("'{}' points at {}, which is no {} here", self.slug, self.id, self.target);
        let fault = Fault::new(format!("{group}.{}", self.slug), RowCode::ReferenceNotFound, message);
        fault.with_value(self.id.to_string())
    }
}

/// Rows in ascending order as ranges, at most so many; those after are only counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowRanges {
    ranges: Vec<(u32, u32)>,
    more: u64,
    last: Option<u32>,
}

impl RowRanges {
    /// Ranges that are kept.
    pub const MAX: usize = 20;

    /// Adds a row after all others.
    pub fn add(&mut self, row: u32) {
        self.last = Some(row);
        if self.more > 0 {
            self.more += 1;
            return;
        }
        match self.ranges.last_mut() {
            Some((_, end)) if row == end.saturating_add(1) => *end = row,
            _ => {
                if self.ranges.len() < Self::MAX {
                    self.ranges.push((row, row));
                } else {
                    self.more = 1;
                }
            }
        }
    }

    /// Whether this row was added last.
    #[must_use]
    pub fn ends_with(&self, row: u32) -> bool {
        self.last == Some(row)
    }

    /// The first and the last row of each range.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Rows that are in none of them.
    #[must_use]
    pub const fn more(&self) -> u64 {
        self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_to_nothing_is_named_where_it_stands() {
        let fault = |of_list: bool| {
            let id = RecordId::from_bytes([7; 16]);
            Reference { slug: "company".into(), of_list, target: ObjectType::Organization, id }.leads_nowhere()
        };
        assert_eq!((fault(false).field.as_str(), fault(true).field.as_str()), ("default.company", "list.company"));
        assert_eq!(fault(true).code, RowCode::ReferenceNotFound);
        assert!(fault(true).message.contains("07070707-0707-0707-0707-070707070707"));
    }

    #[test]
    fn rows_come_back_as_they_were_pushed() {
        let mut chunk = RawChunk::starting_at(7);
        chunk.push(b"{}");
        chunk.push(b"");
        chunk.push(b"null");
        assert_eq!(chunk.rows().collect::<Vec<_>>(), [&b"{}"[..], b"", b"null"]);
        assert_eq!((chunk.len(), chunk.end_row()), (3, 10));
    }

    #[test]
    fn rows_become_ranges_and_ranges_are_bounded() {
        let mut rows = RowRanges::default();
        [1, 2, 3, 7, 9, 10].into_iter().for_each(|row| rows.add(row));
        assert_eq!((rows.ranges(), rows.more()), (&[(1, 3), (7, 7), (9, 10)][..], 0));
        assert!(rows.ends_with(10) && !rows.ends_with(9));
        (10..60).for_each(|row| rows.add(row * 2));
        assert_eq!((rows.ranges().len(), rows.more()), (RowRanges::MAX, 33));
        rows.add(119);
        assert_eq!(rows.more(), 34, "what comes after a gap is in no range");
    }
}
