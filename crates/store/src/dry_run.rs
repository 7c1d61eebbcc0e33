//! The verbs of dry runs beside those of every import. Each is one transaction.
//!
//! A dry run is a job whose chunks go through [`apply_chunk`](crate::ImportVerbs::apply_chunk) as those of an import do:
//! what they would write is drafted beside the job, where later chunks find it, and goes once the job has ended.

use std::time::Duration;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordIdSpace};
use refract_domain::import::apply::ApplyRefusal;
use refract_domain::import::forecast::{self, Expected};
use refract_domain::import::job::JobSpec;
use refract_domain::import::outcome::decode;
use refract_domain::import::plan::NewOption;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};
use crate::import::OutcomePiece;

/// Makes the application of a dry run a job.
pub struct AdmitApply {
    /// Who.
    pub caller: Caller,
    /// The dry run.
    pub of: JobId,
    /// How long ended jobs are kept: one that has expired is not there.
    pub retention: Duration,
    /// The new job's public id, from the engine's id source.
    pub job_id: JobId,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<ApplyEffect>>,
}

/// What came of a request to apply a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyEffect {
    /// It is a queued job (`refract_domain::import::apply::apply_of`).
    Admitted(JobSpec),
    /// It is not to be; nothing was written.
    Refused(ApplyRefusal),
}

/// Drafted keys and records that go in one transaction, each at most this many; see [`Purged::drafts`](crate::Purged).
pub const DRAFTS_PURGED_MAX: usize = 20_000;

impl OutcomePiece {
    /// What the rows `from_row..end_row` of a dry run must come to in the job that applies it, out of consecutive pieces that
    /// hold them. `dry_run` is where its record ids come from, and its rows; `own` is where those of the other job do. For
    /// backends.
    pub fn expected_of(
        pieces: &[Self],
        (from_row, end_row): (u32, u32),
        dry_run: (&RecordIdSpace, u32),
        own: &RecordIdSpace,
    ) -> Result<Vec<Expected>, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("what was said of rows {from_row} to {end_row}"));
        let mut expected = Vec::with_capacity(end_row.saturating_sub(from_row) as usize);
        for piece in pieces {
            let forecasts = forecast::decode(&piece.forecast).ok_or_else(corrupt)?;
            for ((row, outcome), forecast) in (piece.first_row..).zip(decode(&piece.encoded)).zip(forecasts) {
                let outcome = outcome.ok_or_else(corrupt)?;
                if (from_row..end_row).contains(&row) {
                    expected.push(Expected::of(outcome, forecast.print, dry_run, own));
                }
            }
        }
        if expected.len() == end_row.saturating_sub(from_row) as usize { Ok(expected) } else { Err(corrupt()) }
    }
}

/// The verbs of dry runs.
#[async_trait]
pub trait DryRunVerbs {
    /// Makes the application of a dry run a queued job with record ids of its own, unless there are reasons against it
    /// (`refract_domain::import::apply::refusal`). It reads the staged rows of the dry run, which no purge removes as long as
    /// this job is there.
    async fn admit_apply(&self, command: AdmitApply) -> Result<Answered<ApplyEffect>, StoreError>;

    /// The options that the chunks of a dry run would have made so far, in order; its next rows are judged under a schema
    /// that has them (`JudgeContext::with_drafted_options`). None of a job that has ended.
    async fn drafted_options(&self, caller: &Caller, job_id: JobId) -> Result<Vec<NewOption>, StoreError>;
}
