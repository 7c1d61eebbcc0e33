//! Keeping rows from records that their team may only read. Owns when a row would write one.

use super::{Planner, Ready, Target};
use crate::error::RowError;
use crate::grants::read_only;
use crate::ids::RecordId;

impl Planner<'_> {
    /// Refuses a row that would change a record, or its place in the list, that the team may only read; `changes` if it
    /// does so whatever its values. One that changes nothing meets it as any other.
    pub(super) fn check_writable(&self, ready: &Ready<'_>, target: Target, changes: bool) -> Result<(), RowError> {
        let Target::Found(id) = target else { return Ok(()) };
        let is_read_only = self.input.found.records.get(&id).is_some_and(|record| record.read_only);
        if is_read_only && (changes || self.would_change(ready, target, id)) { Err(read_only(id)) } else { Ok(()) }
    }

    fn would_change(&self, ready: &Ready<'_>, target: Target, id: RecordId) -> bool {
        let changes_list = || ready.list.as_ref().is_some_and(|list| self.entry_after(list, self.entry(id)).is_some());
        self.input.context.options().update_existing
            && (self.patched_body(ready, self.body_of(target)).is_some() || changes_list())
    }
}
