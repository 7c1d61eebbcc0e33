//! Grants: who may do what with one record (contract §6.3).

use refract_domain::grants::Grants;
use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_store::{Answered, Caller, PutGrants};

use crate::idempotency::IdempotentRequest;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

impl Engine {
    /// The grants of a record; `None` when there is no such record.
    ///
    /// # Errors
    /// The store's.
    pub async fn grants(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Grants>, EngineError> {
        Ok(self.store.get_grants(caller, object_type, id).await?)
    }

    /// Puts the grants of a record in the place of those it has; `None` when there is no such record.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn put_grants(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: RecordId,
        grants: Grants,
        idempotent: Option<IdempotentRequest<Option<Grants>>>,
    ) -> Result<Answered<Option<Grants>>, EngineError> {
        self.check_accepting()?;
        let (store, now) = (self.store.clone(), self.clock.now());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            Ok(store.put_grants(PutGrants { caller, object_type, id, grants, now, idempotent }).await?)
        })
        .await
    }
}
