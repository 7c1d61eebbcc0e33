//! The key table: who holds a dedupe key first, for every key of the store.
//!
//! Owns where a key lies. Hashes are spread evenly, so a chunk of any size touches pages all over a table; a plain index
//! would be written through nearly whole by every chunk, and ever more slowly the more keys there are. So keys lie in
//! levels, each a sequence of densely filled pages of sorted keys: new ones go to the first level, which stays small
//! enough to be rewritten by each chunk, and whenever a level is full, a slice of it (neighbouring keys, so neighbouring
//! pages) moves to the next one, which holds eight times as many. A key lies in one level only. All of it happens in
//! the transaction that brings the keys: there is nothing to catch up on, and nothing that a crash could leave behind.
//!
//! Must not know what keys are made of, nor that a key can have further holders.

mod level;
mod page;
#[cfg(test)]
mod tests;

use refract_domain::key::KeyHash;
use rusqlite::{Connection, OptionalExtension};

use self::level::{LEVEL_MAX, Level, Walked, level_of};
use self::page::ENTRY_BYTES;
pub(crate) use self::page::{Edit, Entry};
use crate::connect::PAGE_BYTES;
use crate::error::Outcome;

const HIGHEST: &str = include_str!("../sql/key_page_highest.sql");
const LEVEL: &str = include_str!("../sql/key_level.sql");
const DRAW: &str = include_str!("../sql/key_level_draw.sql");
const WRITE_LEVEL: &str = include_str!("../sql/key_level_write.sql");

/// At least this many keys move at a time when a level is too full, so that one that was filled by single writes
/// becomes small again.
const MOVED_MIN: usize = 65_536;

/// The sizes of things; smaller in tests.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Entries of a page: one database page is just full.
    page_entries_max: usize,
    /// Keys of the first level; each further one holds eight times as many.
    first_level_keys_max: usize,
    /// Of changes to fewer keys than this only one in so many is counted, for so many: a single write touches the key's
    /// page alone, and the count, which only decides when keys move on, is right on average.
    counted_from: u8,
}

impl Shape {
    const USUAL: Self = Self {
        page_entries_max: (PAGE_BYTES as usize - 64) / ENTRY_BYTES,
        first_level_keys_max: 1 << 19,
        counted_from: 64,
    };

    const fn level_keys_max(self, level: u8) -> usize {
        self.first_level_keys_max.saturating_mul(1_usize << (3 * (level - 1)))
    }
}

/// The key table, in an open transaction.
pub(crate) struct KeyTable<'c> {
    connection: &'c Connection,
    shape: Shape,
}

/// What is noted of a level.
#[derive(Debug, Clone, Copy, Default)]
struct LevelState {
    /// About how many keys it holds.
    keys: usize,
    /// Where the next slice to move begins.
    next_page_no: i64,
}

impl<'c> KeyTable<'c> {
    /// The table behind this connection.
    pub(crate) const fn of(connection: &'c Connection) -> Self {
        Self { connection, shape: Shape::USUAL }
    }

    /// Calls `found` with the place and the first holder of each of the ascending `keys` that somebody holds; in no
    /// particular order.
    pub(crate) fn find(&self, keys: &[KeyHash], mut found: impl FnMut(usize, i64)) -> Outcome<()> {
        for number in self.levels()? {
            self.level(number).find(keys, &mut found)?;
        }
        Ok(())
    }

    /// Adds ascending keys, each once, none of which is in the table.
    pub(crate) fn add(&self, entries: &[Entry]) -> Outcome<()> {
        let edits: Vec<Edit> = entries.iter().copied().map(Edit::from).collect();
        self.add_to(1, &edits)
    }

    /// Makes ascending edits, each key once, of keys that are in the table; others stay outside.
    pub(crate) fn change(&self, edits: &[Edit]) -> Outcome<()> {
        let mut left = edits.to_vec();
        for number in self.levels()? {
            if left.is_empty() {
                break;
            }
            let keys: Vec<KeyHash> = left.iter().map(|edit| edit.key).collect();
            let mut is_here = vec![false; keys.len()];
            let level = self.level(number);
            level.find(&keys, |place, _| is_here[place] = true)?;
            let (here, elsewhere) = split(&left, &is_here);
            self.count(number, &here, level.edit(&here)?)?;
            left = elsewhere;
        }
        Ok(())
    }

    fn level(&self, number: u8) -> Level<'c> {
        Level { connection: self.connection, number, page_entries_max: self.shape.page_entries_max }
    }

    fn levels(&self) -> Outcome<std::ops::RangeInclusive<u8>> {
        let mut statement = self.connection.prepare_cached(HIGHEST)?;
        let highest: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(1..=highest.map_or(0, level_of))
    }

    /// Adds keys to a level, and moves keys on where it became too full.
    fn add_to(&self, number: u8, edits: &[Edit]) -> Outcome<()> {
        let Some(mut state) = self.count(number, edits, self.level(number).edit(edits)?)? else { return Ok(()) };
        let too_many = state.keys.saturating_sub(self.shape.level_keys_max(number));
        if too_many == 0 || number == LEVEL_MAX {
            return Ok(());
        }
        let count = too_many.min(edits.len().saturating_mul(4).max(MOVED_MIN));
        let slice = self.level(number).take_slice(state.next_page_no, count)?;
        state.keys = if slice.is_whole_level { 0 } else { state.keys.saturating_sub(slice.entries.len()) };
        state.next_page_no = slice.next_page_no;
        self.write_state(number, state)?;
        let moved: Vec<Edit> = slice.entries.into_iter().map(Edit::from).collect();
        self.add_to(number + 1, &moved)
    }

    /// Notes how many keys a level has after a change; `None` when the change was too small to be counted.
    fn count(&self, number: u8, edits: &[Edit], walked: Walked) -> Outcome<Option<LevelState>> {
        if walked.before == walked.after {
            return Ok(None);
        }
        let counted_from = usize::from(self.shape.counted_from);
        let weight = match edits.len() >= counted_from {
            true => 1,
            false if self.is_drawn()? => counted_from,
            false => return Ok(None),
        };
        let mut state = self.state(number)?;
        state.keys = (state.keys + walked.after * weight).saturating_sub(walked.before * weight);
        self.write_state(number, state)?;
        Ok(Some(state))
    }

    /// One time in so many. Drawn anew each time: drawing by the key would count the same keys, or miss them, whenever they
    /// come and go.
    fn is_drawn(&self) -> Outcome<bool> {
        let die: i64 = self.connection.prepare_cached(DRAW)?.query_row([], |row| row.get(0))?;
        Ok(die % i64::from(self.shape.counted_from) == 0)
    }

    fn state(&self, number: u8) -> Outcome<LevelState> {
        let mut statement = self.connection.prepare_cached(LEVEL)?;
        let state = statement.query_row([number], |row| {
            let keys: i64 = row.get(0)?;
            Ok(LevelState { keys: usize::try_from(keys).unwrap_or(0), next_page_no: row.get(1)? })
        });
        Ok(state.optional()?.unwrap_or_default())
    }

    fn write_state(&self, number: u8, state: LevelState) -> Outcome<()> {
        let keys = i64::try_from(state.keys).unwrap_or(i64::MAX);
        self.connection.prepare_cached(WRITE_LEVEL)?.execute((number, keys, state.next_page_no))?;
        Ok(())
    }
}

fn split(edits: &[Edit], is_here: &[bool]) -> (Vec<Edit>, Vec<Edit>) {
    let (here, elsewhere): (Vec<_>, Vec<_>) = edits.iter().copied().zip(is_here).partition(|(_, is_here)| **is_here);
    let edits = |pairs: Vec<(Edit, &bool)>| pairs.into_iter().map(|(edit, _)| edit).collect();
    (edits(here), edits(elsewhere))
}
