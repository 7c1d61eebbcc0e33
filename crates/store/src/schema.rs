//! The verbs of the schema: what rows are judged against, and which properties are keyed.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::RecordId;
use refract_domain::key::KeyHasher;
use refract_domain::modelling::{Edited, SchemaEdit};
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// How old a schema may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As this process saw it a moment ago: enough for judging, since every write checks the version, and for showing.
    Cached,
    /// As it is in the database now: after [`StoreError::SchemaChanged`].
    Latest,
}

/// Makes a property keyed, a batch at a time.
#[derive(Debug, Clone)]
pub struct KeyProperty {
    /// Who.
    pub caller: Caller,
    /// The type.
    pub object_type: ObjectType,
    /// The property's slug; it exists and its type can be a key.
    pub slug: String,
    /// Records looked at in this transaction, at most.
    pub batch_max: usize,
}

/// Changes properties and options.
pub struct ChangeSchema {
    /// Who.
    pub caller: Caller,
    /// The version of the schema that the edit was judged under.
    pub judged_version: u64,
    /// What changes, and what stands in its way.
    pub edit: SchemaEdit,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<SchemaEffect>>,
}

/// What came of a change of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaEffect {
    /// The schema is changed.
    Changed(Edited),
    /// Nothing is changed: this record stands in the way (see [`SchemaEdit::unless`]).
    Blocked(Edited, RecordId),
}

/// How far the keying of a property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keying {
    /// Every live record's keys are held: the property can match rows.
    Ready,
    /// This batch came back full: call again.
    Building,
}

/// The verbs of the schema.
#[async_trait]
pub trait SchemaVerbs {
    /// The deployment's hasher of dedupe keys: the same on every node and after every restart.
    fn key_hasher(&self) -> KeyHasher;

    /// The caller's team's schema. Its keyed properties are those that writes must maintain: ready or building.
    async fn schema(&self, caller: &Caller, freshness: Freshness) -> Result<Arc<Schema>, StoreError>;

    /// Changes properties and options, under a new version; nothing when a record stands in the way. No record is written
    /// between the look at them and the change.
    async fn change_schema(&self, command: ChangeSchema) -> Result<Answered<SchemaEffect>, StoreError>;

    /// Takes the next step of making a property keyed; the first makes all later writes maintain its keys and changes
    /// the schema's version. `Ready` at once, without a write, when it is keyed already; [`StoreError::SchemaChanged`] when
    /// the team has no such property any more that can be a key.
    async fn key_property(&self, command: KeyProperty) -> Result<Keying, StoreError>;
}
