//! Grants.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::grants::Grants;
use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_store::{Answered, Caller, GrantVerbs, PutGrants, StoreError};

use super::MemoryStore;

#[async_trait]
impl GrantVerbs for MemoryStore {
    async fn get_grants(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Grants>, StoreError> {
        self.read(|state| {
            state.live(caller.team_id, object_type, id)?;
            let stored = state.records.get(&(caller.team_id, id))?;
            Some(stored.grants.clone().unwrap_or_else(|| Grants::of_team(caller.team_id)))
        })
    }

    async fn put_grants(&self, command: PutGrants) -> Result<Answered<Option<Grants>>, StoreError> {
        let PutGrants { caller, object_type, id, grants, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |within| {
                if within.live(caller.team_id, object_type, id).is_none() {
                    return Ok(None);
                }
                let stored = within.records.get_mut(&(caller.team_id, id)).map(Arc::make_mut);
                Ok(stored.map(|stored| stored.grants.insert(grants).clone()))
            })
        })
    }
}
