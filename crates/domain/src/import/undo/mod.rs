//! Undo: takes back what an import job wrote, row by row, as a job of its own.
//!
//! Row `n` of an undo is row `n` of the job it undoes. A record that the job made is removed; one that it changed gets its
//! values from before the job's first change, its place in the list too, and is deleted again if it was; one that somebody
//! has changed since is left as it is and named. Owns whether a job can be undone and what becomes of each row. Pure: the
//! store says what the job wrote ([`Image`]) and what is there now ([`Present`]), and carries the [`UndoPlan`] out.

mod options;
mod plan;
mod values;

use std::collections::HashMap;
use std::time::Duration;

pub use options::OptionUse;
pub use plan::plan_undo;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{ApiKeyId, JobId, ListId, RecordId, RecordIdSpace};
use crate::import::job::{JobKind, JobSnapshot, JobSpec};
use crate::import::judge::JudgeContext;
use crate::import::outcome::Outcome;
use crate::import::plan::KeyChange;
use crate::import::tally::Tally;
use crate::retention::is_expired;

/// Why a job is not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoRefusal {
    /// The team has no such job.
    NotFound,
    /// It has not ended: cancel it first, or wait.
    Unfinished,
    /// It is an undo itself: the import can be sent again.
    IsUndo,
    /// It is a dry run, which has written nothing.
    IsDryRun,
    /// This job is undoing it.
    UnderWay(JobId),
}

/// Why a job may not be undone as it stands, if there is a reason. `under_way` is the undo of it that has not ended.
///
/// A job that was undone may be undone again: there is nothing left to take back but what was refused then.
#[must_use]
pub fn refusal(
    undone: &JobSnapshot,
    retention: Duration,
    now: Timestamp,
    under_way: Option<JobId>,
) -> Option<UndoRefusal> {
    let ended_at = undone.state.ended_at();
    if is_expired(undone.spec.created_at, ended_at, retention, now) {
        return Some(UndoRefusal::NotFound);
    }
    if undone.spec.kind.is_undo() {
        return Some(UndoRefusal::IsUndo);
    }
    if undone.spec.kind.is_dry_run() {
        return Some(UndoRefusal::IsDryRun);
    }
    if ended_at.is_none() {
        return Some(UndoRefusal::Unfinished);
    }
    under_way.map(UndoRefusal::UnderWay)
}

/// The job that takes back what `undone` wrote of its first `attempted` rows.
#[must_use]
pub fn undo_of(undone: &JobSpec, attempted: u32, id: JobId, key_id: ApiKeyId, now: Timestamp) -> JobSpec {
    JobSpec {
        id,
        kind: JobKind::Undo { of: undone.id },
        key_id,
        total: attempted,
        created_at: now,
        options: undone.options.clone(),
        ..*undone
    }
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The values in the list.
    pub values: String,
    /// 1 for one that has just joined, one more with every change of the values. Known to stores alone.
    pub version: u64,
}

/// What a job did to a record that was there before the chunk that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The record's version before the job's first change.
    pub version_before: u64,
    /// Its version after the job's last.
    pub version_after: u64,
    /// Whether it was deleted before the job's first change, which brought it back.
    pub deleted: bool,
    /// Whether somebody else wrote it between two changes of the job.
    pub mixed: bool,
    /// Whether an undo has given the record its values back.
    pub restored: bool,
    /// Its values before the job changed them; `None` where the job left them alone.
    pub body: Option<String>,
    /// Its place in the job's list before the job's first change; `None` when it had none.
    pub entry: Option<Entry>,
    /// The version of its place after the job's last change; `None` when it has none.
    pub entry_after: Option<u64>,
}

/// A record as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Whether the job made it, in whichever row.
    pub made: bool,
    /// Its version.
    pub version: u64,
    /// The earlier version that an undo has given it the values of; its own otherwise.
    pub stands_for: u64,
    /// Whether it is hidden.
    pub deleted: bool,
    /// Whether its team may only read it.
    pub read_only: bool,
    /// Its values.
    pub body: String,
    /// Its place in the job's list.
    pub entry: Option<Entry>,
    /// Whether it has a place in another list.
    pub is_elsewhere: bool,
}

/// What the store found for an undo.
#[derive(Debug, Default)]
pub struct UndoFound {
    /// Of the records that the rows name, those that the job changed, as they were before.
    pub images: HashMap<RecordId, Image>,
    /// Of those, and of the records that the rows made, those that are still there.
    pub present: HashMap<RecordId, Present>,
}

/// Everything an undo of consecutive rows is planned from.
#[derive(Debug)]
pub struct UndoInput<'a> {
    /// Says which keys records hold and which values the schema still knows.
    pub context: &'a JudgeContext,
    /// The list that the job wrote to.
    pub list_id: Option<ListId>,
    /// Where the ids of the job's records come from.
    pub record_ids: RecordIdSpace,
    /// Index of the first row.
    pub first_row: u32,
    /// What became of the rows in the job.
    pub outcomes: &'a [Outcome],
    /// What the store found.
    pub found: UndoFound,
}

/// What becomes of rows that are undone.
#[derive(Debug, Default)]
pub struct UndoPlan {
    /// One a row, in order; see [`Outcome`] for what they mean here.
    pub outcomes: Vec<Outcome>,
    /// The sums of the outcomes.
    pub tally: Tally,
    /// Records to remove for good, by id, with their place in the job's list.
    pub removals: Vec<RecordId>,
    /// Records to give their values back, by id.
    pub restores: Vec<Restore>,
    /// Keys taken and given up, by key.
    pub key_changes: Vec<KeyChange>,
}

/// A record that gets its values back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Which.
    pub id: RecordId,
    /// Its values from now on, if they change: with them its version grows.
    pub body: Option<String>,
    /// Whether it is deleted again: it gives its keys up, and its version grows.
    pub hides: bool,
    /// What becomes of its place in the job's list.
    pub entry: EntryRestore,
    /// Its version when this is done.
    pub version: u64,
}

/// What becomes of a place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryRestore {
    /// It stays as it is.
    Stays,
    /// It is given up.
    Leaves,
    /// It has these values again, and their version.
    Becomes(Entry),
}

/// Stands for the record of a row that wrote none, so that there is nothing to take back.
pub const NO_RECORD: RecordId = RecordId(Uuid::nil());

/// Whether this is the id that a row of the job would give the record it makes.
#[must_use]
pub fn is_own_id(spec: &JobSpec, id: RecordId) -> bool {
    spec.record_ids.row_of(id).is_some_and(|row| row < spec.total)
}

/// The record that a row made or met, and whether it made it; `None` for a row that was rejected.
#[must_use]
pub fn record_of(outcome: &Outcome, record_ids: &RecordIdSpace, row: u32) -> Option<(RecordId, bool)> {
    let made = matches!(outcome, Outcome::Created { .. });
    outcome.record_id(record_ids, row).map(|id| (id, made))
}
