//! Pages of keys in memory: how entries are encoded, found, merged and cut into pages. Pure; knows no database.

use refract_domain::key::KeyHash;

use crate::error::{Failure, Outcome};

/// Bytes of an entry: the hash, then the record number, both with the highest byte first, so that entries sort as
/// bytes.
pub(super) const ENTRY_BYTES: usize = 24;

const HASH_BYTES: usize = 16;

/// A key and its first holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: KeyHash,
    pub(crate) record_no: i64,
}

/// What becomes of a key: it gets this first holder, or nobody holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) key: KeyHash,
    pub(crate) holder: Option<i64>,
}

impl From<Entry> for Edit {
    fn from(entry: Entry) -> Self {
        Self { key: entry.key, holder: Some(entry.record_no) }
    }
}

/// The hash as a number that sorts as its bytes do.
pub(super) const fn number(key: KeyHash) -> u128 {
    u128::from_be_bytes(*key.as_bytes())
}

/// An encoded page, read in place.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageView<'a> {
    entries: &'a [[u8; ENTRY_BYTES]],
    /// The least key.
    pub(super) first: KeyHash,
    /// The greatest key.
    pub(super) last: KeyHash,
}

impl<'a> PageView<'a> {
    /// A page as it lies in the database: at least one entry.
    pub(super) fn of(bytes: &'a [u8]) -> Outcome<Self> {
        let (entries, rest) = bytes.as_chunks();
        match (entries.first(), entries.last(), rest) {
            (Some(first), Some(last), []) => {
                Ok(Self { entries, first: decode_entry(first).key, last: decode_entry(last).key })
            }
            _ => Err(Failure::corrupt(format!("a page of keys has {} bytes", bytes.len()))),
        }
    }

    /// The first holder of `key`, sought from the place `from` on, which is left where the next greater key is to be
    /// sought.
    pub(super) fn find(self, from: &mut usize, key: KeyHash) -> Option<i64> {
        let wanted = key.as_bytes();
        let rest = self.entries.get(*from..).unwrap_or_default();
        // Keys are spread evenly, so several of them in one page lie a few entries apart: look in growing steps first.
        let mut step = 1;
        let mut low = 0;
        while let Some(entry) = rest.get(low + step)
            && entry[..HASH_BYTES] < wanted[..]
        {
            low += step;
            step *= 2;
        }
        let high = rest.len().min(low + step + 1);
        let within = rest.get(low..high).unwrap_or_default();
        let place = *from + low + within.partition_point(|entry| entry[..HASH_BYTES] < wanted[..]);
        *from = place;
        self.entries.get(place).map(decode_entry).filter(|entry| entry.key == key).map(|entry| entry.record_no)
    }

    /// Appends all entries.
    pub(super) fn append_to(self, entries: &mut Vec<Entry>) {
        entries.extend(self.entries.iter().map(decode_entry));
    }
}

fn decode_entry(bytes: &[u8; ENTRY_BYTES]) -> Entry {
    let (mut hash, mut record_no) = ([0; HASH_BYTES], [0; ENTRY_BYTES - HASH_BYTES]);
    hash.copy_from_slice(&bytes[..HASH_BYTES]);
    record_no.copy_from_slice(&bytes[HASH_BYTES..]);
    Entry { key: KeyHash::from_bytes(hash), record_no: i64::from_be_bytes(record_no) }
}

/// Encodes a page into an emptied buffer.
pub(super) fn encode(entries: &[Entry], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.reserve_exact(entries.len() * ENTRY_BYTES);
    for entry in entries {
        bytes.extend_from_slice(entry.key.as_bytes());
        bytes.extend_from_slice(&entry.record_no.to_be_bytes());
    }
}

/// Entries with the edits made to them; both ascend and name a key once.
pub(super) fn merge(entries: &[Entry], edits: &[Edit]) -> Vec<Entry> {
    let mut merged = Vec::with_capacity(entries.len() + edits.len());
    let mut left = entries;
    for edit in edits {
        let before = left.iter().take_while(|entry| number(entry.key) < number(edit.key)).count();
        let (kept, rest) = left.split_at(before);
        merged.extend_from_slice(kept);
        left = match rest {
            [same, rest @ ..] if same.key == edit.key => rest,
            rest => rest,
        };
        merged.extend(edit.holder.map(|record_no| Entry { key: edit.key, record_no }));
    }
    merged.extend_from_slice(left);
    merged
}

/// Cuts entries into as few pages of at most `entries_max` as will do, about equally full. Entries for which `order` is
/// the same stay together, also where that makes a page too full.
pub(super) fn cut(entries: &[Entry], entries_max: usize, order: impl Fn(KeyHash) -> i64) -> Vec<&[Entry]> {
    let count = entries.len().div_ceil(entries_max.max(1));
    let mut pages = Vec::with_capacity(count);
    let mut left = entries;
    for pages_left in (1..=count).rev() {
        let mut length = left.len().div_ceil(pages_left);
        while let (Some(last), Some(next)) = (left.get(length.wrapping_sub(1)), left.get(length))
            && order(last.key) == order(next.key)
        {
            length += 1;
        }
        let (page, rest) = left.split_at(length);
        if !page.is_empty() {
            pages.push(page);
        }
        left = rest;
    }
    pages
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn key(value: u128) -> KeyHash {
        KeyHash::from_bytes(value.to_be_bytes())
    }

    fn entries(map: &BTreeMap<u128, i64>) -> Vec<Entry> {
        map.iter().map(|(hash, record_no)| Entry { key: key(*hash), record_no: *record_no }).collect()
    }

    /// Hashes close together and far apart.
    fn hashes() -> impl Strategy<Value = u128> {
        prop_oneof![0_u128..40, any::<u128>()]
    }

    proptest! {
        #[test]
        fn a_merge_is_what_a_map_makes_of_the_edits(
            map in prop::collection::btree_map(hashes(), 0_i64..9, 0..60),
            edits in prop::collection::btree_map(hashes(), prop::option::of(10_i64..19), 0..60),
        ) {
            let list: Vec<Edit> = edits.iter().map(|(hash, holder)| Edit { key: key(*hash), holder: *holder }).collect();
            let merged = merge(&entries(&map), &list);
            let mut wanted = map;
            for (hash, holder) in edits {
                match holder {
                    Some(record_no) => wanted.insert(hash, record_no),
                    None => wanted.remove(&hash),
                };
            }
            prop_assert_eq!(merged, entries(&wanted));
        }

        #[test]
        fn an_encoded_page_finds_its_keys_and_no_others(
            map in prop::collection::btree_map(hashes(), any::<i64>(), 1..60),
            sought in prop::collection::btree_set(hashes(), 0..40),
        ) {
            let mut bytes = Vec::new();
            encode(&entries(&map), &mut bytes);
            let view = PageView::of(&bytes).expect("a page");
            let mut from = 0;
            for hash in sought.iter().chain(map.keys()).copied().collect::<std::collections::BTreeSet<_>>() {
                prop_assert_eq!(view.find(&mut from, key(hash)), map.get(&hash).copied());
            }
            let mut decoded = Vec::new();
            view.append_to(&mut decoded);
            prop_assert_eq!(decoded, entries(&map));
        }

        #[test]
        fn cutting_loses_nothing_and_fills_pages(
            map in prop::collection::btree_map(any::<u128>(), any::<i64>(), 0..200),
            entries_max in 1_usize..20,
        ) {
            let all = entries(&map);
            let pages = cut(&all, entries_max, |key| (number(key) >> 65) as i64);
            prop_assert_eq!(pages.concat(), all.clone());
            prop_assert!(pages.len() <= all.len().div_ceil(entries_max));
            prop_assert!(pages.iter().all(|page| (1..=entries_max).contains(&page.len())));
        }
    }

    #[test]
    fn entries_of_one_order_stay_together() {
        let all: Vec<Entry> = (0..9).map(|hash| Entry { key: key(hash), record_no: 1 }).collect();
        let pages = cut(&all, 2, |key| (number(key) / 5) as i64);
        assert_eq!(pages.iter().map(|page| page.len()).collect::<Vec<_>>(), [5, 4]);
    }

    #[test]
    fn bytes_that_are_no_page_are_corrupt() {
        assert!(PageView::of(&[]).is_err());
        assert!(PageView::of(&[0; ENTRY_BYTES + 1]).is_err());
    }
}
