//! Which store holds everything: a folder of this machine, or a PostgreSQL database that several servers share.
//!
//! Owns the rule for who names which. Opens nothing.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use refract_store_postgres::PostgresSettings;
use refract_store_sqlite::SqliteSettings;

use super::error::ConfigError;
use super::layers::Layers;
use super::server::count;
use super::{data_dir, setting, value};
use crate::keys::Secret;

/// A store to open. Shows itself without its password.
#[derive(Debug, Clone)]
pub(crate) enum BackendSettings {
    /// In a folder.
    Folder {
        /// Where.
        data_dir: PathBuf,
        /// How.
        store: SqliteSettings,
    },
    /// In a database.
    Database {
        /// Its address as people may see it.
        shown: String,
        /// Where and how.
        store: PostgresSettings,
    },
}

/// How long a transaction may stand still, whatever the lease: long enough to plan a chunk on a busy machine.
const IDLE_LEAST: Duration = Duration::from_secs(1);
const IDLE_MOST: Duration = Duration::from_secs(10);

impl BackendSettings {
    /// As a server opens it.
    pub(crate) fn of_server(layers: &Layers, lease: Duration) -> Result<Self, ConfigError> {
        let mut backend = Self::of_command(layers)?;
        match &mut backend {
            Self::Folder { store, .. } => {
                let cache_bounds = value::size_between(1 << 20, 64 << 30);
                store.writer_cache_bytes = layers.required(&setting::STORE_CACHE_BYTES, cache_bounds)?;
                store.readers = count(layers, &setting::STORE_READERS, 64)? as usize;
            }
            Self::Database { store, .. } => {
                store.connections_max = count(layers, &setting::DATABASE_CONNECTIONS_MAX, 10_000)? as usize;
                store.listen = layers.required(&setting::DATABASE_LISTEN, value::word(value::SWITCH))?;
                // A server that stands still within a chunk must not keep the job's row beyond its lease.
                store.idle_within = (lease / 3).clamp(IDLE_LEAST, IDLE_MOST);
            }
        }
        Ok(backend)
    }

    /// As a command opens it that works on the store itself.
    pub(crate) fn of_command(layers: &Layers) -> Result<Self, ConfigError> {
        let Some(url) = layers.value(&setting::DATABASE_URL, value::database_url)? else {
            return Ok(Self::Folder { data_dir: data_dir(layers)?, store: SqliteSettings::default() });
        };
        if let (Some(database), Some(folder)) =
            (layers.origin(&setting::DATABASE_URL)?, layers.origin(&setting::DATA_DIR)?)
        {
            let problem = format!("data_dir is set too ({folder}); everything is in one of them: take one away");
            return Err(ConfigError::of_origin(&setting::DATABASE_URL, &database, problem));
        }
        let root_certificates = layers.value(&setting::DATABASE_ROOT_CERTIFICATES, value::path)?;
        Ok(Self::database(&url, root_certificates))
    }

    /// A database that a command line names.
    pub(crate) fn named_database(url: &str, root_certificates: Option<PathBuf>) -> Result<Self, String> {
        let url = value::database_url(url).map_err(|expected| expected.0)?;
        Ok(Self::database(&url, root_certificates))
    }

    fn database(url: &Secret, root_certificates: Option<PathBuf>) -> Self {
        let store = PostgresSettings { root_certificates, ..PostgresSettings::new(url.reveal()) };
        Self::Database { shown: without_secrets(url), store }
    }
}

impl fmt::Display for BackendSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { data_dir, .. } => write!(formatter, "{}", data_dir.display()),
            Self::Database { shown, .. } => formatter.write_str(shown),
        }
    }
}

/// Of an address: scheme, user, host, port and database. A password may stand behind the user or among the options.
fn without_secrets(url: &Secret) -> String {
    let (scheme, rest) = url.reveal().split_once("://").unwrap_or_default();
    let rest = rest.split('?').next().unwrap_or_default();
    let (login, place) = rest.rsplit_once('@').map_or(("", rest), |(login, place)| (login, place));
    let user = login.split(':').next().unwrap_or_default();
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{place}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::fs;

    use super::*;

    fn resolve(flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> Result<BackendSettings, String> {
        let flags: BTreeMap<_, _> = flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        let variables = [("HOME", "/home/ann")].iter().chain(variables);
        let environment = variables.map(|(name, text)| ((*name).to_owned(), OsString::from(text))).collect();
        let layers = Layers::read(flags, environment, None).map_err(|error| error.to_string())?;
        BackendSettings::of_server(&layers, Duration::from_secs(30)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_unless_a_database_is_named() {
        assert_eq!(resolve(&[], &[]).unwrap().to_string(), "/home/ann/.local/share/refract");
        let BackendSettings::Folder { store, .. } = resolve(&[], &[]).unwrap() else { panic!("a folder") };
        assert_eq!(store, SqliteSettings::default(), "the table's texts say the same as the store");
        let url = "postgres://ann@h/refract";
        let BackendSettings::Database { store, .. } = resolve(&[("database_url", url)], &[]).unwrap() else {
            panic!("a database")
        };
        assert_eq!(store, PostgresSettings::new(url), "the table's texts say the same as the store");
    }

    #[test]
    fn naming_both_is_refused_wherever_they_come_from() {
        let url = ("REFRACT_DATABASE_URL", "postgres://ann:canary-password@h/d");
        let refused = resolve(&[("data_dir", "/data")], &[url]).unwrap_err();
        assert!(refused.contains("REFRACT_DATABASE_URL") && refused.contains("flag --data-dir"), "{refused}");
        assert!(!refused.contains("canary-password"), "{refused}");
        assert!(resolve(&[("database_url", url.1)], &[("REFRACT_DATA_DIR", "/data")]).is_err());
    }

    #[test]
    fn an_address_shows_without_its_password() {
        for (url, shown) in [
            ("postgres://ann:se@cret@h:5/d?sslmode=require&password=x", "postgres://ann@h:5/d"),
            ("postgresql://h/d", "postgresql://h/d"),
            ("postgres://:secret@/d?host=/run", "postgres:///d"),
            ("postgres://ann@%2Frun%2Fpg/d", "postgres://ann@%2Frun%2Fpg/d"),
        ] {
            let backend = resolve(&[("database_url", url)], &[]).unwrap();
            assert_eq!(backend.to_string(), shown);
            assert!(!format!("{backend:?}").contains("cret"), "{backend:?}");
        }
        let refused = resolve(&[("database_url", "canary-password")], &[]).unwrap_err();
        assert!(!refused.contains("canary") && refused.contains("postgres://"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn the_address_can_come_from_a_closed_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        fs::write(&file, "postgres://ann:secret@h/d\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let backend = resolve(&[], &[("REFRACT_DATABASE_URL_FILE", &file.display().to_string())]).unwrap();
        assert_eq!(backend.to_string(), "postgres://ann@h/d");
    }

    #[test]
    fn a_short_lease_shortens_how_long_a_transaction_may_stand_still() {
        let layers = Layers::of_flags(BTreeMap::from([("database_url", "postgres://h/d".to_owned())]));
        let idle_within = |lease: Duration| match BackendSettings::of_server(&layers, lease).unwrap() {
            BackendSettings::Database { store, .. } => store.idle_within,
            BackendSettings::Folder { .. } => panic!("a database"),
        };
        assert_eq!(idle_within(Duration::from_secs(6)), Duration::from_secs(2));
        assert_eq!(idle_within(Duration::from_millis(200)), IDLE_LEAST);
        assert_eq!(idle_within(Duration::from_secs(600)), IDLE_MOST);
    }
}
