//! What a chunk needs to know of the store: which keys to claim, which records to read.

use crate::ids::{ListId, RecordId};
use crate::import::judge::JudgeContext;
use crate::import::row::{GoodRow, JudgedChunk, JudgedRow};
use crate::key::KeyHash;

/// Marks a key of [`JudgedChunk::keys`] that matches nothing (the key of another keyed property).
const NO_SLOT: u32 = u32::MAX;

/// What to look up for a chunk.
///
/// Keys are sorted and distinct: claimed in this order they touch an index page once, and two transactions can never
/// wait for each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Keys to claim, ascending, each once.
    pub keys: Vec<KeyHash>,
    /// For each key the index of the first row that bears it: the record a claim is made for.
    pub first_rows: Vec<u32>,
    /// Records that rows name, by id or by reference; ascending, each once.
    pub ids: Vec<RecordId>,
    /// Whether the records that hold keys must be read too: to be patched, compared byte for byte, or put into a list.
    pub needs_records: bool,
    /// The list whose memberships must be read with the records.
    pub list_id: Option<ListId>,
    /// For each of [`JudgedChunk::keys`] its place in `keys`.
    slots: Vec<u32>,
}

impl Lookup {
    /// What `chunk` needs.
    #[must_use]
    pub fn of(context: &JudgeContext, chunk: &JudgedChunk) -> Self {
        let options = context.options();
        let mut lookup = Self {
            needs_records: options.update_existing || options.list_id.is_some() || context.case_counts(),
            list_id: options.list_id,
            slots: vec![NO_SLOT; chunk.keys.len()],
            ..Self::default()
        };
        let mut borne = Vec::with_capacity(chunk.keys.len());
        for (row, judged) in (chunk.first_row..).zip(&chunk.rows) {
            let JudgedRow::Good(good) = judged else { continue };
            for place in good.match_keys.clone() {
                if let Some(key) = chunk.keys.get(place) {
                    borne.push((*key, row, place));
                }
            }
            lookup.add_ids(good);
        }
        lookup.add_keys(borne);
        lookup.ids.sort_unstable();
        lookup.ids.dedup();
        lookup
    }

    /// The places in [`Self::keys`] of the keys that match this row.
    pub(super) fn slots_of<'a>(&'a self, row: &GoodRow) -> impl Iterator<Item = usize> + use<'a> {
        let slots = self.slots.get(row.match_keys.clone()).unwrap_or_default();
        slots.iter().map(|slot| *slot as usize)
    }

    /// The place of `key` in [`Self::keys`].
    pub(super) fn slot_of_key(&self, key: KeyHash) -> Option<usize> {
        self.keys.binary_search(&key).ok()
    }

    fn add_ids(&mut self, row: &GoodRow) {
        let Some(extra) = &row.extra else { return };
        self.ids.extend(extra.given_id);
        self.ids.extend(extra.references.iter().map(|reference| reference.id));
    }

    fn add_keys(&mut self, mut borne: Vec<(KeyHash, u32, usize)>) {
        borne.sort_unstable();
        for (key, row, place) in borne {
            if self.keys.last() != Some(&key) {
                self.keys.push(key);
                self.first_rows.push(row);
            }
            if let (Some(slot), Ok(number)) = (self.slots.get_mut(place), u32::try_from(self.keys.len() - 1)) {
                *slot = number;
            }
        }
    }
}
