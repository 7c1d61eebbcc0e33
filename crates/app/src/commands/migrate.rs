//! `refract migrate`.

use std::path::Path;

use serde_json::json;

use crate::backend::{self, Migrated};
use crate::cli::MigrateArguments;
use crate::config::{self, BackendSettings};
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat};

/// Brings a store's schema up to date without serving from it.
pub(super) fn run(arguments: MigrateArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let store = BackendSettings::of_command(&config::layers(arguments.common.settings.0, config_file)?)?;
    let Migrated { from, to } = super::runtime()?.block_on(backend::migrate(&store))?;
    match arguments.common.output {
        OutputFormat::Json => output::line(json!({ "store": store.to_string(), "from": from, "to": to })),
        OutputFormat::Text if from == to => {
            output::line(format_args!("the schema of {store} has version {to} already"));
        }
        OutputFormat::Text => {
            output::line(format_args!("migrated the schema of {store} from version {from} to version {to}"));
        }
    }
    Ok(Exit::Success)
}
