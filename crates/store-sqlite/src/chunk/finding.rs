//! Finds what a chunk's rows speak of: looks up who holds their keys, reads the records that hold them and those they name.

use std::collections::HashMap;

use refract_domain::ids::{RecordId, TeamId};
use refract_domain::import::plan::{Found, FoundRecord, Holders, Lookup};
use refract_store::StoreError;
use rusqlite::{Connection, OptionalExtension};

use super::Rows;
use crate::error::{Failure, Outcome};
use crate::holders::{self, Held};
use crate::records::{StoredRecord, find_by_id, find_by_number};

const RECORD_ID: &str = include_str!("../sql/find_record_id.sql");
const DELETED: &str = include_str!("../sql/find_deleted.sql");
const LIST: &str = include_str!("../sql/find_list.sql");
const LIST_VALUES: &str = include_str!("../sql/find_list_values.sql");

/// What the plan needs, and what writing it needs besides.
pub(super) struct Findings {
    pub(super) found: Found,
    /// The numbers of the records found.
    pub(super) numbers: HashMap<RecordId, i64>,
    /// The places in [`Lookup::keys`] of keys that are held: all others are the chunk's to take.
    pub(super) held_places: Vec<usize>,
}

/// Claiming writes nothing: only the writer's thread takes keys, so what nobody holds now is free until the commit.
pub(super) fn find(connection: &Connection, rows: &Rows<'_>) -> Outcome<Findings> {
    let lookup = rows.lookup;
    let held = holders::find(connection, &lookup.keys)?;
    let mut finder = Finder {
        connection,
        team_id: rows.context.team_id(),
        list_no: find_list(connection, rows, lookup)?,
        needs_records: lookup.needs_records,
        bytes_left: match rows.undoable {
            Some(_) => rows.found_bytes_max(),
            None => usize::MAX,
        },
        found: Found { holders: vec![Holders::Claimed; lookup.keys.len()], ..Found::default() },
        numbers: HashMap::new(),
    };
    finder.find_holders(&held)?;
    for id in &lookup.ids {
        if let Some(stored) = find_by_id(connection, rows.team.team_no, *id)? {
            finder.add(stored)?;
        }
    }
    if lookup.seeks_deleted(rows.purpose, held.len() < lookup.keys.len()) {
        finder.find_deleted(rows)?;
    }
    let held_places = ascending(held.into_iter().map(|held| held.place));
    Ok(Findings { found: finder.found, numbers: finder.numbers, held_places })
}

/// Places in their order, each once: whoever walks them beside the keys would miss all that follow one that came twice,
/// and take keys that are held.
fn ascending(places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn find_list(connection: &Connection, rows: &Rows<'_>, lookup: &Lookup) -> Outcome<Option<i64>> {
    let Some(list_id) = lookup.list_id else { return Ok(None) };
    let mut statement = connection.prepare_cached(LIST)?;
    Ok(statement.query_row((rows.team.team_no, list_id.as_bytes()), |row| row.get(0)).optional()?)
}

struct Finder<'a> {
    connection: &'a Connection,
    team_id: TeamId,
    list_no: Option<i64>,
    needs_records: bool,
    /// What further records may take.
    bytes_left: usize,
    found: Found,
    numbers: HashMap<RecordId, i64>,
}

impl Finder<'_> {
    fn find_holders(&mut self, held: &[Held]) -> Outcome<()> {
        let mut held: Vec<(i64, usize)> = held
            .iter()
            .flat_map(|held| {
                std::iter::once(held.first).chain(held.more.iter().copied()).map(|number| (number, held.place))
            })
            .collect();
        // In the order of the table: neighbours share a page.
        held.sort_unstable();
        for (number, place) in held {
            let id = self.find_holder(number)?;
            if let Some(holders) = self.found.holders.get_mut(place) {
                add_holder(holders, id);
            }
        }
        Ok(())
    }

    /// Ids ascend with the numbers, but for those that came with their row: so holders come in nearly any order, and
    /// always in the same.
    fn find_holder(&mut self, number: i64) -> Outcome<RecordId> {
        let gone = || Failure::corrupt(format!("a key is held by record number {number}, which is not there"));
        if self.needs_records {
            let stored = find_by_number(self.connection, number)?.ok_or_else(gone)?;
            let id = stored.record.id;
            self.add(stored)?;
            return Ok(id);
        }
        let mut statement = self.connection.prepare_cached(RECORD_ID)?;
        let id = statement.query_row([number], |row| row.get(0)).optional()?.ok_or_else(gone)?;
        Ok(RecordId::from_bytes(id))
    }

    /// Deleted records that have one of the keys. They hold none, so all of the type are looked at, one after the other.
    fn find_deleted(&mut self, rows: &Rows<'_>) -> Outcome<()> {
        let mut statement = self.connection.prepare_cached(DELETED)?;
        let mut deleted = statement.query((rows.team.team_no, rows.object_type().number()))?;
        let gone = || Failure::internal("a record that was just read is not there any more");
        while let Some(row) = deleted.next()? {
            let places = rows.lookup.places_of(rows.context, row.get_ref(1)?.as_str()?);
            if !places.is_empty() {
                let stored = find_by_number(self.connection, row.get(0)?)?.ok_or_else(gone)?;
                let (id, found) = self.found(stored)?;
                self.found.add_deleted(&places, id, found);
            }
        }
        Ok(())
    }

    fn add(&mut self, stored: StoredRecord) -> Outcome<()> {
        let (id, found) = self.found(stored)?;
        self.found.records.insert(id, found);
        Ok(())
    }

    /// The record as the plan knows it; its number is kept.
    fn found(&mut self, stored: StoredRecord) -> Outcome<(RecordId, FoundRecord)> {
        let read_only = stored.is_read_only(self.team_id)?;
        let StoredRecord { record_no, deleted, record, .. } = stored;
        let list_values = match self.list_no {
            Some(list_no) => {
                let mut statement = self.connection.prepare_cached(LIST_VALUES)?;
                statement.query_row([list_no, record_no], |row| row.get(0)).optional()?
            }
            None => None,
        };
        let bytes_left = self.bytes_left.checked_sub(record.body.len());
        self.bytes_left = bytes_left.ok_or(StoreError::ChunkTooLarge)?;
        self.numbers.insert(record.id, record_no);
        let found = FoundRecord { object_type: record.object_type, deleted, read_only, body: record.body, list_values };
        Ok((record.id, found))
    }
}

fn add_holder(holders: &mut Holders, id: RecordId) {
    match holders {
        Holders::Claimed => *holders = Holders::Held(id),
        Holders::Held(first) => *holders = Holders::Shared(vec![*first, id]),
        Holders::Shared(ids) => ids.push(id),
    }
}

#[cfg(test)]
mod tests {
    use super::ascending;

    #[test]
    fn a_place_that_is_found_twice_counts_once() {
        assert_eq!(ascending([7, 2, 9, 2, 7].into_iter()), [2, 7, 9]);
    }
}
