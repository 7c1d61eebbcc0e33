//! The key table against a map, with pages and levels small enough that everything happens.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::migrate::migrate;

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().expect("a database");
    migrate(&mut connection).expect("migrations");
    connection
}

fn small(connection: &Connection) -> KeyTable<'_> {
    KeyTable { connection, shape: Shape { page_entries_max: 4, first_level_keys_max: 20, counted_from: 4 } }
}

/// Few enough that they meet, spread over the whole range and crowded at its ends.
fn key(value: u16) -> KeyHash {
    let spread = match value % 3 {
        0 => u128::from(value) << 112,
        1 => u128::from(value),
        _ => u128::MAX - u128::from(value),
    };
    KeyHash::from_bytes(spread.to_be_bytes())
}

fn found(table: &KeyTable<'_>, keys: &[KeyHash]) -> BTreeMap<KeyHash, i64> {
    let mut found = BTreeMap::new();
    let each = |place: usize, record_no| {
        assert_eq!(found.insert(keys[place], record_no), None, "a key lies in one level only");
    };
    table.find(keys, each).expect("an answer");
    found
}

fn check_pages(connection: &Connection) {
    let mut statement = connection.prepare("SELECT page_no, entries FROM key_page ORDER BY page_no").expect("a query");
    let mut rows = statement.query([]).expect("rows");
    let mut before: Option<(u8, KeyHash)> = None;
    while let Some(row) = rows.next().expect("a row") {
        let page_no: i64 = row.get(0).expect("a number");
        let bytes: Vec<u8> = row.get(1).expect("bytes");
        let mut entries = Vec::new();
        page::PageView::of(&bytes).expect("a page").append_to(&mut entries);
        for entry in entries {
            let here = (level_of(page_no), entry.key);
            assert!(before.is_none_or(|before| before < here), "keys ascend within a level");
            before = Some(here);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Adds those that are not there.
    Add(BTreeSet<u16>),
    Change(BTreeMap<u16, Option<i64>>),
    Find(BTreeSet<u16>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = || prop::collection::btree_set(0_u16..600, 0..80);
    let step = prop_oneof![
        3 => keys().prop_map(Step::Add),
        1 => prop::collection::btree_map(0_u16..600, prop::option::of(0_i64..50), 0..30).prop_map(Step::Change),
        1 => keys().prop_map(Step::Find),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_table_is_a_map(steps in steps()) {
        let connection = database();
        let table = small(&connection);
        let mut model: BTreeMap<KeyHash, i64> = BTreeMap::new();
        for (number, step) in (100_i64..).zip(steps) {
            match step {
                Step::Add(keys) => {
                    let new: BTreeSet<KeyHash> = keys.into_iter().map(key).filter(|key| !model.contains_key(key)).collect();
                    let entries: Vec<Entry> = new.iter().map(|key| Entry { key: *key, record_no: number }).collect();
                    table.add(&entries).expect("added");
                    model.extend(new.into_iter().map(|key| (key, number)));
                }
                Step::Change(changes) => {
                    let changes: BTreeMap<KeyHash, Option<i64>> =
                        changes.into_iter().map(|(value, holder)| (key(value), holder)).collect();
                    let edits: Vec<Edit> = changes.iter().map(|(key, holder)| Edit { key: *key, holder: *holder }).collect();
                    table.change(&edits).expect("changed");
                    for (key, holder) in changes {
                        // A key that is not there stays outside.
                        match (model.contains_key(&key), holder) {
                            (true, Some(record_no)) => model.insert(key, record_no),
                            (true, None) => model.remove(&key),
                            (false, _) => None,
                        };
                    }
                }
                Step::Find(keys) => {
                    let keys: Vec<KeyHash> = keys.into_iter().map(key).collect::<BTreeSet<_>>().into_iter().collect();
                    let wanted: BTreeMap<KeyHash, i64> =
                        keys.iter().filter_map(|key| model.get(key).map(|record_no| (*key, *record_no))).collect();
                    prop_assert_eq!(found(&table, &keys), wanted);
                }
            }
            check_pages(&connection);
        }
        let all: Vec<KeyHash> = (0..600).map(key).collect::<BTreeSet<_>>().into_iter().collect();
        prop_assert_eq!(found(&table, &all), model);
    }
}

fn add_range(table: &KeyTable<'_>, values: impl Iterator<Item = u128>) {
    let mut entries: Vec<Entry> = values
        .map(|value| Entry {
            // Multiplying by an odd number spreads them without letting two meet.
            key: KeyHash::from_bytes(value.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()),
            record_no: 1,
        })
        .collect();
    entries.sort_unstable_by_key(|entry| entry.key);
    table.add(&entries).expect("added");
}

fn keys_of_levels(connection: &Connection) -> BTreeMap<u8, usize> {
    let mut levels = BTreeMap::new();
    let mut statement = connection.prepare("SELECT page_no, length(entries) FROM key_page").expect("a query");
    let pages = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).expect("pages");
    for page in pages {
        let (page_no, bytes) = page.expect("a page");
        *levels.entry(level_of(page_no)).or_default() += usize::try_from(bytes).expect("a length") / ENTRY_BYTES;
    }
    levels
}

#[test]
fn a_full_level_hands_keys_on_and_stays_within_its_bound() {
    let connection = database();
    let table = small(&connection);
    for chunk in 0..10 {
        add_range(&table, chunk * 64..(chunk + 1) * 64);
    }
    let levels = keys_of_levels(&connection);
    assert_eq!(levels.values().sum::<usize>(), 640);
    assert_eq!(levels.len(), 3, "{levels:?}");
    // A slice ends where the level ends, so that the next chunk takes the rest.
    assert!(levels[&1] <= 20 + 64 && levels[&2] <= 160 + 84, "{levels:?}");
}

#[test]
fn single_writes_are_counted_well_enough() {
    let connection = database();
    let table = small(&connection);
    for value in 0..4_000 {
        add_range(&table, value..=value);
    }
    let levels = keys_of_levels(&connection);
    assert_eq!(levels.values().sum::<usize>(), 4_000);
    // One in four is counted, for four: of 4,000 a fair die strays by a few hundred.
    assert!(levels[&1] <= 620 && levels.len() >= 3, "{levels:?}");
}

#[test]
fn keys_that_come_in_bulk_and_go_one_by_one_leave_no_count_behind() {
    let connection = database();
    let table = KeyTable { connection: &connection, shape: Shape { counted_from: 16, ..small(&connection).shape } };
    let keys: Vec<KeyHash> = (0..600).map(key).collect::<BTreeSet<_>>().into_iter().collect();
    for _ in 0..30 {
        let entries: Vec<Entry> = keys.iter().take(20).map(|key| Entry { key: *key, record_no: 1 }).collect();
        table.add(&entries).expect("added");
        for key in keys.iter().take(20) {
            table.change(&[Edit { key: *key, holder: None }]).expect("removed");
        }
    }
    assert!(keys_of_levels(&connection).is_empty());
    // Counting by the key missed, or counted, the same twenty each time: 600 by now. A fair die strays by some dozens.
    let counted: i64 =
        connection.query_row("SELECT coalesce(sum(keys), 0) FROM key_level", [], |row| row.get(0)).expect("counts");
    assert!(counted < 450, "{counted} counted, none there");
}

#[test]
fn a_level_that_was_emptied_counts_none() {
    let connection = database();
    let table = small(&connection);
    add_range(&table, 0..4);
    connection.execute("UPDATE key_level SET keys = 1000 WHERE level = 1", []).expect("a count that strayed");
    add_range(&table, 4..8);
    assert_eq!(keys_of_levels(&connection), BTreeMap::from([(2, 8)]));
    let counted: i64 =
        connection.query_row("SELECT keys FROM key_level WHERE level = 1", [], |row| row.get(0)).expect("a count");
    assert_eq!(counted, 0);
}

#[test]
fn bulk_writes_leave_pages_nearly_full() {
    let connection = database();
    let table = KeyTable {
        connection: &connection,
        shape: Shape { page_entries_max: 50, first_level_keys_max: 1_000_000, counted_from: 64 },
    };
    for chunk in 0..10 {
        add_range(&table, chunk * 1_000..(chunk + 1) * 1_000);
    }
    let pages: i64 = connection.query_row("SELECT count(*) FROM key_page", [], |row| row.get(0)).expect("a count");
    assert!(pages <= 10_000 / 50 * 11 / 10, "{pages} pages");
}
