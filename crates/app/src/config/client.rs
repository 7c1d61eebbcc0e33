//! What the commands that talk to a server run with.

use super::error::ConfigError;
use super::layers::Layers;
use super::{setting, value};
use crate::keys::Secret;

/// Where to, as whom, for which team.
#[derive(Debug, Clone)]
pub(crate) struct ClientSettings {
    /// The server's address, without a slash at the end.
    pub(crate) server: String,
    /// The key; without one the server is not even asked.
    pub(crate) api_key: Option<Secret>,
    /// The team's id.
    pub(crate) team_id: Option<uuid::Uuid>,
}

impl ClientSettings {
    /// Reads and checks all of them.
    pub(crate) fn resolve(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            server: layers.required(&setting::SERVER, value::server_url)?,
            api_key: layers.value(&setting::API_KEY, value::api_key)?,
            team_id: layers.value(&setting::TEAM_ID, value::uuid)?,
        })
    }
}
