//! The verbs of undo and provenance.

use async_trait::async_trait;
use refract_domain::ids::RecordId;
use refract_domain::import::provenance::Provenance;
use refract_domain::object_type::ObjectType;
use refract_store::{AdmitUndo, Answered, Caller, ChunkReceipt, Lease, StoreError, UndoChunk, UndoEffect, UndoVerbs};

use super::{FaultyStore, Verb};

#[async_trait]
impl UndoVerbs for FaultyStore {
    async fn admit_undo(&self, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError> {
        self.pass(Verb::AdmitUndo, self.inner.admit_undo(command)).await
    }

    async fn undo_chunk(&self, lease: &mut Lease, command: UndoChunk) -> Result<ChunkReceipt, StoreError> {
        let (cursor, tally) = (lease.cursor, lease.tally);
        let blame = (lease.deaths, lease.suspect_row, lease.suspect_deaths);
        let answer = self.pass(Verb::UndoChunk, self.inner.undo_chunk(lease, command)).await;
        if answer.is_err() {
            // Who lost the answer knows nothing of the new cursor.
            (lease.cursor, lease.tally) = (cursor, tally);
            (lease.deaths, lease.suspect_row, lease.suspect_deaths) = blame;
        }
        answer
    }

    async fn provenance(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Provenance>, StoreError> {
        self.pass(Verb::Provenance, self.inner.provenance(caller, object_type, id)).await
    }
}
