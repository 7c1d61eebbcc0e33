//! Insisting on values that must be there. Owns when that is asked of a row; what is missing is said by the property's
//! module.

use super::{Planner, Ready, Target};
use crate::error::RowError;
use crate::ids::RecordId;
use crate::property::missing_required;

impl Planner<'_> {
    /// Insists on the values that a new record, or new member of the list, must have; imports insist on none.
    pub(super) fn check_required(&self, body: &str, list_values: Option<&str>) -> Result<(), RowError> {
        let context = self.input.context;
        if !context.insists() {
            return Ok(());
        }
        let mut faults = missing_required("default", &context.type_schema().properties, None, body);
        if let (Some(list), Some(values)) = (context.list(), list_values) {
            faults.extend(missing_required("list", &list.properties, None, values));
        }
        RowError::of(faults).map_or(Ok(()), Err)
    }

    /// Insists that a patch leaves the values that must be there.
    pub(super) fn check_still_there(
        &self,
        ready: &Ready<'_>,
        target: Target,
        id: RecordId,
        joins: bool,
    ) -> Result<(), RowError> {
        let context = self.input.context;
        if !context.insists() {
            return Ok(());
        }
        let mut faults = Vec::new();
        if context.options().update_existing {
            let before = self.body_of(target);
            if let Some(after) = self.patched_body(ready, before) {
                faults.extend(missing_required("default", &context.type_schema().properties, Some(before), &after));
            }
        }
        if let (Some(list), Some(schema)) = (&ready.list, context.list()) {
            let before = self.entry(id).filter(|_| !joins);
            if let Some(after) = self.entry_after(list, before) {
                faults.extend(missing_required("list", &schema.properties, before, &after));
            }
        }
        RowError::of(faults).map_or(Ok(()), Err)
    }
}
