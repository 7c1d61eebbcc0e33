//! Takes the rows of one import in as they arrive. Holds at most two chunks of them: while one is staged, the next
//! fills.

use std::sync::Arc;

use refract_domain::import::job::JobKind;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::route::{Route, route};
use refract_domain::import::row::RawChunk;
use refract_domain::limits::{ATOMIC_BYTES_MAX, ATOMIC_ROWS_MAX};
use refract_domain::modelling::NewProperty;
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError, Upload};
use tokio::task::JoinHandle;

use crate::{Engine, EngineError};

/// Most rows collected before they are staged, however small they are.
const STAGE_ROWS_MAX: usize = 16_384;

/// An import whose rows are still arriving. Dropping it leaves nothing behind.
pub struct Intake {
    pub(crate) engine: Arc<Engine>,
    pub(crate) caller: Caller,
    pub(crate) object_type: ObjectType,
    pub(crate) chunk: RawChunk,
    /// What the job does, should it become one.
    pub(crate) kind: JobKind,
    /// Properties that its columns go to and that are to be made.
    pub(crate) new_properties: Vec<NewProperty>,
    respond_async: bool,
    rows: u64,
    body_bytes: u64,
    row_bytes: u64,
    upload: Option<Upload>,
    staging: Option<JoinHandle<Result<RawChunk, StoreError>>>,
}

impl Engine {
    /// Lets an import in, before any of its body is read.
    ///
    /// # Errors
    /// [`EngineError::ShuttingDown`]; [`EngineError::TooManyJobs`] when the import is to be a job and the team has as
    /// many as it may.
    pub async fn begin_import(
        self: &Arc<Self>,
        caller: Caller,
        object_type: ObjectType,
        respond_async: bool,
    ) -> Result<Intake, EngineError> {
        self.check_accepting()?;
        let mut intake = Intake {
            engine: Arc::clone(self),
            caller,
            object_type,
            chunk: RawChunk::default(),
            kind: JobKind::Import,
            new_properties: Vec::new(),
            respond_async,
            rows: 0,
            body_bytes: 0,
            row_bytes: 0,
            upload: None,
            staging: None,
        };
        if intake.route() == Route::Queued {
            intake.open_upload().await?;
        }
        Ok(intake)
    }
}

impl Intake {
    /// Adds one row, as it was sent.
    pub fn push_row(&mut self, raw_row: &[u8]) {
        self.rows += 1;
        self.row_bytes += raw_row.len() as u64;
        self.chunk.push(raw_row);
    }

    /// Adds to the count of decoded body bytes.
    pub fn count_bytes(&mut self, decoded_bytes: u64) {
        self.body_bytes += decoded_bytes;
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How the import will be carried out, as far as it is known.
    #[must_use]
    pub fn route(&self) -> Route {
        route(self.rows, self.body_bytes, self.respond_async, &self.engine.settings.limits)
    }

    /// Refuses more rows than can be taken all or not at all.
    pub(crate) fn check_atomic(&self, options: &ImportOptions) -> Result<(), EngineError> {
        let is_too_large = self.rows > u64::from(ATOMIC_ROWS_MAX) || self.row_bytes > ATOMIC_BYTES_MAX;
        if options.atomic && is_too_large {
            return Err(EngineError::AtomicTooLarge { rows: self.rows, row_bytes: self.row_bytes });
        }
        Ok(())
    }

    /// Stages what has been collected once it is worth it. To be called after each piece of the body.
    ///
    /// # Errors
    /// The store's, for instance when the disk is full; [`EngineError::TooManyJobs`] when the import turns out to be a
    /// job and the team has as many as it may.
    pub async fn settle(&mut self) -> Result<(), EngineError> {
        let is_full = self.chunk.bytes.len() >= self.engine.settings.stage_bytes || self.chunk.len() >= STAGE_ROWS_MAX;
        if !is_full || self.route() == Route::Inline {
            return Ok(());
        }
        self.stage().await
    }

    /// Stages what is left and gives the upload away, complete.
    pub(crate) async fn finish_upload(&mut self) -> Result<Upload, EngineError> {
        if !self.chunk.is_empty() {
            self.stage().await?;
        }
        self.open_upload().await?;
        self.await_staging().await?;
        self.upload.take().ok_or_else(|| EngineError::Internal("an upload was taken twice".into()))
    }

    async fn stage(&mut self) -> Result<(), EngineError> {
        self.open_upload().await?;
        let mut spare = self.await_staging().await?;
        spare.first_row = self.chunk.end_row();
        spare.bytes.clear();
        spare.ends.clear();
        let full = std::mem::replace(&mut self.chunk, spare);
        if let Some(upload) = self.upload.clone() {
            let store = Arc::clone(&self.engine.store);
            self.staging = Some(tokio::spawn(async move { store.stage_chunk(&upload, full).await }));
        }
        Ok(())
    }

    async fn open_upload(&mut self) -> Result<(), EngineError> {
        if self.upload.is_some() {
            return Ok(());
        }
        let limit = self.engine.settings.queued_jobs_per_team_max;
        if self.engine.store.unfinished_jobs(&self.caller).await? >= limit {
            return Err(EngineError::TooManyJobs { limit });
        }
        self.upload = Some(self.engine.store.begin(&self.caller).await?);
        Ok(())
    }

    /// Waits until what was handed to the store is staged; gives its buffer back.
    async fn await_staging(&mut self) -> Result<RawChunk, EngineError> {
        match self.staging.take() {
            None => Ok(RawChunk::default()),
            Some(task) => match task.await {
                Ok(staged) => Ok(staged?),
                Err(error) => Err(EngineError::Internal(format!("staging ended before its time: {error}"))),
            },
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        let (Some(upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) else { return };
        let (store, staging) = (Arc::clone(&self.engine.store), self.staging.take());
        runtime.spawn(async move {
            if let Some(task) = staging {
                // Whether it could be staged no longer matters.
                let _ = task.await;
            }
            if let Err(error) = store.abandon(upload).await {
                tracing::warn!(%error, "an abandoned upload was left for the sweeper");
            }
        });
    }
}
