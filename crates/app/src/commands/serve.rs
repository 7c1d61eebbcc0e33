//! `refract serve`.

use std::path::Path;

use crate::backend;
use crate::bootstrap::{self, Credentials, Makers};
use crate::cli::{Arguments, ServeArguments};
use crate::config::{self, ServerSettings};
use crate::embedded::{self, Embedded};
use crate::exit::{Exit, Failure};
use crate::system::{RandomIds, SystemClock};
use crate::{output, signals, telemetry};

use super::first_steps;

/// Serves until a signal.
pub(super) fn run(arguments: ServeArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let settings = ServerSettings::resolve(&config::layers(arguments.settings.0, config_file)?)?;
    let _logging = telemetry::start(settings.log).map_err(Failure::other)?;
    warn_of_misspelt_variables();
    let runtime = super::runtime()?;
    let ended = runtime.block_on(serve(&settings));
    // Whatever still blocks a thread has had its time.
    runtime.shutdown_background();
    ended.map(|()| Exit::Success)
}

async fn serve(settings: &ServerSettings) -> Result<(), Failure> {
    let mut signal = signals::listen().map_err(Failure::other)?;
    let listener = embedded::bind(settings.listen).await?;
    let store = backend::open(&settings.backend).await?;
    let makers = Makers { clock: &SystemClock, ids: &RandomIds };
    let credentials = bootstrap::ensure(&*store, &makers, &settings.bootstrap).await?;
    let mut server = Embedded::start(listener, store, settings).await?;
    announce(&server, settings, credentials.as_ref());
    let failed = tokio::select! {
        _ = signals::first(&mut signal) => None,
        failure = server.failed() => Some(failure),
    };
    if let Some(failure) = failed {
        return Err(failure);
    }
    server.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

fn announce(server: &Embedded, settings: &ServerSettings, credentials: Option<&Credentials>) {
    output::line(format_args!("listening on http://{}", server.address));
    tracing::info!(address = %server.address, store = %settings.backend, "serving");
    if let Some(made) = credentials {
        output::line(first_steps::first_start(&server.client_url(), made.team_id, made.new_key.as_ref()));
    }
}

/// A variable that is almost a setting is most likely meant as one; others may belong to something else.
fn warn_of_misspelt_variables() {
    let known = known_variables();
    for name in config::process_environment().keys() {
        let Some(rest) = name.strip_prefix("REFRACT_") else { continue };
        if known.iter().any(|known_name| known_name == name) {
            continue;
        }
        let near = config::nearest(rest, known.iter().filter_map(|known_name| known_name.strip_prefix("REFRACT_")));
        if let Some(near) = near {
            tracing::warn!("the environment variable {name} is not a setting; did you mean REFRACT_{near}?");
        }
    }
}

fn known_variables() -> Vec<String> {
    use clap::CommandFactory;
    let mut names = vec!["REFRACT_CONFIG".to_owned()];
    for setting in config::all_settings() {
        names.push(setting.env());
        names.extend(setting.file_env());
    }
    let mut commands = vec![Arguments::command()];
    while let Some(command) = commands.pop() {
        names.extend(command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).map(str::to_owned));
        commands.extend(command.get_subcommands().cloned());
    }
    names
}
