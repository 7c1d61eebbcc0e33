//! Teams and API keys.

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_store::{AccountVerbs, ApiKey, NewApiKey, StoreError, Team};

use super::MemoryStore;

#[async_trait]
impl AccountVerbs for MemoryStore {
    async fn create_team(&self, team: Team) -> Result<bool, StoreError> {
        self.transaction(|state| {
            let is_new = !state.teams.iter().any(|known| known.id == team.id);
            if is_new {
                state.teams.push(team);
            }
            Ok(is_new)
        })
    }

    async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        self.read(|state| state.teams.clone())
    }

    async fn create_key(&self, key: NewApiKey) -> Result<bool, StoreError> {
        self.transaction(|state| {
            let is_new = !state.keys.iter().any(|known| known.sha256 == key.sha256);
            if is_new {
                state.keys.push(key);
            }
            Ok(is_new)
        })
    }

    async fn keys(&self, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|state| state.keys.iter().map(|new| new.key.clone()).filter(|key| key.team_id == team_id).collect())
    }

    async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        self.read(|state| state.keys.iter().find(|new| new.sha256 == sha256).map(|new| new.key.clone()))
    }

    async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(|state| {
            let key = state.keys.iter_mut().find(|new| new.key.id == id && new.key.revoked_at.is_none());
            Ok(key.map(|new| new.key.revoked_at = Some(now)).is_some())
        })
    }

    async fn ping(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|_| None)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.lock().is_closed = true;
        Ok(())
    }
}
