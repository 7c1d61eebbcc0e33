//! Rows whose key deleted records alone have. Owns when such a record is meant and what it takes along when it comes back;
//! a row that a live record matches never comes here.

use super::{Planner, Ready, Target};
use crate::error::{RowCode, RowError};
use crate::ids::RecordId;
use crate::import::plan::FoundRecord;
use crate::import::policy::DeletedMatches;

const RESTORE_OR_SAY: &str =
    "restore the one that is meant, or import with deleted_matches restore, or ignore to make a new record";
const RESTORE_ONE: &str = "restore the one that is meant, or say with on_multiple which it is";

impl Planner<'_> {
    /// The deleted record that a row means which no live one matches; `None` when it makes one.
    pub(super) fn deleted_target(&self, ready: &Ready<'_>) -> Result<Option<Target>, RowError> {
        // An id of the row's own says which record is meant, and that there is none.
        if self.input.found.deleted.is_empty() || ready.extra.given_id.is_some() {
            return Ok(None);
        }
        let matches = self.deleted_matches(ready);
        match (self.input.context.options().deleted_matches, matches.as_slice()) {
            (DeletedMatches::Ignore, _) | (_, []) => Ok(None),
            (DeletedMatches::Fail, some) => {
                Err(self.several_match(some, RowCode::DeletedMatch, ("deleted ", RESTORE_OR_SAY)))
            }
            (DeletedMatches::Restore, [one]) => Ok(Some(*one)),
            (DeletedMatches::Restore, several) => {
                let meant = self
                    .preferred(several)
                    .ok_or_else(|| self.several_match(several, RowCode::MultipleMatches, ("deleted ", RESTORE_ONE)))?;
                Ok(Some(meant))
            }
        }
    }

    /// The deleted records that have one of the row's keys, each once.
    fn deleted_matches(&self, ready: &Ready<'_>) -> Vec<Target> {
        let mut matches = Vec::new();
        for place in self.input.lookup.slots_of(ready.good) {
            for id in self.input.found.deleted.get(&place).into_iter().flatten() {
                let target = Target::Found(*id);
                let is_meant = self.returns(target) && self.holds_exactly(target, &ready.extra.exact);
                if is_meant && !matches.contains(&target) {
                    matches.push(target);
                }
            }
        }
        matches
    }

    /// Whether a found record is deleted, and no earlier row has brought it back.
    pub(super) fn is_hidden(&self, id: RecordId, record: &FoundRecord) -> bool {
        record.deleted && !self.restored.contains(&id)
    }

    /// Whether a row that meets this record brings it back.
    pub(super) fn returns(&self, target: Target) -> bool {
        let Target::Found(id) = target else { return false };
        let found = &self.input.found;
        !found.deleted.is_empty() && found.records.get(&id).is_some_and(|record| self.is_hidden(id, record))
    }

    /// Lets a deleted record be live from now on, and hold the keys of its values again.
    pub(super) fn bring_back(&mut self, target: Target, id: RecordId) {
        let body = self.body_of(target).to_owned();
        self.rekey(target, id, "{}", &body);
        self.restored.insert(id);
    }
}
