//! What a dry run says of a row, and holding a row to what was said of it. Must decide nothing else: it is asked once a row
//! is decided, and before anything of it is kept.

use super::{Planner, Ready, Target};
use crate::error::{RowCode, RowError};
use crate::import::forecast::{Expected, Forecast, changes_between, coming_back, print_of};
use crate::import::outcome::Outcome;
use crate::import::plan::Purpose;

impl Planner<'_> {
    /// A row that makes a record of this body, with these values in the list.
    pub(super) fn foresee_making(
        &mut self,
        ready: &Ready<'_>,
        body: &str,
        list_values: Option<&str>,
    ) -> Result<(), RowError> {
        if self.input.purpose == Purpose::Write {
            return Ok(());
        }
        let forecast = Forecast { print: print_of(&[Some(body), list_values]), changes: Vec::new() };
        self.foresee(ready.row, &Outcome::Created { given_id: ready.extra.given_id }, forecast)
    }

    /// A row that meets a record; with the record's values and its values in the list as they will be, where they change,
    /// and whether it joins the list.
    pub(super) fn foresee_meeting(
        &mut self,
        ready: &Ready<'_>,
        target: Target,
        outcome: &Outcome,
        (body_after, entry_after, joins): (Option<&str>, Option<&str>, bool),
    ) -> Result<(), RowError> {
        if self.input.purpose == Purpose::Write {
            return Ok(());
        }
        let update = self.input.context.options().update_existing;
        // What the row has nothing to do with is none of its business, and may not even have been looked at.
        let returns = self.returns(target);
        let body_before = (update || returns).then(|| self.body_of(target));
        let entry_before = self.entry(self.id_of(target)).filter(|_| !joins && update && ready.list.is_some());
        let bodies = [body_before, body_after, entry_before, entry_after, Some("{}")];
        // One part more where the record comes back; the others have the prints that they always had.
        let print = print_of(if returns { &bodies } else { &bodies[..4] });
        let changes = match self.input.purpose {
            Purpose::DryRun => {
                let own = body_after.map(|after| changes_between("default", body_before.unwrap_or("{}"), after));
                let of_list = entry_after.map(|after| changes_between("list", entry_before.unwrap_or("{}"), after));
                let back = returns.then(coming_back);
                back.into_iter().chain(own.into_iter().flatten()).chain(of_list.into_iter().flatten()).collect()
            }
            Purpose::Write | Purpose::Apply(_) => Vec::new(),
        };
        self.foresee(ready.row, outcome, Forecast { print, changes })
    }

    fn foresee(&mut self, row: u32, outcome: &Outcome, forecast: Forecast) -> Result<(), RowError> {
        if let Some(expected) = self.expected(row) {
            if expected.outcome != *outcome {
                return Err(stale(&expected.outcome, &now(outcome)));
            }
            if expected.print != forecast.print {
                return Err(changed_since(&expected.outcome));
            }
        }
        self.forecast = forecast;
        Ok(())
    }

    /// Keeps what became of a row, once a row that is not carried out has been held to what was said of it too.
    pub(super) fn conclude(&mut self, row: u32, outcome: Outcome) {
        let outcome = match (self.expected(row), outcome) {
            (Some(expected), Outcome::Rejected(error)) if !agrees(&expected.outcome, &error) => {
                let now = format!("it is refused now: {}", error.first.message);
                self.rejected(stale(&expected.outcome, &now))
            }
            (Some(expected), outcome @ Outcome::Skipped(_)) if expected.outcome != outcome => {
                self.rejected(stale(&expected.outcome, &now(&outcome)))
            }
            (_, outcome) => outcome,
        };
        if self.input.purpose == Purpose::DryRun {
            let forecast = std::mem::take(&mut self.forecast);
            let is_written = !matches!(outcome, Outcome::Rejected(_) | Outcome::Skipped(_));
            self.plan.forecasts.push(if is_written { forecast } else { Forecast::default() });
        }
        self.plan.outcomes.push(outcome);
    }

    /// What was said of the row, where a dry run is applied.
    fn expected(&self, row: u32) -> Option<&Expected> {
        let Purpose::Apply(expected) = self.input.purpose else { return None };
        expected.get(row.checked_sub(self.input.chunk.first_row)? as usize)
    }
}

/// Whether a row that is rejected now was to be. Messages may name ids, which the records of a dry run never get.
fn agrees(expected: &Outcome, error: &RowError) -> bool {
    match expected {
        Outcome::Rejected(then) => {
            error.first.code == RowCode::Stale
                || (then.first.code == error.first.code && then.first.field == error.first.field)
        }
        _ => error.first.code == RowCode::Stale,
    }
}

fn stale(expected: &Outcome, now: &str) -> RowError {
    let message = format!("{}; {now}. {REMEDY}", said(expected));
    RowError::new("", RowCode::Stale, message)
}

const REMEDY: &str = "Nothing was written: retry the job to take the row as it is now, or make another dry run";

fn changed_since(expected: &Outcome) -> RowError {
    let what = match expected {
        Outcome::Created { .. } => "by now the row would make it with other values",
        _ => "by now the record, or what the row would make of it, is another",
    };
    stale(expected, what)
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Created { .. } => "the dry run said that this row makes a record".to_owned(),
        Outcome::Existing(id) => format!("the dry run said that this row leaves record {id} as it is"),
        Outcome::Updated(id) => format!("the dry run said that this row changes record {id}"),
        Outcome::Skipped(_) => "the dry run said that this row is passed over".to_owned(),
        Outcome::Rejected(error) => format!("the dry run refused this row ({})", error.first.code),
    }
}

fn now(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Created { .. } => "now it would make a record".to_owned(),
        Outcome::Existing(id) => format!("now it would leave record {id} as it is"),
        Outcome::Updated(id) => format!("now it would change record {id}"),
        Outcome::Skipped(_) => "now it would be passed over".to_owned(),
        Outcome::Rejected(error) => format!("it is refused now: {}", error.first.message),
    }
}
