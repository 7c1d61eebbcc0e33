//! What the commands on teams and keys share.

use refract_domain::clock::Timestamp;

use crate::backend::{self, Missing, SharedAccounts};
use crate::config::{BackendSettings, Layers};
use crate::exit::Failure;

/// The accounts of the store that the settings name.
pub(super) async fn open(layers: &Layers, missing: Missing) -> Result<SharedAccounts, Failure> {
    backend::open_accounts(&BackendSettings::of_command(layers)?, missing).await
}

/// An instant as RFC 3339.
pub(super) fn show_time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}
