//! The end of a plan: what was collected while rows were planned becomes writes. Must decide nothing of a row.

use super::super::{ChunkPlan, Found, ListEntry, Touched};
use super::{Planner, insert_place};
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
        self.plan.updates = self.changed.into_values().collect();
        let written = self.entries.into_iter().filter(|(_, (_, dirty))| *dirty);
        self.plan.list_entries = written.map(|(record, (values, _))| ListEntry { record, values }).collect();
        self.plan.new_options = self.options.finish();
        self.plan.tally = Tally::of(&self.plan.outcomes);
        self.plan
    }

    fn touched(&self) -> Vec<Touched> {
        let touched = self.touched.iter().map(|(record, row)| Touched {
            record: *record,
            row: *row,
            body: self.changed.contains_key(record),
            entry: self.entries.get(record).is_some_and(|(_, dirty)| *dirty),
        });
        touched.collect()
    }
}
