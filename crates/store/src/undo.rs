//! The verbs of undo: taking back what an import job wrote, and telling which import last wrote a record. Each is one
//! transaction.

use std::time::Duration;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordId};
use refract_domain::import::job::JobSpec;
use refract_domain::import::provenance::Provenance;
use refract_domain::import::undo::UndoRefusal;
use refract_domain::object_type::ObjectType;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};
use crate::import::ChunkReceipt;
use crate::lease::Lease;

/// Makes the undo of a job a job.
pub struct AdmitUndo {
    /// Who.
    pub caller: Caller,
    /// The job to undo.
    pub of: JobId,
    /// How long ended jobs are kept: one that has expired is not there.
    pub retention: Duration,
    /// The undo's public id, from the engine's id source.
    pub job_id: JobId,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<UndoEffect>>,
}

/// What came of a request to undo a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoEffect {
    /// It is a queued job (`refract_domain::import::undo::undo_of`).
    Admitted(JobSpec),
    /// It is not to be; nothing was written.
    Refused(UndoRefusal),
}

/// Carries out one chunk of an undo.
#[derive(Debug, Clone, Copy)]
pub struct UndoChunk {
    /// At most so many rows, from the lease's cursor on; one at least. Large records end a chunk sooner.
    pub rows_max: usize,
    /// How much longer the lease holds from now on.
    pub lease_for: Duration,
    /// The present.
    pub now: Timestamp,
}

impl UndoChunk {
    /// Once the records of a chunk, as they are and as they were, have so many bytes, it ends with the row in hand, however
    /// many it may have: they are all in memory. For backends.
    pub const BYTES_MAX: usize = 16 << 20;

    /// The most rows of the chunk that begins at this cursor of a job of so many rows. For backends.
    #[must_use]
    pub fn end_row(&self, cursor: u32, total: u32) -> u32 {
        let rows_max = u32::try_from(self.rows_max.max(1)).unwrap_or(u32::MAX);
        cursor.saturating_add(rows_max).min(total)
    }
}

/// The verbs of undo.
#[async_trait]
pub trait UndoVerbs {
    /// Makes the undo of an ended job a queued job, unless there are reasons against it
    /// (`refract_domain::import::undo::refusal`). No purge removes a job, nor what it takes to undo it, while an undo of it has
    /// not ended.
    async fn admit_undo(&self, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError>;

    /// Carries out one chunk of an undo: fence (attempt and cursor), what became of the rows, plan, write, outcomes, tally,
    /// cursor; the last one also removes the options that the job made and nobody uses, and completes the undo.
    /// [`StoreError::LeaseLost`] when the fence finds another attempt or cursor; then, as on every other error, nothing is
    /// written. On success the lease stands at the new cursor.
    async fn undo_chunk(&self, lease: &mut Lease, command: UndoChunk) -> Result<ChunkReceipt, StoreError>;

    /// Which import job last wrote a record, as far as it is there; `None` when the team has no live record of this type and
    /// id. Whether that job has expired is the engine's to judge.
    async fn provenance(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Provenance>, StoreError>;
}
