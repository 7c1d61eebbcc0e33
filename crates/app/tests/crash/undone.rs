//! Compares what is stored before imports, after edits of what they wrote, and after their undo.
//!
//! Owns what each of the three must say about a record, its keys and its place in a list. A record that was given its values
//! back has a new version: that alone may differ from before.

use std::collections::{BTreeMap, BTreeSet};

use crate::state::State;

/// An id as stores and callers both may write it.
pub(crate) fn plain(id: &str) -> String {
    id.replace('-', "")
}

/// A record as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    team_and_type: (String, String),
    version: u64,
    is_live: bool,
    body: String,
}

/// Fails unless everything is as before, but for the edited records, which are as their editor left them.
pub(crate) fn assert_taken_back(before: &State, edited: &State, after: &State, edits: &BTreeSet<String>) {
    let restored = assert_records(before, edited, after, edits);
    assert!(restored > 0, "some records were given their values back");
    for (parts, id_at) in [(["keys", "further keys"].as_slice(), 1), (&["list entries"], 1), (&["aliases"], 1)] {
        let lines = |state: &State, is_edited: bool| -> BTreeSet<String> {
            let lines = parts.iter().filter_map(|part| state.lines(part)).flatten();
            lines.filter(|line| edits.contains(&cell(line, id_at)) == is_edited).cloned().collect()
        };
        assert_same(parts, &lines(before, false), &lines(after, false), "of what nobody edited");
        assert_same(parts, &lines(edited, true), &lines(after, true), "of what was edited");
    }
    assert_counted(after);
    assert_options(before, edited, after, edits);
}

fn assert_same(parts: &[&str], wanted: &BTreeSet<String>, found: &BTreeSet<String>, what: &str) {
    let (lost, extra) = (wanted.difference(found).next(), found.difference(wanted).next());
    assert_eq!((lost, extra), (None, None), "{parts:?} {what}: one that is lost, one that is too much");
}

/// Every record is what it must be; how many have their values from before under a new version.
fn assert_records(before: &State, edited: &State, after: &State, edits: &BTreeSet<String>) -> usize {
    let (before, edited, after) = (records(before), records(edited), records(after));
    let mut restored = 0;
    let ids: BTreeSet<&String> = before.keys().chain(edited.keys()).chain(after.keys()).collect();
    for id in ids {
        let (was, is) = (before.get(id), after.get(id));
        if edits.contains(id) {
            assert_eq!(is, edited.get(id), "record {id}, edited since, is as its editor left it");
            continue;
        }
        let version = is.map_or(0, |record| record.version);
        assert_eq!(
            is.cloned(),
            was.map(|record| Stored { version, ..record.clone() }),
            "record {id} is what it was before"
        );
        let version_before = was.map_or(0, |record| record.version);
        assert!(version >= version_before, "the version of record {id} fell from {version_before} to {version}");
        restored += usize::from(version > version_before);
    }
    restored
}

fn records(state: &State) -> BTreeMap<String, Stored> {
    let record = |line: &String| {
        let cells: Vec<&str> = line.splitn(6, " | ").collect();
        let [team, id, object_type, version, is_live, body] = cells[..] else { panic!("no record: {line}") };
        let stored = Stored {
            team_and_type: (team.to_owned(), object_type.to_owned()),
            version: version.parse().expect("a version"),
            is_live: ["1", "t", "true"].contains(&is_live),
            body: body.to_owned(),
        };
        (plain(id), stored)
    };
    state.lines("records").expect("there are records").iter().map(record).collect()
}

/// What is counted at every write is what there is.
fn assert_counted(state: &State) {
    let records = records(state);
    let mut live: BTreeMap<&(String, String), u64> = BTreeMap::new();
    for record in records.values() {
        *live.entry(&record.team_and_type).or_default() += u64::from(record.is_live);
    }
    for line in state.lines("counts").expect("there are counts") {
        let (team, object_type) = (cell_as_it_is(line, 0), cell_as_it_is(line, 1));
        let counted: u64 = cell(line, 2).parse().expect("a count");
        assert_eq!(counted, live.remove(&(team, object_type)).unwrap_or_default(), "{line}");
    }
    assert!(live.values().all(|count| *count == 0), "types that nobody counts: {live:?}");
    let is_live = |id: &str| records.get(id).is_some_and(|record| record.is_live);
    for line in state.lines("lists").expect("there are lists") {
        let entries = state.lines("list entries").unwrap_or_default().iter();
        let members = entries.filter(|entry| is_live(&cell(entry, 1))).count();
        assert_eq!(cell(line, 1), members.to_string(), "members of the one list there is: {line}");
    }
}

/// Options that the imports made are gone unless an edited record has them.
fn assert_options(before: &State, edited: &State, after: &State, edits: &BTreeSet<String>) {
    let options = |state: &State| -> BTreeSet<String> {
        let lines = state.lines("options").expect("there are options").iter();
        lines.filter(|line| cell_as_it_is(line, 6) == "live").cloned().collect()
    };
    let (before, made, after_options) = (options(before), options(edited), options(after));
    assert!(before.is_subset(&after_options), "no option from before is gone");
    assert!(after_options.is_subset(&made) && after_options.len() < made.len(), "options that were made are gone");
    let records = records(after);
    for line in after_options.difference(&before) {
        let slug = format!("\"{}\"", cell_as_it_is(line, 3));
        let has = |id: &String| records.get(id).is_some_and(|record| record.body.contains(&slug));
        assert!(edits.iter().any(has), "nobody has the option that is left: {line}");
    }
}

fn cell_as_it_is(line: &str, place: usize) -> String {
    line.split(" | ").nth(place).unwrap_or_else(|| panic!("{line} has no cell {place}")).to_owned()
}

fn cell(line: &str, place: usize) -> String {
    plain(&cell_as_it_is(line, place))
}
