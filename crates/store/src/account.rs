//! The verbs of teams and API keys. They serve the operator and authentication, so they stand before any caller.

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, TeamId};

use crate::caller::Access;
use crate::error::StoreError;

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Public id.
    pub id: TeamId,
    /// The name people read.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API key as it is known: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Public id; logs name it.
    pub id: ApiKeyId,
    /// Its team.
    pub team_id: TeamId,
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub access: Access,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// What is known of it.
    pub key: ApiKey,
    /// SHA-256 of the key's text; unique.
    pub sha256: [u8; 32],
}

/// The verbs of teams and API keys.
#[async_trait]
pub trait AccountVerbs {
    /// Makes a team, unless one of this id exists: `false` then, and nothing changes.
    async fn create_team(&self, team: Team) -> Result<bool, StoreError>;

    /// All teams, oldest first.
    async fn teams(&self) -> Result<Vec<Team>, StoreError>;

    /// Keeps a key, unless one of this hash exists: `false` then, and nothing changes.
    async fn create_key(&self, key: NewApiKey) -> Result<bool, StoreError>;

    /// A team's keys, oldest first, revoked ones too.
    async fn keys(&self, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError>;

    /// The key of this hash, revoked or not.
    async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError>;

    /// Revokes a key; `false` when there is none of this id or it was revoked before.
    async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError>;

    /// Whether the database answers, and the present by its clock where several nodes share it: then that clock decides
    /// what all of them stamp and what has expired. `None` where this process's clock is the only one.
    async fn ping(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Finishes what is in hand and closes; every later call answers [`StoreError::Closing`].
    async fn close(&self) -> Result<(), StoreError>;
}
