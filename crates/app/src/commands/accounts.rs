//! Teams and keys in a data directory, for the commands that work on it themselves.

use std::path::Path;
use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_store::AccountVerbs;
use refract_store_sqlite::SqliteStore;

use crate::exit::Failure;

/// Opens the accounts of a data directory that is in use, also while a server runs on it. A folder without a store is
/// refused rather than filled: most likely it is not the one that was meant.
pub(super) fn open(folder: &Path) -> Result<Arc<dyn AccountVerbs + Send + Sync>, Failure> {
    let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Err(Failure::other(format!(
            "there is no store in {}\n`refract serve` or `refract teams create` makes one; --data-dir names another",
            folder.display()
        )));
    }
    open_or_make(folder)
}

/// As [`open`]; an empty or missing folder gets a store.
pub(super) fn open_or_make(folder: &Path) -> Result<Arc<dyn AccountVerbs + Send + Sync>, Failure> {
    let refused = |error| Failure::other(format!("the store in {}: {error}", folder.display()));
    SqliteStore::open_accounts(folder).map_err(refused)
}

/// An instant as RFC 3339.
pub(super) fn show_time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}
