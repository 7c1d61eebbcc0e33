//! The commands, one a file, and what leads to them.

mod accounts;
mod completions;
mod copy;
mod copy_report;
mod demo;
mod file_to_be;
mod first_steps;
mod import;
mod imports;
mod job_report;
mod job_watch;
mod keys;
mod man;
mod migrate;
mod read_workbook;
mod serve;
mod status;
mod teams;
mod version;

use crate::cli::{Arguments, Command};
use crate::config::{self, ClientFlags, ClientSettings};
use crate::exit::{Exit, Failure};

/// Runs one command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let config_file = arguments.config.as_deref();
    match arguments.command {
        Command::Serve(given) => serve::run(given, config_file),
        Command::Demo(given) => demo::run(given),
        Command::Import(given) => import::run(*given, config_file),
        Command::Status(given) => status::run(given, config_file),
        Command::Imports(given) => imports::run(given, config_file),
        Command::Keys(given) => keys::run(given, config_file),
        Command::Teams(given) => teams::run(given, config_file),
        Command::Migrate(given) => migrate::run(given, config_file),
        Command::Copy(given) => copy::run(given),
        Command::Version => Ok(version::run()),
        Command::Completions { shell } => Ok(completions::run(shell)),
        Command::Man { folder } => man::run(&folder),
        Command::ReadWorkbook { arguments } => read_workbook::run(&arguments),
    }
}

/// The settings of a command that talks to a server.
fn client_settings(flags: ClientFlags, config_file: Option<&std::path::Path>) -> Result<ClientSettings, Failure> {
    Ok(ClientSettings::resolve(&config::layers(flags.0, config_file)?)?)
}

/// The runtime of the commands that need one.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|failure| Failure::other(format!("no threads can be started: {failure}")))
}
