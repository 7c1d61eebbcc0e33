//! Configuration: flag over environment over file over default, resolved in one place into one struct per command.
//!
//! Owns the table of settings, the layers and the checks. Commands see finished structs only and read no environment
//! of their own. No message repeats a secret.

mod backend;
mod client;
mod error;
mod file;
mod flags;
mod layers;
mod paths;
mod server;
mod setting;
mod value;

use std::path::{Path, PathBuf};

pub(crate) use backend::BackendSettings;
pub(crate) use client::ClientSettings;
pub(crate) use error::ConfigError;
pub(crate) use flags::{ClientFlags, DataFlags, GivenFlags, ServeFlags, TeamDataFlags};
pub(crate) use layers::{Environment, Layers};
pub(crate) use server::{BootstrapSettings, ServerSettings};
pub(crate) use setting::{BOOTSTRAP_API_KEY, DATA_DIR, LISTEN, all as all_settings, nearest};

/// The layers of this process.
pub(crate) fn layers(flags: GivenFlags, config_file: Option<&Path>) -> Result<Layers, ConfigError> {
    Layers::read(flags, process_environment(), config_file)
}

/// The variables of this process whose names are texts.
pub(crate) fn process_environment() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
}

/// The data directory: the setting, else its place by the XDG rules.
fn data_dir(layers: &Layers) -> Result<PathBuf, ConfigError> {
    if let Some(path) = layers.value(&setting::DATA_DIR, value::path)? {
        return Ok(path);
    }
    let missing = || {
        ConfigError::of_setting(&setting::DATA_DIR, "not set, and there is no HOME: use --data-dir or REFRACT_DATA_DIR")
    };
    paths::data_dir(&|name| layers.environment(name)).ok_or_else(missing)
}

/// The team of a command that works on one, if it is named.
pub(crate) fn team_id(layers: &Layers) -> Result<Option<uuid::Uuid>, ConfigError> {
    layers.value(&setting::TEAM_ID, value::uuid)
}
