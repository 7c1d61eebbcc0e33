//! The verbs of single records.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::error::{RowCode, RowError};
use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::row::JudgedChunk;
use refract_domain::object_type::ObjectType;
use refract_domain::record::{Precondition, Record};
use uuid::Uuid;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// Makes one record.
pub struct CreateRecord {
    /// Who.
    pub caller: Caller,
    /// What the body was judged under; its options name no dedupe property.
    pub context: Arc<JudgeContext>,
    /// The body as a chunk of one good row.
    pub judged: JudgedChunk,
    /// A random value that keys the record's id.
    pub source: Uuid,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<RecordEffect>>,
}

/// Changes one record.
pub struct PatchRecord {
    /// Who.
    pub caller: Caller,
    /// What the body was judged under.
    pub context: Arc<JudgeContext>,
    /// Which.
    pub id: RecordId,
    /// The body as a chunk of one good row.
    pub judged: JudgedChunk,
    /// What must hold of the record's version.
    pub precondition: Precondition,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<RecordEffect>>,
}

/// Hides one record (soft delete) and gives its keys up.
pub struct DeleteRecord {
    /// Who.
    pub caller: Caller,
    /// The type that the path names.
    pub object_type: ObjectType,
    /// Which.
    pub id: RecordId,
    /// What must hold of the record's version.
    pub precondition: Precondition,
    /// The present.
    pub now: Timestamp,
}

/// What came of a write to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordEffect {
    /// The record as it is now.
    Written(Record),
    /// The team has no live record of this type and id.
    NotFound,
    /// The precondition does not hold; the record is as it was.
    PreconditionFailed,
    /// The body cannot be written, for instance because it points at a record that is not there.
    Refused(Box<RowError>),
}

impl RecordEffect {
    /// What comes of a write to a live record of this version, or to none, unless the precondition holds. For backends.
    #[must_use]
    pub fn unmet(version: Option<u64>, precondition: Precondition) -> Option<Self> {
        match version {
            None if precondition == Precondition::Exists => Some(Self::PreconditionFailed),
            None => Some(Self::NotFound),
            Some(version) if precondition.holds_for(version) => None,
            Some(_) => Some(Self::PreconditionFailed),
        }
    }

    /// What comes of a write whose row has this outcome, which names no record. For backends.
    #[must_use]
    pub fn refused(outcome: Outcome) -> Self {
        Self::Refused(match outcome {
            Outcome::Rejected(error) => error,
            // Every other outcome names a record.
            _ => Box::new(RowError::new("", RowCode::InvalidRow, "the record cannot be written")),
        })
    }
}

/// The verbs of single records.
#[async_trait]
pub trait RecordVerbs {
    /// Makes a record: `Written` or `Refused`.
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError>;

    /// Changes a record. A patch that changes no value leaves the version as it was.
    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError>;

    /// Hides a record; `Written` holds it as it was hidden.
    async fn delete_record(&self, command: DeleteRecord) -> Result<RecordEffect, StoreError>;

    /// Reads a live record.
    async fn get_record(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Record>, StoreError>;

    /// Live records of a type, or those among them that are members of a list; constant time.
    async fn count_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        list_id: Option<ListId>,
    ) -> Result<u64, StoreError>;

    /// Reads a live record's values in a list; `None` when it is not a member.
    async fn get_list_values(
        &self,
        caller: &Caller,
        list_id: ListId,
        id: RecordId,
    ) -> Result<Option<String>, StoreError>;
}
