//! Opens the store that the settings name, as a whole or for the operator's commands, and explains what stands in the way.
//!
//! The only place that knows both backends.

use std::path::Path;
use std::sync::Arc;

use refract_engine::SharedStore;
use refract_store::{AccountVerbs, StoreError};
use refract_store_postgres::PostgresStore;
use refract_store_sqlite::SqliteStore;

use crate::config::BackendSettings;
use crate::exit::{Exit, Failure};

/// Teams and keys, whichever store holds them.
pub(crate) type SharedAccounts = Arc<dyn AccountVerbs + Send + Sync>;

/// Whether a command may make a folder's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A folder without a store is refused rather than filled: most likely it is not the one that was meant.
    IsRefused,
    /// An empty or missing folder gets a store.
    IsMade,
}

/// The versions of the schema before and after a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Migrated {
    /// 0 when there was none.
    pub(crate) from: i64,
    /// The newest this program knows.
    pub(crate) to: i64,
}

/// Opens the whole store, with its schema brought up to date; a folder is made if need be.
pub(crate) async fn open(backend: &BackendSettings) -> Result<SharedStore, Failure> {
    match backend {
        BackendSettings::Folder { data_dir, store } => {
            let (folder, settings) = (data_dir.clone(), store.clone());
            let opened = blocking(move || SqliteStore::open(&folder, &settings)).await?;
            Ok(Arc::new(opened.map_err(|error| refusal(backend, &error))?))
        }
        BackendSettings::Database { store, .. } => {
            let opened = PostgresStore::open(store).await;
            Ok(Arc::new(opened.map_err(|error| refusal(backend, &error))?))
        }
    }
}

/// Opens the accounts of a store that is in use, also while servers run on it.
pub(crate) async fn open_accounts(backend: &BackendSettings, missing: Missing) -> Result<SharedAccounts, Failure> {
    match backend {
        BackendSettings::Folder { data_dir, .. } => {
            if missing == Missing::IsRefused {
                require_store(data_dir)?;
            }
            let folder = data_dir.clone();
            let opened = blocking(move || SqliteStore::open_accounts(&folder)).await?;
            opened.map_err(|error| refusal(backend, &error))
        }
        BackendSettings::Database { store, .. } => {
            let opened = PostgresStore::open(store).await;
            Ok(Arc::new(opened.map_err(|error| refusal(backend, &error))?))
        }
    }
}

/// Brings the schema up to date and does nothing else.
pub(crate) async fn migrate(backend: &BackendSettings) -> Result<Migrated, Failure> {
    let migrated = match backend {
        BackendSettings::Folder { data_dir, .. } => {
            require_store(data_dir)?;
            let folder = data_dir.clone();
            blocking(move || SqliteStore::migrate(&folder)).await?
        }
        BackendSettings::Database { store, .. } => PostgresStore::migrate(store).await,
    };
    let (from, to) = migrated.map_err(|error| refusal(backend, &error))?;
    Ok(Migrated { from, to })
}

fn require_store(folder: &Path) -> Result<(), Failure> {
    let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        return Ok(());
    }
    Err(Failure::other(format!(
        "there is no store in {}\n`refract serve` or `refract teams create` makes one; --data-dir names another",
        folder.display()
    )))
}

/// Opening a folder may migrate and sweep: it blocks.
pub(crate) async fn blocking<T: Send + 'static>(open: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(open).await.map_err(Failure::other)
}

/// Why a store cannot be opened, and what to do about it.
pub(crate) fn refusal(backend: &BackendSettings, error: &StoreError) -> Failure {
    match backend {
        BackendSettings::Folder { .. } => Failure::other(format!("the store in {backend}: {error}")),
        BackendSettings::Database { .. } => {
            let exit = if error.is_transient() { Exit::Unreachable } else { Exit::Failure };
            let remedy = remedy(&error.to_string()).map_or_else(String::new, |remedy| format!("\n{remedy}"));
            Failure::new(exit, format!("the database {backend}: {error}{remedy}"))
        }
    }
}

/// What to do, by the state code (PostgreSQL's documentation, appendix A) that the store puts behind the server's words.
fn remedy(text: &str) -> Option<&'static str> {
    const REMEDIES: &[(&str, &str)] = &[
        ("(28P01)", "user and password stand in database_url; special characters in them are written as %XX"),
        ("(28000)", "the server does not let this user in from here: see pg_hba.conf, and sslmode in database_url"),
        ("(3D000)", "make the database first: createdb --owner USER NAME"),
        ("(42501)", "the user must be able to make tables: GRANT CREATE, USAGE ON SCHEMA public TO USER"),
        ("(53300)", "fewer connections a server (database_connections_max), or more in the database (max_connections)"),
        ("(57P03)", "the database is starting or stopping: try again in a moment"),
        (
            "certificate",
            "database_root_certificates names the certificates to trust; the server's must be for its host name",
        ),
        ("TLS", "sslmode in database_url says whether the connection is encrypted: disable, prefer or require"),
        ("Connection refused", "is PostgreSQL running there, and does it listen on that address (listen_addresses)?"),
        ("failed to lookup", "the host in database_url is not known here"),
        ("no connection within", "nothing answers at that address: is it the right one, is a firewall in between?"),
    ];
    REMEDIES.iter().find(|(sign, _)| text.contains(sign)).map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_code_leads_to_its_remedy() {
        let of = |text| remedy(text).unwrap_or_default();
        assert!(of("store unavailable: password authentication failed for user \"x\" (28P01)").contains("%XX"));
        assert!(of("store unavailable: database \"x\" does not exist (3D000)").contains("createdb"));
        assert_eq!(remedy("store failure: the database has schema version 9"), None);
    }
}
