//! Decides row by row what is taken back. Owns when a record counts as changed since.

use std::collections::HashMap;

use super::values::still_known;
use super::{EntryRestore, Image, NO_RECORD, Present, Restore, UndoInput, UndoPlan, record_of};
use crate::error::{RowCode, RowError};
use crate::grants::read_only;
use crate::ids::RecordId;
use crate::import::outcome::Outcome;
use crate::import::plan::KeyChange;
use crate::import::tally::Tally;

/// Decides every outcome and every write of an undo of consecutive rows.
///
/// Rows are undone in the order in which they were carried out, and a record at the first row that names it: what the
/// job did to it is one thing, told by its image, however many rows did it.
#[must_use]
pub fn plan_undo(input: &UndoInput<'_>) -> UndoPlan {
    let mut planner = Planner { input, plan: UndoPlan::default(), met: HashMap::new() };
    for (row, outcome) in (input.first_row..).zip(input.outcomes) {
        let undone = planner.undo_row(row, outcome);
        planner.plan.outcomes.push(undone);
    }
    let mut plan = planner.plan;
    plan.removals.sort_unstable();
    plan.restores.sort_unstable_by_key(|restore| restore.id);
    plan.key_changes.sort_by_key(|change| change.key);
    plan.tally = Tally::of(&plan.outcomes);
    plan
}

struct Planner<'p, 'i> {
    input: &'p UndoInput<'i>,
    plan: UndoPlan,
    /// Records that an earlier of these rows names: why they were left, if they were.
    met: HashMap<RecordId, Option<RowError>>,
}

/// What is to become of a record.
enum Verdict<'p> {
    /// The job did nothing to it, or nothing of that is left.
    Nothing,
    /// It must stay as it is.
    Kept(RowError),
    /// The job made it and nobody has touched it since.
    Remove(&'p Present),
    /// The job changed it and nobody has touched it since.
    Restore(&'p Present, &'p Image),
}

impl<'p> Planner<'p, '_> {
    fn undo_row(&mut self, row: u32, outcome: &Outcome) -> Outcome {
        let Some((id, row_made)) = record_of(outcome, &self.input.record_ids, row) else {
            return Outcome::Existing(NO_RECORD);
        };
        if let Some(kept) = self.met.get(&id) {
            return kept.as_ref().map_or(Outcome::Existing(id), |error| Outcome::Rejected(Box::new(error.clone())));
        }
        let verdict = self.verdict(id, row_made);
        let kept = if let Verdict::Kept(error) = &verdict { Some(error.clone()) } else { None };
        self.met.insert(id, kept);
        match verdict {
            Verdict::Nothing => Outcome::Existing(id),
            Verdict::Kept(error) => Outcome::Rejected(Box::new(error)),
            Verdict::Remove(present) => {
                self.change_keys(id, &present.body, "{}");
                self.plan.removals.push(id);
                removed(outcome, id)
            }
            Verdict::Restore(present, image) => {
                self.restore(id, present, image);
                Outcome::Updated(id)
            }
        }
    }

    fn verdict(&self, id: RecordId, row_made: bool) -> Verdict<'p> {
        let found = &self.input.found;
        let image = found.images.get(&id);
        let Some(present) = found.present.get(&id) else { return Verdict::Nothing };
        let made = row_made || present.made;
        if image.is_some_and(|image| image.restored) || (image.is_none() && !made) {
            return Verdict::Nothing;
        }
        let untouched =
            if made { self.is_as_made(present, image) } else { image.is_some_and(|i| is_as_left(present, i)) };
        if !untouched {
            return Verdict::Kept(edited_since(id, present));
        }
        if present.read_only {
            return Verdict::Kept(read_only(id));
        }
        match image.filter(|_| !made) {
            Some(image) => Verdict::Restore(present, image),
            None => Verdict::Remove(present),
        }
    }

    /// Whether a record that the job made is as the job left it, and nobody has put it into another list.
    fn is_as_made(&self, present: &Present, image: Option<&Image>) -> bool {
        let made_entry = self.input.list_id.map(|_| 1);
        let as_left = match image {
            Some(image) => {
                let was_as_made =
                    image.version_before <= 1 && image.entry.as_ref().is_none_or(|entry| entry.version == 1);
                was_as_made && is_as_left(present, image)
            }
            None => has_version(present, 1) && present.entry.as_ref().map(|entry| entry.version) == made_entry,
        };
        as_left && !present.deleted && !present.is_elsewhere
    }

    fn restore(&mut self, id: RecordId, present: &Present, image: &Image) {
        let schema = self.input.context.schema();
        let properties = &self.input.context.type_schema().properties;
        let body = image.body.as_deref().map(|before| still_known(properties, before));
        let body = body.filter(|before| *before != present.body);
        if image.deleted {
            self.change_keys(id, &present.body, "{}");
        } else if let Some(body) = &body {
            self.change_keys(id, &present.body, body);
        }
        let entry = match &image.entry {
            None if image.entry_after.is_none() => EntryRestore::Stays,
            None => EntryRestore::Leaves,
            Some(before) if image.entry_after == Some(before.version) => EntryRestore::Stays,
            Some(before) => {
                let list = self.input.list_id.and_then(|list_id| schema.lists.get(&list_id));
                let mut entry = before.clone();
                entry.values = still_known(list.map_or(&[], |list| list.properties.as_slice()), &before.values);
                EntryRestore::Becomes(entry)
            }
        };
        let version = present.version + u64::from(body.is_some()) + u64::from(image.deleted);
        self.plan.restores.push(Restore { id, body, hides: image.deleted, entry, version });
    }

    fn change_keys(&mut self, record: RecordId, before: &str, after: &str) {
        let old = self.input.context.keys_of_body(before);
        let new = self.input.context.keys_of_body(after);
        let given_up = old.iter().filter(|key| !new.contains(key)).map(|(_, key)| (*key, false));
        let taken = new.iter().filter(|key| !old.contains(key)).map(|(_, key)| (*key, true));
        let changes = given_up.chain(taken).map(|(key, held)| KeyChange { key, record, held });
        self.plan.key_changes.extend(changes);
    }
}

/// Told in the short form where the row made the record itself.
fn removed(outcome: &Outcome, id: RecordId) -> Outcome {
    match outcome {
        Outcome::Created { given_id } => Outcome::Created { given_id: *given_id },
        Outcome::Existing(_) | Outcome::Updated(_) | Outcome::Skipped(_) | Outcome::Rejected(_) => {
            Outcome::Created { given_id: Some(id) }
        }
    }
}

/// Whether a record is as the job that this is the image of has left it.
fn is_as_left(present: &Present, image: &Image) -> bool {
    let entry = present.entry.as_ref().map(|entry| entry.version);
    !image.mixed && !present.deleted && has_version(present, image.version_after) && entry == image.entry_after
}

fn has_version(present: &Present, version: u64) -> bool {
    present.version == version || present.stands_for == version
}

fn edited_since(id: RecordId, present: &Present) -> RowError {
    let what = if present.deleted { "deleted" } else { "changed" };
    let message = format!("record {id} was {what} since the import and stays as it is; change it yourself if it must");
    RowError::new("id", RowCode::EditedSince, message)
}
