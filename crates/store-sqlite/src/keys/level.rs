//! One level of the key table: pages of sorted keys, found by the first 59 bits of their least key.
//!
//! Owns reading and rewriting pages. A rewritten run of neighbours is cut anew, so pages stay full. Must not know what
//! other levels hold.

use std::ops::Range;

use refract_domain::key::KeyHash;
use rusqlite::Connection;

use super::page::{Edit, Entry, PageView, cut, encode, merge, number};
use crate::error::Outcome;

const PAGES_FROM: &str = include_str!("../sql/key_pages_from.sql");
const WRITE_PAGE: &str = include_str!("../sql/key_page_write.sql");
const REMOVE_PAGE: &str = include_str!("../sql/key_page_remove.sql");

/// Bits of a page number below the level.
const ORDER_BITS: u32 = 59;

/// Neighbouring pages that are rewritten together: enough to fill pages well, and a megabyte of memory.
const RUN_PAGES_MAX: usize = 64;

/// Widths of a page by which the next wanted key may lie ahead before seeking it beats walking on.
const WALK_WIDTHS_MAX: u128 = 4;

/// The level of the greatest page number there can be.
pub(super) const LEVEL_MAX: u8 = 15;

/// The level that a page belongs to.
pub(super) fn level_of(page_no: i64) -> u8 {
    u8::try_from(page_no >> ORDER_BITS).unwrap_or(LEVEL_MAX)
}

/// A level, in an open transaction.
pub(super) struct Level<'c> {
    pub(super) connection: &'c Connection,
    /// 1 for the newest keys.
    pub(super) number: u8,
    pub(super) page_entries_max: usize,
}

/// How many keys a change met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// Keys on the rewritten pages before.
    pub(super) before: usize,
    /// Keys on them now.
    pub(super) after: usize,
}

/// Neighbouring pages and the edits that belong to them.
#[derive(Default)]
struct Run {
    page_nos: Vec<i64>,
    entries: Vec<Entry>,
    edits: usize,
}

/// Entries taken out of a level.
pub(super) struct Slice {
    pub(super) entries: Vec<Entry>,
    /// Where the next slice begins.
    pub(super) next_page_no: i64,
    /// Nothing is left: whatever was counted, the level is empty.
    pub(super) is_whole_level: bool,
}

impl Level<'_> {
    fn page_nos(&self) -> Range<i64> {
        let first = i64::from(self.number) << ORDER_BITS;
        first..first.saturating_add(1 << ORDER_BITS)
    }

    /// The number of a page whose least key this is.
    fn page_no(&self, key: KeyHash) -> i64 {
        let order = i64::try_from(number(key) >> (u128::BITS - ORDER_BITS)).unwrap_or(0);
        self.page_nos().start | order
    }

    /// Calls `found` with the place and the first holder of each of the ascending `keys` that is here.
    pub(super) fn find(&self, keys: &[KeyHash], mut found: impl FnMut(usize, i64)) -> Outcome<()> {
        let mut statement = self.connection.prepare_cached(PAGES_FROM)?;
        let mut place = 0;
        while let Some(sought) = keys.get(place) {
            let mut rows = statement.query(self.from(self.page_no(*sought)))?;
            let mut is_first = true;
            loop {
                let Some(row) = rows.next()? else { return Ok(()) };
                let page = PageView::of(row.get_ref(1)?.as_blob()?)?;
                let mut from = 0;
                while let Some(key) = keys.get(place).filter(|key| **key <= page.last) {
                    if let Some(record_no) = page.find(&mut from, *key) {
                        found(place, record_no);
                    }
                    place += 1;
                }
                // The page where the key was sought is the only one that could hold it.
                if is_first && keys.get(place) == Some(sought) {
                    place += 1;
                }
                is_first = false;
                let Some(next) = keys.get(place) else { return Ok(()) };
                let width = number(page.last) - number(page.first);
                let ahead = number(*next).saturating_sub(number(page.last));
                if ahead / WALK_WIDTHS_MAX > width {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes ascending edits, each key once.
    pub(super) fn edit(&self, edits: &[Edit]) -> Outcome<Walked> {
        let mut walked = Walked::default();
        let mut left = edits;
        let mut bytes = Vec::new();
        while let Some(first) = left.first() {
            let run = self.read_run(self.page_no(first.key), left)?;
            let (its_edits, rest) = left.split_at(run.edits);
            let merged = merge(&run.entries, its_edits);
            walked.before += run.entries.len();
            walked.after += merged.len();
            self.write_run(&run.page_nos, &merged, &mut bytes)?;
            left = rest;
        }
        Ok(walked)
    }

    /// Takes at least `count` entries out, whole pages from `from_page_no` on, or as many as there are up to the end.
    pub(super) fn take_slice(&self, from_page_no: i64, count: usize) -> Outcome<Slice> {
        let start = self.page_nos().start;
        let mut slice = Slice { entries: Vec::new(), next_page_no: start, is_whole_level: from_page_no <= start };
        let mut page_nos = Vec::new();
        let mut statement = self.connection.prepare_cached(PAGES_FROM)?;
        let mut rows = statement.query(self.from(from_page_no))?;
        while let Some(row) = rows.next()? {
            let page_no = row.get(0)?;
            if slice.entries.len() >= count {
                slice.next_page_no = page_no;
                slice.is_whole_level = false;
                break;
            }
            PageView::of(row.get_ref(1)?.as_blob()?)?.append_to(&mut slice.entries);
            page_nos.push(page_no);
        }
        drop(rows);
        self.remove_pages(&page_nos)?;
        Ok(slice)
    }

    /// Parameters for reading from the page that covers this number on, or from the first one.
    fn from(&self, page_no: i64) -> (i64, i64, i64) {
        let page_nos = self.page_nos();
        let page_no = if page_nos.contains(&page_no) { page_no } else { page_nos.start };
        (page_nos.start, page_no, page_nos.end)
    }

    /// Reads on while the pages are touched by edits, all of which come before anything is written.
    fn read_run(&self, from_page_no: i64, edits: &[Edit]) -> Outcome<Run> {
        let mut run = Run { edits: edits.len(), ..Run::default() };
        let mut statement = self.connection.prepare_cached(PAGES_FROM)?;
        let mut rows = statement.query(self.from(from_page_no))?;
        while let Some(row) = rows.next()? {
            let page_no: i64 = row.get(0)?;
            let page = PageView::of(row.get_ref(1)?.as_blob()?)?;
            if !run.page_nos.is_empty() {
                let own_edits = edits.partition_point(|edit| self.page_no(edit.key) < page_no);
                let touches = edits.get(own_edits).is_some_and(|edit| edit.key <= page.last);
                if !touches || run.page_nos.len() >= RUN_PAGES_MAX {
                    run.edits = own_edits;
                    break;
                }
            }
            page.append_to(&mut run.entries);
            run.page_nos.push(page_no);
        }
        Ok(run)
    }

    fn write_run(&self, old_page_nos: &[i64], entries: &[Entry], bytes: &mut Vec<u8>) -> Outcome<()> {
        let pages = cut(entries, self.page_entries_max, |key| self.page_no(key));
        let page_nos = pages.iter().filter_map(|page| page.first()).map(|first| self.page_no(first.key));
        let page_nos: Vec<i64> = page_nos.collect();
        let gone: Vec<i64> = old_page_nos.iter().filter(|old| page_nos.binary_search(old).is_err()).copied().collect();
        self.remove_pages(&gone)?;
        let mut statement = self.connection.prepare_cached(WRITE_PAGE)?;
        for (page_no, page) in page_nos.into_iter().zip(pages) {
            encode(page, bytes);
            statement.execute((page_no, &*bytes))?;
        }
        Ok(())
    }

    fn remove_pages(&self, page_nos: &[i64]) -> Outcome<()> {
        let mut statement = self.connection.prepare_cached(REMOVE_PAGE)?;
        for page_no in page_nos {
            statement.execute([page_no])?;
        }
        Ok(())
    }
}
