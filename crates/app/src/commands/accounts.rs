//! Teams and keys in a data directory, for the commands that work on it themselves.

use std::path::Path;
use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_store::AccountVerbs;
use refract_store_sqlite::{SqliteSettings, SqliteStore};

use crate::exit::Failure;

/// Opens the accounts of a data directory.
pub(super) fn open(folder: &Path) -> Result<Arc<dyn AccountVerbs>, Failure> {
    let opened = SqliteStore::open(folder, &SqliteSettings::default());
    let refused = |error| Failure::other(format!("the store in {}: {error}", folder.display()));
    Ok(Arc::new(opened.map_err(refused)?))
}

/// An instant as RFC 3339.
pub(super) fn show_time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}
