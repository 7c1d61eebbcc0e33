//! A retry: those rows of an ended job that did not get in, as a job of its own.

use std::sync::Arc;

use refract_domain::ids::JobId;
use refract_domain::import::job::{JobKind, JobSpec};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::table::SchemaToBe;
use refract_domain::object_type::ObjectType;
use refract_store::{Answered, Caller};
use thiserror::Error;

use crate::idempotency::IdempotentRequest;
use crate::rows::RowsLeft;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// Why a job cannot be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RetryFault {
    /// There is none of this id, or it has expired.
    #[error("there is no such job")]
    NoSuchJob,
    /// It may still get its rows in.
    #[error("the job has not ended")]
    NotEnded,
    /// It is an undo, which has no rows of its own.
    #[error("the job is an undo")]
    OfUndo,
    /// It is a dry run, which has taken none of its rows.
    #[error("the job is a dry run")]
    OfDryRun,
    /// All its rows are in.
    #[error("all rows of the job are in")]
    NothingLeft,
}

impl Engine {
    /// Makes the rows of a job that were rejected or not attempted a new job, under options made of the old ones, or refused
    /// in words. They are copied in pieces; the old job stays as it is. Properties that columns go to from now on are made.
    ///
    /// # Errors
    /// [`EngineError::Retry`]; [`EngineError::RowsLost`]; as [`Engine::begin_import`] and [`Intake::submit`](crate::Intake::submit).
    pub async fn retry_job(
        self: &Arc<Self>,
        caller: Caller,
        id: JobId,
        options: impl FnOnce(ImportOptions, &mut SchemaToBe, ObjectType) -> Result<ImportOptions, String> + Send + 'static,
        idempotent: Option<IdempotentRequest<JobSpec>>,
    ) -> Result<Answered<JobSpec>, EngineError> {
        let engine = Arc::clone(self);
        to_the_end(async move {
            let view = engine.job(&caller, id).await?.ok_or(RetryFault::NoSuchJob)?;
            if view.snapshot.state.ended_at().is_none() {
                return Err(RetryFault::NotEnded.into());
            }
            if view.snapshot.spec.kind.is_undo() {
                return Err(RetryFault::OfUndo.into());
            }
            if view.snapshot.spec.kind.is_dry_run() {
                return Err(RetryFault::OfDryRun.into());
            }
            if !view.snapshot.keeps_rows() {
                return Err(RetryFault::NothingLeft.into());
            }
            let spec = &view.snapshot.spec;
            let mut to_be = SchemaToBe::new(engine.known_schema(&caller).await?, spec.object_type);
            let options = options(spec.options.clone(), &mut to_be, spec.object_type).map_err(EngineError::Body)?;
            let mut intake = engine.begin_import(caller, spec.object_type, true).await?;
            intake.kind = JobKind::Retry { of: id };
            let mut rows = engine.rows_left(&caller, &view, RowsLeft::FailedOrNotAttempted);
            while let Some(piece) = rows.next().await? {
                for row in piece {
                    intake.push_row(&row.raw);
                    intake.settle().await?;
                }
            }
            engine.make_properties(&caller, spec.object_type, &to_be.into_wanted()).await?;
            intake.admit(options, idempotent).await
        })
        .await
    }
}
