//! The verbs around records: schema, lists, grants, accounts.

use std::sync::Arc;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{ApiKeyId, RecordId, TeamId, ViewId};
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::view::SavedView;
use refract_store::{
    AccountVerbs, Answered, ApiKey, Caller, ChangeSchema, CreateList, Freshness, GrantVerbs, KeyProperty, Keying, List,
    ListVerbs, NewApiKey, PutGrants, PutView, SchemaEffect, SchemaVerbs, StoreError, Team, ViewEffect, ViewVerbs,
};

use super::{FaultyStore, Verb};

#[async_trait]
impl SchemaVerbs for FaultyStore {
    fn key_hasher(&self) -> KeyHasher {
        self.inner.key_hasher()
    }

    async fn schema(&self, caller: &Caller, freshness: Freshness) -> Result<Arc<Schema>, StoreError> {
        self.pass(Verb::Schema, self.inner.schema(caller, freshness)).await
    }

    async fn change_schema(&self, command: ChangeSchema) -> Result<Answered<SchemaEffect>, StoreError> {
        self.pass(Verb::ChangeSchema, self.inner.change_schema(command)).await
    }

    async fn key_property(&self, command: KeyProperty) -> Result<Keying, StoreError> {
        self.pass(Verb::KeyProperty, self.inner.key_property(command)).await
    }
}

#[async_trait]
impl ListVerbs for FaultyStore {
    async fn create_list(&self, command: CreateList) -> Result<Answered<List>, StoreError> {
        self.pass(Verb::CreateList, self.inner.create_list(command)).await
    }

    async fn lists(&self, caller: &Caller) -> Result<Vec<List>, StoreError> {
        self.pass(Verb::Lists, self.inner.lists(caller)).await
    }
}

#[async_trait]
impl GrantVerbs for FaultyStore {
    async fn get_grants(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Grants>, StoreError> {
        self.pass(Verb::GetGrants, self.inner.get_grants(caller, object_type, id)).await
    }

    async fn put_grants(&self, command: PutGrants) -> Result<Answered<Option<Grants>>, StoreError> {
        self.pass(Verb::PutGrants, self.inner.put_grants(command)).await
    }
}

#[async_trait]
impl ViewVerbs for FaultyStore {
    async fn put_view(&self, command: PutView) -> Result<Answered<ViewEffect>, StoreError> {
        self.pass(Verb::PutView, self.inner.put_view(command)).await
    }

    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<bool, StoreError> {
        self.pass(Verb::DeleteView, self.inner.delete_view(caller, id)).await
    }

    async fn views(&self, caller: &Caller, id: Option<ViewId>) -> Result<Vec<SavedView>, StoreError> {
        self.pass(Verb::Views, self.inner.views(caller, id)).await
    }
}

#[async_trait]
impl AccountVerbs for FaultyStore {
    async fn create_team(&self, team: Team) -> Result<bool, StoreError> {
        self.pass(Verb::CreateTeam, self.inner.create_team(team)).await
    }

    async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        self.pass(Verb::Teams, self.inner.teams()).await
    }

    async fn create_key(&self, key: NewApiKey) -> Result<bool, StoreError> {
        self.pass(Verb::CreateKey, self.inner.create_key(key)).await
    }

    async fn keys(&self, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError> {
        self.pass(Verb::Keys, self.inner.keys(team_id)).await
    }

    async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        self.pass(Verb::FindKey, self.inner.find_key(sha256)).await
    }

    async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        self.pass(Verb::RevokeKey, self.inner.revoke_key(id, now)).await
    }

    async fn ping(&self) -> Result<Option<Timestamp>, StoreError> {
        self.pass(Verb::Ping, self.inner.ping()).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.pass(Verb::Close, self.inner.close()).await
    }
}
