//! The verbs of grants (contract §6.3): who may do what with one record. Writes of records heed them in their own
//! transaction.

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;

use crate::caller::Caller;
use crate::error::StoreError;
use crate::idempotency::{Answered, Idempotent};

/// Puts grants in the place of those that a record has.
pub struct PutGrants {
    /// Who.
    pub caller: Caller,
    /// The type that the path names.
    pub object_type: ObjectType,
    /// Which record.
    pub id: RecordId,
    /// The grants.
    pub grants: Grants,
    /// The present.
    pub now: Timestamp,
    /// The request's idempotency key.
    pub idempotent: Option<Idempotent<Option<Grants>>>,
}

/// The verbs of grants.
#[async_trait]
pub trait GrantVerbs {
    /// The grants of a live record, [`Grants::of_team`] before any were put; `None` when there is no such record.
    async fn get_grants(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Grants>, StoreError>;

    /// Puts a live record's grants; its version stays. `None` when there is no such record. A team can always put them,
    /// also where they let it only read: else nobody could give it back what it gave away.
    async fn put_grants(&self, command: PutGrants) -> Result<Answered<Option<Grants>>, StoreError>;
}
