//! Rows of a job as they came in, beside what became of them: those that did not get in, to be corrected or tried again.

use std::collections::VecDeque;

use refract_domain::import::fate::Fate;
use refract_domain::import::outcome::Outcome;
use refract_store::{Caller, StoreError};

use crate::outcomes::JobOutcomes;
use crate::{Engine, EngineError, JobView};

/// Raw bytes read at a time.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// Which rows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsLeft {
    /// Those that were rejected.
    Failed,
    /// Those, and those that an ended job did not come to.
    FailedOrNotAttempted,
}

impl RowsLeft {
    /// Whether a row is one of these.
    #[must_use]
    pub const fn holds(self, fate: &Fate) -> bool {
        match fate {
            Fate::Reached(outcome) | Fate::Foreseen(outcome, _) => matches!(outcome, Outcome::Rejected(_)),
            Fate::NotAttempted => matches!(self, Self::FailedOrNotAttempted),
        }
    }
}

/// A row of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its index.
    pub row: u32,
    /// What became of it.
    pub fate: Fate,
    /// As it was staged.
    pub raw: Vec<u8>,
}

/// The rows of a job that did not get in, in their order, read in pieces.
pub struct JobRows {
    outcomes: JobOutcomes,
    which: RowsLeft,
    /// Rows that are wanted and not read yet.
    wanted: VecDeque<(u32, Fate)>,
}

impl Engine {
    /// The rows of a job that did not get in.
    #[must_use]
    pub fn rows_left(&self, caller: &Caller, view: &JobView, which: RowsLeft) -> JobRows {
        JobRows { outcomes: self.outcomes(caller, view), which, wanted: VecDeque::new() }
    }
}

impl JobRows {
    /// The job whose rows these are.
    #[must_use]
    pub fn view(&self) -> &JobView {
        self.outcomes.view()
    }

    /// The next rows, about as many as fit a piece; `None` after the last.
    ///
    /// # Errors
    /// [`EngineError::RowsLost`] when they are not there any more, or cannot be read; as [`JobOutcomes::next`].
    pub async fn next(&mut self) -> Result<Option<Vec<JobRow>>, EngineError> {
        while self.wanted.is_empty() {
            let Some(fates) = self.outcomes.next().await? else { return Ok(None) };
            self.wanted.extend(fates.rows().filter(|(_, fate)| self.which.holds(fate)));
        }
        let (Some((first, _)), Some((last, _))) = (self.wanted.front(), self.wanted.back()) else { return Ok(None) };
        let (first, rows_max) = (*first, (last - first) as usize + 1);
        let spec = &self.outcomes.view().snapshot.spec;
        let chunk = self.outcomes.store().load_chunk(spec, first, rows_max, PIECE_BYTES_MAX).await;
        let chunk = chunk.map_err(|error| match error {
            StoreError::StagedRowsLost(text) | StoreError::Corrupt(text) => EngineError::RowsLost(text),
            other => EngineError::Store(other),
        })?;
        let mut rows = Vec::new();
        for (row, raw) in (first..).zip(chunk.rows()) {
            if let Some((row, fate)) = self.wanted.pop_front_if(|(wanted, _)| *wanted == row) {
                rows.push(JobRow { row, fate, raw: raw.to_vec() });
            }
        }
        if rows.is_empty() {
            return Err(EngineError::RowsLost(format!("row {first} of job {} is not there", spec.id)));
        }
        Ok(Some(rows))
    }
}
