//! All or nothing: what is left of a plan one of whose rows was rejected. Such an import is planned in one chunk.

use crate::error::{RowCode, RowError};
use crate::import::options::ImportOptions;
use crate::import::outcome::Outcome;
use crate::import::plan::{ChunkPlan, Found, Holders, Lookup, MovedClaim};
use crate::import::tally::Tally;

/// The plan that writes nothing, where the options ask for all or nothing and it is not all.
pub(super) fn undone(options: &ImportOptions, lookup: &Lookup, found: &Found, plan: &ChunkPlan) -> Option<ChunkPlan> {
    let place = plan.outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)))?;
    if !options.atomic {
        return None;
    }
    let more = plan.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Rejected(_))).count() - 1;
    let others = if more == 0 { String::new() } else { format!(", and {more} more,") };
    let message = format!(
        "the import is all or nothing, and another row (input_index {place}){others} could not be taken; mend what is wrong \
         there and send all again"
    );
    let turned_down = || Outcome::Rejected(Box::new(RowError::new("", RowCode::AnotherRowFailed, message.clone())));
    let outcomes = plan.outcomes.iter().map(|outcome| match outcome {
        Outcome::Rejected(_) | Outcome::Skipped(_) => outcome.clone(),
        Outcome::Created { .. } | Outcome::Existing(_) | Outcome::Updated(_) => turned_down(),
    });
    let outcomes: Vec<Outcome> = outcomes.collect();
    let given_up = found.holders.iter().zip(&lookup.keys).filter(|(holders, _)| **holders == Holders::Claimed);
    Some(ChunkPlan {
        tally: Tally::of(&outcomes),
        moved_claims: given_up.map(|(_, key)| MovedClaim { key: *key, holder: None }).collect(),
        forecasts: vec![Default::default(); plan.forecasts.len()],
        outcomes,
        ..ChunkPlan::default()
    })
}
