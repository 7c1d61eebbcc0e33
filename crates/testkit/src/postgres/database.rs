//! A database of a case's own.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::server::{PostgresServer, ServerOptions};
use super::{SERVER_VARIABLE, sql, url};

/// A fresh, empty database; dropped with this value, whoever is still connected to it. A process that is killed leaves
/// its databases, named `refract_test_…`, to the end of their server.
#[derive(Debug)]
pub struct TestDatabase {
    server_url: String,
    name: String,
}

/// Databases of one process.
static MADE: AtomicU32 = AtomicU32::new(0);

impl TestDatabase {
    /// An empty database on the server that all tests share.
    #[must_use]
    pub fn create() -> Self {
        Self::create_on(shared_server_url())
    }

    /// An empty database on the server that a superuser's connection string names.
    #[must_use]
    pub fn create_on(server_url: &str) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        // The process's number comes again one day, and a server may be shared by several machines.
        let chance = RandomState::new().hash_one(number);
        let name = format!("refract_test_{}_{number}_{chance:016x}", std::process::id());
        sql::run_sql(server_url, &format!("CREATE DATABASE {name}")).unwrap_or_else(|error| {
            panic!("no database can be made on {SERVER_VARIABLE} or a server of our own: {error:?}")
        });
        Self { server_url: server_url.to_owned(), name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection string for it, of a superuser.
    #[must_use]
    pub fn url(&self) -> String {
        url::with_database(&self.server_url, &self.name)
    }

    /// Runs statements in it; a failure is a failed test.
    pub fn sql(&self, statements: &str) -> Vec<Vec<Option<String>>> {
        sql::run_sql(&self.url(), statements).unwrap_or_else(|error| panic!("{statements}: {error:?}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A server that a test stopped takes the database with it.
        let _ = sql::run_sql(&self.server_url, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The server of all tests: the one that is named, or one that lives as long as this process.
pub(super) fn shared_server_url() -> &'static str {
    static URL: OnceLock<(String, Option<PostgresServer>)> = OnceLock::new();
    let (url, _) = URL.get_or_init(|| match std::env::var(SERVER_VARIABLE) {
        Ok(named) if !named.is_empty() => (named, None),
        _ => {
            let server = PostgresServer::start(ServerOptions::default());
            (server.url(), Some(server))
        }
    });
    url
}
