//! `refract keys`.

use std::path::Path;

use refract_domain::clock::Clock;
use refract_domain::ids::{ApiKeyId, TeamId};
use refract_store::{Access, AccountVerbs, ApiKey};
use serde_json::json;

use crate::backend::Missing;
use crate::bootstrap::{self, Makers, store_failure};
use crate::cli::{DataArguments, KeysCommand, TeamDataArguments};
use crate::config::{self, Layers};
use crate::exit::{Exit, Failure};
use crate::keys;
use crate::output::{self, OutputFormat};
use crate::system::{RandomIds, SystemClock};

use super::accounts::{self, show_time};

/// Works on the store itself; running servers see the change within 5 seconds.
pub(super) fn run(command: KeysCommand, config_file: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        KeysCommand::Create { label, read_only, common } => {
            let access = if read_only { Access::Read } else { Access::Write };
            create(&label, access, common, config_file)
        }
        KeysCommand::List { common } => list(common, config_file),
        KeysCommand::Revoke { key_id, common } => revoke(&key_id, common, config_file),
    }
}

fn create(label: &str, access: Access, common: TeamDataArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let layers = config::layers(common.settings.0, config_file)?;
    let makers = Makers { clock: &SystemClock, ids: &RandomIds };
    let made = keys::generate().map_err(Failure::other)?;
    let (team_id, key_id) = super::runtime()?.block_on(async {
        let store = accounts::open(&layers, Missing::IsRefused).await?;
        let team_id = team_of(&*store, &layers).await?;
        let key_id = bootstrap::create_key(&*store, &makers, team_id, label, access, &made).await?;
        Ok::<_, Failure>((team_id, key_id))
    })?;
    match common.output {
        OutputFormat::Json => output::line(json!({
            "key_id": key_id.to_string(),
            "api_key": made.reveal(),
            "team_id": team_id.to_string(),
            "access": access.name(),
        })),
        OutputFormat::Text => {
            output::line(format_args!("made key {key_id} for team {team_id} ({})", access.name()));
            output::line(format_args!("  {}   (shown only now)", made.reveal()));
        }
    }
    Ok(Exit::Success)
}

fn list(common: TeamDataArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let layers = config::layers(common.settings.0, config_file)?;
    let known = super::runtime()?.block_on(async {
        let store = accounts::open(&layers, Missing::IsRefused).await?;
        let team_id = team_of(&*store, &layers).await?;
        store.keys(team_id).await.map_err(store_failure)
    })?;
    if common.output == OutputFormat::Json {
        let shown: Vec<_> = known.iter().map(key_as_json).collect();
        output::line(json!(shown));
        return Ok(Exit::Success);
    }
    let head = ["KEY", "ACCESS", "CREATED", "REVOKED", "LABEL"].map(str::to_owned).to_vec();
    let row = |key: &ApiKey| {
        let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), show_time);
        vec![key.id.to_string(), key.access.name().to_owned(), show_time(key.created_at), revoked, key.label.clone()]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(known.iter().map(row)).collect();
    output::table(&rows).iter().for_each(output::line);
    Ok(Exit::Success)
}

fn key_as_json(key: &ApiKey) -> serde_json::Value {
    json!({
        "key_id": key.id.to_string(),
        "team_id": key.team_id.to_string(),
        "label": key.label,
        "access": key.access.name(),
        "created_at": show_time(key.created_at),
        "revoked_at": key.revoked_at.map(show_time),
    })
}

fn revoke(key_id: &str, common: DataArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let id = ApiKeyId::parse(key_id)
        .ok_or_else(|| Failure::usage("a key is revoked by its id, a uuid: `refract keys list` shows it"))?;
    let layers = config::layers(common.settings.0, config_file)?;
    let is_revoked = super::runtime()?.block_on(async {
        let store = accounts::open(&layers, Missing::IsRefused).await?;
        store.revoke_key(id, SystemClock.now()).await.map_err(store_failure)
    })?;
    if !is_revoked {
        return Err(Failure::other(format!("there is no key {id}, or it was revoked before")));
    }
    match common.output {
        OutputFormat::Json => output::line(json!({ "key_id": id.to_string(), "revoked": true })),
        OutputFormat::Text => {
            output::line(format_args!("revoked key {id}; running servers refuse it within 5 seconds"))
        }
    }
    Ok(Exit::Success)
}

/// The team that is named, or the only one.
async fn team_of(accounts: &(impl AccountVerbs + ?Sized), layers: &Layers) -> Result<TeamId, Failure> {
    let teams = accounts.teams().await.map_err(store_failure)?;
    if let Some(named) = config::team_id(layers)?.map(TeamId) {
        let is_known = teams.iter().any(|team| team.id == named);
        let unknown = || Failure::other(format!("there is no team {named}; `refract teams list` shows all"));
        return is_known.then_some(named).ok_or_else(unknown);
    }
    match teams.as_slice() {
        [only] => Ok(only.id),
        [] => Err(Failure::other("there is no team yet: `refract teams create` makes one")),
        _ => Err(Failure::usage("there are several teams: name one with --team-id; `refract teams list` shows all")),
    }
}
