//! The verbs of single records.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::error::{RowCode, RowError};
use refract_domain::grants::read_only;
use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::row::JudgedChunk;
use refract_domain::object_type::ObjectType;
use refract_domain::record::{Precondition, Record};
use uuid::Uuid;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// Makes one record, unless a value means one that is there.
pub struct CreateRecord {
    /// Who.
    pub caller: Caller,
    /// What the body was judged under. Where its options name a dedupe property, which must be keyed and ready, a record
    /// that holds the row's key is met as an import meets one, and only without one a record is made.
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

/// Brings one hidden record back, with its keys and its places in lists.
pub struct RestoreRecord {
    /// Who.
    pub caller: Caller,
    /// The type that the path names.
    pub object_type: ObjectType,
    /// Which.
    pub id: RecordId,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<RecordEffect>>,
}

/// Changes many records, each by itself, in one transaction.
pub struct UpdateRecords {
    /// Who.
    pub caller: Caller,
    /// What the items were judged under.
    pub context: Arc<JudgeContext>,
    /// The items. Every good row carries the id of a record that must exist.
    pub judged: JudgedChunk,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<BatchEffect>>,
}

/// Hides many records, each by itself, in one transaction.
pub struct DeleteRecords {
    /// Who.
    pub caller: Caller,
    /// The type that the path names.
    pub object_type: ObjectType,
    /// Which; or why an item names none.
    pub ids: Vec<Result<RecordId, Box<RowError>>>,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<BatchEffect>>,
}

/// A record as a write leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRecord {
    /// The record as it is now.
    pub record: Record,
    /// Whether the write made it.
    pub created: bool,
    /// Its values in the list that the write names, a canonical body; `None` without one.
    pub list_values: Option<String>,
}

impl WrittenRecord {
    /// A record that was there, written without a list.
    #[must_use]
    pub fn existing(record: Record) -> Self {
        Self { record, created: false, list_values: None }
    }
}

/// What came of a batch: for each of its items the record as the whole batch leaves it, or why it was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchEffect {
    /// One an item, in their order.
    pub items: Vec<Result<WrittenRecord, Box<RowError>>>,
}

/// Why an item of a batch cannot be hidden. For backends.
#[must_use]
pub fn not_there(object_type: ObjectType) -> Box<RowError> {
    Box::new(RowError::new("id", RowCode::NotFound, format!("there is no {object_type} of this id")))
}

/// What comes of a write to a record that its team may only read. For backends.
#[must_use]
pub fn forbidden(id: RecordId) -> RecordEffect {
    RecordEffect::Refused(Box::new(read_only(id)))
}

/// What came of a write to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordEffect {
    /// It was written, or was there already as it was to be.
    Written(WrittenRecord),
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
}

/// The verbs of single records.
#[async_trait]
pub trait RecordVerbs {
    /// Makes a record, or meets the one that a value means: `Written` or `Refused`.
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError>;

    /// Changes a record. A patch that changes no value leaves the version as it was.
    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError>;

    /// Hides a record; `Written` holds it as it was hidden.
    async fn delete_record(&self, command: DeleteRecord) -> Result<RecordEffect, StoreError>;

    /// Brings a hidden record back as it was: it holds its keys again, beside those that took them meanwhile, and is a
    /// member of its lists again. A live record stays as it is. `Written` or `NotFound`.
    async fn restore_record(&self, command: RestoreRecord) -> Result<Answered<RecordEffect>, StoreError>;

    /// Changes many records; what is wrong with one keeps no other from being changed.
    async fn update_records(&self, command: UpdateRecords) -> Result<Answered<BatchEffect>, StoreError>;

    /// Hides many records; what is wrong with one keeps no other from being hidden.
    async fn delete_records(&self, command: DeleteRecords) -> Result<Answered<BatchEffect>, StoreError>;

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
