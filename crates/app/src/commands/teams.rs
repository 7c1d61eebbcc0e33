//! `refract teams`.

use std::path::Path;

use refract_domain::ids::TeamId;
use refract_engine::IdSource;
use serde_json::json;

use crate::backend::Missing;
use crate::bootstrap::{self, Makers, store_failure};
use crate::cli::{DataArguments, TeamsCommand};
use crate::config;
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat};
use crate::system::{RandomIds, SystemClock};

use super::accounts::{self, show_time};

/// Works on the store itself; running servers see the change.
pub(super) fn run(command: TeamsCommand, config_file: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        TeamsCommand::Create { name, common } => create(&name, common, config_file),
        TeamsCommand::List { common } => list(common, config_file),
    }
}

fn create(name: &str, common: DataArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let layers = config::layers(common.settings.0, config_file)?;
    let makers = Makers { clock: &SystemClock, ids: &RandomIds };
    let team_id = TeamId(RandomIds.random_uuid());
    super::runtime()?.block_on(async {
        let store = accounts::open(&layers, Missing::IsMade).await?;
        bootstrap::create_team(&*store, &makers, team_id, name).await
    })?;
    match common.output {
        OutputFormat::Json => output::line(json!({ "team_id": team_id.to_string(), "name": name })),
        OutputFormat::Text => {
            output::line(format_args!("made team {team_id} ({name})"));
            output::line(format_args!("a key for it: refract keys create --team-id {team_id}"));
        }
    }
    Ok(Exit::Success)
}

fn list(common: DataArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let layers = config::layers(common.settings.0, config_file)?;
    let teams = super::runtime()?.block_on(async {
        let store = accounts::open(&layers, Missing::IsRefused).await?;
        store.teams().await.map_err(store_failure)
    })?;
    if common.output == OutputFormat::Json {
        let shown = teams.iter().map(|team| {
            json!({
                "team_id": team.id.to_string(),
                "name": team.name,
                "created_at": show_time(team.created_at),
            })
        });
        let shown: Vec<_> = shown.collect();
        output::line(json!(shown));
        return Ok(Exit::Success);
    }
    let head = ["TEAM", "CREATED", "NAME"].map(str::to_owned).to_vec();
    let row = |team: &refract_store::Team| vec![team.id.to_string(), show_time(team.created_at), team.name.clone()];
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(teams.iter().map(row)).collect();
    output::table(&rows).iter().for_each(output::line);
    Ok(Exit::Success)
}
