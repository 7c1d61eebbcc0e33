//! The verbs of grants (contract §6.3): who may do what with one record. Writes of records heed them in their own
//! transaction; only restoring need not, since a record that may only be read is never hidden, nor granted while it is.

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{RecordId, TeamId};
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

/// The grants in the text that a backend keeps, or those that the team has where it keeps none. For backends.
///
/// # Errors
/// [`StoreError::Corrupt`] for a text that is none of [`Grants::text`].
pub fn kept_grants(text: Option<&str>, team_id: TeamId, id: RecordId) -> Result<Grants, StoreError> {
    let Some(text) = text else { return Ok(Grants::of_team(team_id)) };
    Grants::parse(text).ok_or_else(|| StoreError::Corrupt(format!("the grants of record {id}")))
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
