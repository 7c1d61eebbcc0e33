//! The first team and key: made on the first start of an empty store, or as the operator chose them at any start.

use refract_domain::clock::Clock;
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_engine::IdSource;
use refract_store::{Access, AccountVerbs, ApiKey, NewApiKey, StoreError, Team};

use crate::config::{BOOTSTRAP_API_KEY, BootstrapSettings, ConfigError};
use crate::exit::Failure;
use crate::keys::{self, Secret};

/// What was made, to be shown once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The team.
    pub(crate) team_id: TeamId,
    /// Its key; `None` when the operator chose it and knows it.
    pub(crate) new_key: Option<Secret>,
}

/// The inputs of making teams and keys.
pub(crate) struct Makers<'a> {
    /// When.
    pub(crate) clock: &'a dyn Clock,
    /// Which ids.
    pub(crate) ids: &'a dyn IdSource,
}

/// Makes what the settings ask for; on an empty store a team and a key whatever they say. `None` when nothing new was
/// made that anybody has to be told.
pub(crate) async fn ensure<A: AccountVerbs + ?Sized>(
    accounts: &A,
    makers: &Makers<'_>,
    wanted: &BootstrapSettings,
) -> Result<Option<Credentials>, Failure> {
    if let Some(known) = known_key(accounts, wanted).await? {
        check_team(&known, wanted)?;
        return Ok(None);
    }
    let is_empty = accounts.teams().await.map_err(store_failure)?.is_empty();
    let team_id = match wanted.team_id {
        Some(team_id) => team_id,
        None if is_empty => TeamId(makers.ids.random_uuid()),
        None if wanted.api_key.is_some() => {
            let problem = "the store has teams already: name the key's team with REFRACT_BOOTSTRAP_TEAM_ID";
            return Err(ConfigError::of_setting(&BOOTSTRAP_API_KEY, problem).into());
        }
        None => return Ok(None),
    };
    create_team(accounts, makers, team_id, "Team").await?;
    match &wanted.api_key {
        Some(chosen) => {
            let created = create_key(accounts, makers, team_id, "bootstrap", Access::Write, chosen).await;
            // Servers that share a database may start together: another one may have kept the key a moment ago.
            match accounts.find_key(keys::sha256(chosen)).await.map_err(store_failure)? {
                Some(known) => check_team(&known, wanted)?,
                None => drop(created?),
            }
            Ok(is_empty.then_some(Credentials { team_id, new_key: None }))
        }
        None if accounts.keys(team_id).await.map_err(store_failure)?.is_empty() => {
            let made = keys::generate().map_err(Failure::other)?;
            create_key(accounts, makers, team_id, "first key", Access::Write, &made).await?;
            Ok(Some(Credentials { team_id, new_key: Some(made) }))
        }
        None => Ok(None),
    }
}

async fn known_key<A: AccountVerbs + ?Sized>(
    accounts: &A,
    wanted: &BootstrapSettings,
) -> Result<Option<ApiKey>, Failure> {
    let Some(chosen) = &wanted.api_key else { return Ok(None) };
    if keys::looks_mistyped(chosen.reveal()) {
        tracing::warn!("the key of bootstrap_api_key begins with rk_ but its checksum does not fit: a typing error?");
    }
    accounts.find_key(keys::sha256(chosen)).await.map_err(store_failure)
}

fn check_team(known: &ApiKey, wanted: &BootstrapSettings) -> Result<(), Failure> {
    if wanted.team_id.is_some_and(|team_id| team_id != known.team_id) {
        let problem = format!("this key belongs to another team, {}", known.team_id);
        return Err(ConfigError::of_setting(&BOOTSTRAP_API_KEY, problem).into());
    }
    if known.revoked_at.is_some() {
        tracing::warn!(key_id = %known.id, "the key of bootstrap_api_key was revoked and stays so");
    }
    Ok(())
}

/// Makes a team unless it is there.
pub(crate) async fn create_team<A: AccountVerbs + ?Sized>(
    accounts: &A,
    makers: &Makers<'_>,
    id: TeamId,
    name: &str,
) -> Result<bool, Failure> {
    let team = Team { id, name: name.to_owned(), created_at: makers.clock.now() };
    accounts.create_team(team).await.map_err(store_failure)
}

/// Keeps a key and says which id it got.
pub(crate) async fn create_key<A: AccountVerbs + ?Sized>(
    accounts: &A,
    makers: &Makers<'_>,
    team_id: TeamId,
    label: &str,
    access: Access,
    key: &Secret,
) -> Result<ApiKeyId, Failure> {
    let id = ApiKeyId(makers.ids.random_uuid());
    let known =
        ApiKey { id, team_id, label: label.to_owned(), access, created_at: makers.clock.now(), revoked_at: None };
    let is_new =
        accounts.create_key(NewApiKey { key: known, sha256: keys::sha256(key) }).await.map_err(store_failure)?;
    if is_new { Ok(id) } else { Err(Failure::other("this key is known already")) }
}

/// A store that does not do what it is asked for.
pub(crate) fn store_failure(error: StoreError) -> Failure {
    Failure::other(error)
}
