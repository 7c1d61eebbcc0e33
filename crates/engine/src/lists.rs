//! Lists: enough of them for `list_id` (contract §6.1).

use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;
use refract_domain::property::ListTemplate;
use refract_store::{Answered, Caller, CreateList, List};

use crate::idempotency::IdempotentRequest;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// A list as a caller wants it.
#[derive(Debug, Clone)]
pub struct WantedList {
    /// What it is made from.
    pub template: &'static ListTemplate,
    /// Its name; the template's without one.
    pub name: Option<String>,
    /// An emoji or icon name.
    pub icon: Option<String>,
    /// The type of its members: the template's, or the caller's for a custom list.
    pub object_type: ObjectType,
}

impl Engine {
    /// Makes a list.
    ///
    /// # Errors
    /// The store's, and [`EngineError::ShuttingDown`].
    pub async fn create_list(
        &self,
        caller: Caller,
        wanted: WantedList,
        idempotent: Option<IdempotentRequest<List>>,
    ) -> Result<Answered<List>, EngineError> {
        self.check_accepting()?;
        let list = List {
            id: ListId(self.ids.random_uuid()),
            name: wanted.name.unwrap_or_else(|| wanted.template.name.to_owned()),
            object_type: wanted.object_type,
            template: wanted.template.id.to_owned(),
            icon: wanted.icon,
            created_at: self.clock.now(),
        };
        let store = self.store.clone();
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            Ok(store.create_list(CreateList { caller, list, idempotent }).await?)
        })
        .await
    }

    /// The team's list of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, caller: &Caller, id: ListId) -> Result<Option<List>, EngineError> {
        // A team has few.
        Ok(self.store.lists(caller).await?.into_iter().find(|list| list.id == id))
    }

    /// The team's lists, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn lists(&self, caller: &Caller) -> Result<Vec<List>, EngineError> {
        Ok(self.store.lists(caller).await?)
    }
}
