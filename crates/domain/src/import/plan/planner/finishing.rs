//! The end of a plan: what was collected while rows were planned becomes writes. Must decide nothing of a row.

use super::super::{ChunkPlan, Found, ListEntry, Lookup, Purpose, Touched};
use super::{Planner, Target, atomic, insert_place};
use crate::ids::RecordId;
use crate::import::draft::DraftRecord;
use crate::import::tally::Tally;

impl Planner<'_> {
    pub(super) fn finish(mut self) -> ChunkPlan {
        let inserts = &self.plan.inserts;
        let found: &Found = &self.input.found;
        let (moved, changes) =
            self.slots.settle(self.input.lookup, found, |row| inserts[insert_place(inserts, row)].id);
        self.plan.moved_claims = moved;
        self.plan.key_changes.extend(changes);
        // Stable: changes of one key keep the order in which rows made them.
        self.plan.key_changes.sort_by_key(|change| change.key);
        self.plan.touched = self.touched();
        if self.input.purpose == Purpose::DryRun {
            self.plan.left_behind = self.left_behind();
        }
        self.plan.restores = self.restored.into_iter().collect();
        self.plan.updates = self.changed.into_values().collect();
        let written = self.entries.into_iter().filter(|(_, (_, dirty))| *dirty);
        self.plan.list_entries = written.map(|(record, (values, _))| ListEntry { record, values }).collect();
        self.plan.new_options = self.options.finish();
        if let Some(none) =
            atomic::undone(self.input.context.options(), self.input.lookup, &self.input.found, &self.plan)
        {
            return none;
        }
        self.plan.tally = Tally::of(&self.plan.outcomes);
        self.plan
    }

    /// Where nobody looks at records, a key's holder is all that later rows can ask for.
    fn left_behind(&self) -> Vec<DraftRecord> {
        let Lookup { needs_records, ids, .. } = self.input.lookup;
        let made = self.plan.inserts.iter().filter(|insert| *needs_records || ids.binary_search(&insert.id).is_ok());
        let made = made.map(|insert| (insert.id, self.plan.body(insert, self.input.chunk)));
        let changed = self.touched.keys().map(|id| (*id, self.body_of(Target::Found(*id))));
        let whole = |(id, body): (RecordId, &str)| DraftRecord {
            id,
            body: body.to_owned(),
            list_values: self.entry(id).map(str::to_owned),
        };
        let mut records: Vec<DraftRecord> = made.chain(changed).map(whole).collect();
        records.sort_by_key(|draft| draft.id);
        records
    }

    fn touched(&self) -> Vec<Touched> {
        let touched = self.touched.iter().map(|(record, row)| Touched {
            record: *record,
            row: *row,
            back: self.restored.contains(record),
            body: self.changed.contains_key(record),
            entry: self.entries.get(record).is_some_and(|(_, dirty)| *dirty),
        });
        touched.collect()
    }
}
