//! What became of a job's rows, read in order and in pieces, so that memory stays bounded whatever the job's size.

use std::sync::Arc;

use refract_domain::import::fate::Fate;
use refract_domain::import::forecast;
use refract_domain::import::outcome::decode;
use refract_domain::import::summary::{FaultGroup, Summary};
use refract_domain::page_cursor::PageSigner;
use refract_store::{Caller, OutcomePiece, SharedStore};

use crate::jobs::foreign_cursor;
use crate::{Engine, EngineError, JobView};

/// Rows handed on at once that a job did not come to.
const NOT_ATTEMPTED_MAX: u32 = 4_096;

/// Pieces read for one page at most: a rare outcome in a large job is not looked for without end.
const PIECES_A_PAGE_MAX: usize = 64;

/// Most rows on a page.
const RESULTS_PAGE_MAX: usize = 1_000;

/// The fates of a job's rows, as the job stands in a [`JobView`]: what a store may hold beyond its cursor is left out.
pub struct JobOutcomes {
    store: SharedStore,
    caller: Caller,
    view: JobView,
    next_row: u32,
}

/// Consecutive rows and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fates {
    /// Index of the first row.
    pub first_row: u32,
    /// One a row.
    pub fates: Vec<Fate>,
}

impl Fates {
    /// The rows with their indexes.
    pub fn rows(self) -> impl Iterator<Item = (u32, Fate)> {
        (self.first_row..).zip(self.fates)
    }
}

/// A page of rows and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FatesPage {
    /// The rows that were asked for, in order.
    pub rows: Vec<(u32, Fate)>,
    /// What asks for the next page; `None` when there is none and there will be none.
    pub next_cursor: Option<String>,
}

impl Engine {
    /// What became of a job's rows from the first on. A job that has ended has a fate for every row, one that has not for
    /// those before its cursor.
    #[must_use]
    pub fn outcomes(&self, caller: &Caller, view: &JobView) -> JobOutcomes {
        JobOutcomes { store: Arc::clone(&self.store), caller: *caller, view: view.clone(), next_row: 0 }
    }

    /// What is wrong with a job's rows: the faults by code and field, those of most rows first, and how many are of no
    /// group.
    ///
    /// # Errors
    /// As [`JobOutcomes::next`].
    pub async fn fault_groups(&self, caller: &Caller, view: &JobView) -> Result<(Vec<FaultGroup>, u64), EngineError> {
        let (mut summary, mut outcomes) = (Summary::default(), self.outcomes(caller, view));
        let mut left = view.counters.failed;
        while left > 0 {
            let Some(fates) = outcomes.next().await? else { break };
            for (row, fate) in fates.rows() {
                if let Some(error) = fate.error() {
                    summary.add(row, error);
                    left -= 1;
                }
            }
        }
        Ok(summary.finish())
    }

    /// A page of the rows for which `wanted` holds. `asked` names what `wanted` asks; a cursor is good for that alone.
    ///
    /// A page may be short, even empty, and have another one after it: the search for what is rare is cut, and a job that
    /// has not ended will have more.
    ///
    /// # Errors
    /// [`EngineError::Query`] when the cursor is not one of this question; as [`JobOutcomes::next`].
    pub async fn outcomes_page(
        &self,
        caller: &Caller,
        view: &JobView,
        (asked, wanted): (&str, impl Fn(&Fate) -> bool),
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FatesPage, EngineError> {
        let signer = PageSigner::new(&self.store.key_hasher(), caller.team_id);
        let question = [b"results", &view.snapshot.spec.id.as_bytes()[..], asked.as_bytes()].concat();
        let mut outcomes = self.outcomes(caller, view);
        if let Some(cursor) = cursor {
            let place = signer.open(&question, cursor).and_then(|place| place.try_into().ok());
            outcomes.next_row = place.map(u32::from_be_bytes).ok_or_else(foreign_cursor)?;
        }
        let limit = limit.clamp(1, RESULTS_PAGE_MAX);
        let mut rows = Vec::new();
        let mut next_row = outcomes.next_row;
        let mut pieces = 0;
        'reading: while pieces < PIECES_A_PAGE_MAX {
            let Some(fates) = outcomes.next().await? else { break };
            pieces += 1;
            for (row, fate) in fates.rows() {
                if rows.len() == limit {
                    break 'reading;
                }
                next_row = row + 1;
                if wanted(&fate) {
                    rows.push((row, fate));
                }
            }
        }
        let has_more = next_row < view.snapshot.spec.total;
        Ok(FatesPage { rows, next_cursor: has_more.then(|| signer.sign(&question, &next_row.to_be_bytes())) })
    }
}

impl JobOutcomes {
    /// The job whose rows these are.
    #[must_use]
    pub fn view(&self) -> &JobView {
        &self.view
    }

    /// The store that they are read from.
    pub(crate) fn store(&self) -> &SharedStore {
        &self.store
    }

    /// The fates of the rows that follow; `None` after the last.
    ///
    /// # Errors
    /// The store's; [`EngineError::Internal`] when what is kept cannot be read.
    pub async fn next(&mut self) -> Result<Option<Fates>, EngineError> {
        let first_row = self.next_row;
        let snapshot = &self.view.snapshot;
        let fates = if first_row < snapshot.cursor {
            let piece = self.store.results(&self.caller, snapshot.spec.id, first_row).await?;
            let fates = piece.and_then(|piece| fates_of(&piece, first_row, snapshot.cursor));
            let lost =
                || EngineError::Internal(format!("the results of job {} end at row {first_row}", snapshot.spec.id));
            fates.ok_or_else(lost)?
        } else if snapshot.state.ended_at().is_some() && first_row < snapshot.spec.total {
            let rows = (snapshot.spec.total - first_row).min(NOT_ATTEMPTED_MAX);
            vec![Fate::NotAttempted; rows as usize]
        } else {
            return Ok(None);
        };
        self.next_row += u32::try_from(fates.len()).unwrap_or(u32::MAX);
        Ok(Some(Fates { first_row, fates }))
    }
}

/// The fates of the rows of a piece from `first_row` on and before `end_row`; `None` when they cannot be read.
fn fates_of(piece: &OutcomePiece, first_row: u32, end_row: u32) -> Option<Vec<Fate>> {
    let skipped = first_row.checked_sub(piece.first_row)? as usize;
    let outcomes: Vec<_> = decode(&piece.encoded).collect::<Option<_>>()?;
    if outcomes.len() != piece.rows as usize || skipped >= outcomes.len() {
        return None;
    }
    let wanted = (end_row - first_row) as usize;
    let outcomes = outcomes.into_iter().skip(skipped).take(wanted);
    if piece.forecast.is_empty() {
        return Some(outcomes.map(Fate::Reached).collect());
    }
    let forecasts = forecast::decode(&piece.forecast).filter(|forecasts| forecasts.len() == piece.rows as usize)?;
    let changes = forecasts.into_iter().skip(skipped).map(|forecast| forecast.changes.into_boxed_slice());
    Some(outcomes.zip(changes).map(|(outcome, changes)| Fate::Foreseen(outcome, changes)).collect())
}
