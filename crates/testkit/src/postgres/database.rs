//! A database of a case's own.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;

use super::server::{PostgresServer, ServerOptions};
use super::{SERVER_VARIABLE, sql, url};

/// A fresh, empty database; dropped with this value, whoever is still connected to it. A process that is killed leaves
/// its databases, named `refract_test_…`, to the end of their server.
#[derive(Debug)]
pub struct TestDatabase {
    server_url: String,
    name: String,
}

/// How long the server may take to notice that clients are gone.
const LEAVING_TAKES_MOST: Duration = Duration::from_secs(20);

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
        let name = fresh_name();
        sql::run_sql(server_url, &format!("CREATE DATABASE {name}")).unwrap_or_else(|error| {
            panic!("no database can be made on {SERVER_VARIABLE} or a server of our own: {error:?}")
        });
        Self { server_url: server_url.to_owned(), name }
    }

    /// A database with all that is in this one. Whoever is connected to this one has to leave: it waits for that.
    #[must_use]
    pub fn copy(&self) -> Self {
        let name = fresh_name();
        let statement = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        let deadline = Instant::now() + LEAVING_TAKES_MOST;
        while let Err(error) = sql::run_sql(&self.server_url, &statement) {
            let is_in_use = error.code() == Some(&SqlState::OBJECT_IN_USE);
            assert!(is_in_use && Instant::now() < deadline, "{} cannot be copied: {error:?}", self.name);
            thread::sleep(Duration::from_millis(10));
        }
        Self { server_url: self.server_url.clone(), name }
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

fn fresh_name() -> String {
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    // The process's number comes again one day, and a server may be shared by several machines.
    let chance = RandomState::new().hash_one(number);
    format!("refract_test_{}_{number}_{chance:016x}", std::process::id())
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
