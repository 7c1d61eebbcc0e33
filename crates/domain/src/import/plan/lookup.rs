//! What a chunk needs to know of the store: which keys to claim, which records to read.

use super::Purpose;
use crate::ids::{ListId, RecordId};
use crate::import::judge::JudgeContext;
use crate::import::policy::DeletedMatches;
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
    /// Whether deleted records that have a key matter where no live record holds it.
    heeds_deleted: bool,
    /// Whether a row may find a key free that is held by now: earlier rows can take it from its holder, or the holder has
    /// it in another case.
    may_come_free: bool,
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
            heeds_deleted: options.deleted_matches != DeletedMatches::Ignore,
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
        // A record that is met by its only value keeps it.
        let has_many = context.match_property().is_some_and(|property| property.property_type.is_multiple());
        let takes_keys = options.update_existing && (has_many || !lookup.ids.is_empty());
        lookup.may_come_free = takes_keys || context.case_counts();
        lookup
    }

    /// Whether deleted records of the type must be looked at, those that have one of the keys being wanted;
    /// `some_are_free` says whether nobody holds some of the keys.
    #[must_use]
    pub fn seeks_deleted(&self, purpose: Purpose<'_>, some_are_free: bool) -> bool {
        // What a dry run has drafted can free any key, whatever the store says of it.
        let some_may_be_free = some_are_free || self.may_come_free || purpose == Purpose::DryRun;
        self.heeds_deleted && !self.keys.is_empty() && some_may_be_free
    }

    /// The places in [`Self::keys`] of those that a record of this body has.
    #[must_use]
    pub fn places_of(&self, context: &JudgeContext, body: &str) -> Vec<usize> {
        context.keys_of_body(body).into_iter().filter_map(|(_, key)| self.slot_of_key(key)).collect()
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
