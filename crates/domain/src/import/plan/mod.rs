//! The plan of a chunk: every outcome and every write, decided from judged rows and what the store found.
//!
//! All dedupe semantics live here, once, for every store. The store's part is mechanical and stands in three steps,
//! all in the chunk's transaction: look up what [`Lookup`] asks for ([`Found`]), call [`plan_chunk`], write the
//! [`ChunkPlan`]. Rows are planned one by one in input order, each against the state the rows before it leave behind,
//! so that the outcome does not depend on how an import is cut.

mod late;
mod lookup;
mod planner;
mod slots;

use std::collections::HashMap;
use std::ops::Range;

pub use lookup::Lookup;
pub use planner::plan_chunk;

use crate::ids::{ListId, RecordId, RecordIdSpace};
use crate::import::draft::DraftRecord;
use crate::import::forecast::{Expected, Forecast};
use crate::import::job::JobKind;
use crate::import::judge::JudgeContext;
use crate::import::outcome::Outcome;
use crate::import::row::JudgedChunk;
use crate::import::tally::Tally;
use crate::key::KeyHash;
use crate::object_type::ObjectType;
use crate::property::SelectOption;

/// Everything a plan is made from.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// What the rows were judged under; the store has checked that this is still the team's schema.
    pub context: &'a JudgeContext,
    /// The rows.
    pub chunk: &'a JudgedChunk,
    /// What was asked of the store.
    pub lookup: &'a Lookup,
    /// What it found.
    pub found: Found,
    /// Where new records' ids come from.
    pub record_ids: RecordIdSpace,
    /// How many options the job may still make.
    pub new_options_left: u32,
    /// What becomes of the plan.
    pub purpose: Purpose<'a>,
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// To be written.
    Write,
    /// To be told, and never written: with what is said of each row ([`ChunkPlan::forecasts`]).
    DryRun,
    /// To be written as far as it is what a dry run said, which is here for each row of the chunk; other rows are stale.
    Apply(&'a [Expected]),
}

impl<'a> Purpose<'a> {
    /// What becomes of the rows of a job; `expected` is what its dry run said of them, where it applies one.
    #[must_use]
    pub fn of(kind: JobKind, expected: Option<&'a [Expected]>) -> Self {
        match (kind, expected) {
            (JobKind::DryRun, _) => Self::DryRun,
            (_, Some(expected)) => Self::Apply(expected),
            (_, None) => Self::Write,
        }
    }
}

/// Who holds a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holders {
    /// Nobody did: the store has claimed it for the record of the key's first row ([`Lookup::first_rows`]).
    Claimed,
    /// One live record.
    Held(RecordId),
    /// Several live records.
    Shared(Vec<RecordId>),
}

/// What the store found inside the transaction.
#[derive(Debug, Default)]
pub struct Found {
    /// Who holds each of [`Lookup::keys`], in that order.
    pub holders: Vec<Holders>,
    /// Of [`Lookup::ids`] those the team has, of any type, deleted or not; every record in `deleted`; and, if
    /// [`Lookup::needs_records`], every record that holds a key.
    pub records: HashMap<RecordId, FoundRecord>,
    /// Deleted records that have keys, by the place in [`Lookup::keys`]; looked for where [`Lookup::seeks_deleted`] says so.
    pub deleted: HashMap<usize, Vec<RecordId>>,
}

impl Found {
    /// Adds a deleted record that has the keys at these places ([`Lookup::places_of`]).
    pub fn add_deleted(&mut self, places: &[usize], id: RecordId, record: FoundRecord) {
        for place in places {
            self.deleted.entry(*place).or_default().push(id);
        }
        self.records.insert(id, record);
    }
}

/// A record as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// Its type.
    pub object_type: ObjectType,
    /// Whether it is soft-deleted.
    pub deleted: bool,
    /// Whether its team may only read it.
    pub read_only: bool,
    /// Its values.
    pub body: String,
    /// Its values in the list of [`Lookup::list_id`]; `None` when it is no member.
    pub list_values: Option<String>,
}

/// What becomes of a chunk: outcomes to keep, writes to carry out.
#[derive(Debug, Default)]
pub struct ChunkPlan {
    /// One a row, in order.
    pub outcomes: Vec<Outcome>,
    /// The sums of the outcomes.
    pub tally: Tally,
    /// Records to make, in row order, so that their ids ascend unless rows carry ids.
    pub inserts: Vec<Insert>,
    /// Deleted records that come back, by id; before anything else is done to them.
    pub restores: Vec<RecordId>,
    /// Records to change, in id order; each once.
    pub updates: Vec<Update>,
    /// Claimed keys that do not come to the record of their first row, with the record that holds them instead, if any.
    pub moved_claims: Vec<MovedClaim>,
    /// Other keys taken or given up, by key; changes of one key in the order in which they apply.
    pub key_changes: Vec<KeyChange>,
    /// List memberships made or changed, by record id; each once.
    pub list_entries: Vec<ListEntry>,
    /// Options to make, in order.
    pub new_options: Vec<NewOption>,
    /// Found records that are changed, themselves or in the list, by id; each once.
    pub touched: Vec<Touched>,
    /// One a row, in order, of a dry run; otherwise none.
    pub forecasts: Vec<Forecast>,
    /// Of a dry run: the records that later rows may meet as this chunk would leave them, by id; otherwise none.
    pub left_behind: Vec<DraftRecord>,
}

impl ChunkPlan {
    /// The body of a record to be made.
    #[must_use]
    pub fn body<'a>(&self, insert: &'a Insert, chunk: &'a JudgedChunk) -> &'a str {
        match &insert.body {
            InsertBody::Judged(range) => chunk.text.get(range.clone()).unwrap_or("{}"),
            InsertBody::Own(body) => body,
        }
    }
}

/// A record to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// Index of its row in the import; it numbers the record in [`RecordIdSpace`].
    pub row: u32,
    /// Its id.
    pub id: RecordId,
    /// Its values.
    pub body: InsertBody,
}

/// Where the body of a new record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertBody {
    /// As it was judged, at this place of [`JudgedChunk::text`].
    Judged(Range<usize>),
    /// Put together by the plan.
    Own(String),
}

/// A record to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Which.
    pub id: RecordId,
    /// Its values before the chunk, should somebody want them back.
    pub before: String,
    /// Its values after the chunk.
    pub after: String,
}

/// A claimed key that goes elsewhere than to the record of its first row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedClaim {
    /// The key: one of [`Lookup::keys`].
    pub key: KeyHash,
    /// The record that holds it; `None` gives the key up.
    pub holder: Option<RecordId>,
}

/// A key that a record takes or gives up. Taking a key twice, or giving up one that is not held, changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: KeyHash,
    /// The record.
    pub record: RecordId,
    /// Whether it holds the key from now on.
    pub held: bool,
}

/// A record that was there and is changed: what it was before must be kept if the import may be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The record.
    pub record: RecordId,
    /// Index of the last row that changes it.
    pub row: u32,
    /// Whether it is deleted and comes back.
    pub back: bool,
    /// Whether its own values change.
    pub body: bool,
    /// Whether its place in the list does: it joins, or has other values there.
    pub entry: bool,
}

/// A record's membership of the import's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The member.
    pub record: RecordId,
    /// Its values in the list.
    pub values: String,
}

/// An option to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOption {
    /// The list in whose scope the property lives.
    pub list_id: Option<ListId>,
    /// The property's slug.
    pub property: String,
    /// The option.
    pub option: SelectOption,
}
