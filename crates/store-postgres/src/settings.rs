//! What can be set about the PostgreSQL store.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of a [`PostgresStore`](crate::PostgresStore). [`PostgresSettings::new`] has the defaults; change fields
/// from there.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Where the database is: `postgres://user:password@host:port/database?sslmode=require`, or `key=value` pairs.
    pub url: String,
    /// Connections of this node, at most. Two more are used for hints and for notes on rows.
    pub connections_max: usize,
    /// How long a verb waits for a free connection before it answers `Unavailable`.
    pub wait_max: Duration,
    /// How long opening a connection may take.
    pub connect_within: Duration,
    /// How long one statement may run (`statement_timeout`).
    pub statement_within: Duration,
    /// How long a query may take.
    pub query_within: Duration,
    /// How long a statement may wait for a lock (`lock_timeout`).
    pub lock_within: Duration,
    /// How long a transaction may be idle (`idle_in_transaction_session_timeout`). Well under the time of a lease: a
    /// node that stands still inside a chunk must not keep the job's row from the node that takes over.
    pub idle_within: Duration,
    /// Whose clock decides leases, expiry and retention.
    pub clock: Clock,
    /// Whether to listen for hints that there is work. Off behind PgBouncer in transaction mode, which cannot pass
    /// notifications on: then work is found by polling alone, and nothing is left with a connection from one
    /// transaction to the next, neither settings nor prepared statements.
    pub listen: bool,
    /// What is demanded of the server's durability.
    pub durability: Durability,
    /// Certificates (PEM) to trust instead of the system's, when the connection is encrypted.
    pub root_certificates: Option<PathBuf>,
}

/// Whose clock decides leases, expiry and retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The database's: the only one that all nodes share.
    Database,
    /// The `now` of each command: for tests that move the time.
    Caller,
}

/// What is demanded of the server's durability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `fsync` and `full_page_writes` must be on, and every transaction that matters commits synchronously.
    Required,
    /// The server's settings stand as they are: for tests and for measuring against servers that hold nothing of value.
    Waived,
}

impl PostgresSettings {
    /// The defaults, for this database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections_max: 16,
            wait_max: Duration::from_secs(5),
            connect_within: Duration::from_secs(5),
            statement_within: Duration::from_secs(30),
            query_within: Duration::from_secs(5),
            lock_within: Duration::from_secs(10),
            idle_within: Duration::from_secs(10),
            clock: Clock::Database,
            listen: true,
            durability: Durability::Required,
            root_certificates: None,
        }
    }
}

impl PostgresSettings {
    /// Whether a connection is the same session of the server from one transaction to the next.
    pub(crate) fn keeps_sessions(&self) -> bool {
        self.listen
    }
}

impl std::fmt::Debug for PostgresSettings {
    /// Without the address, which may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PostgresSettings")
            .field("connections_max", &self.connections_max)
            .field("clock", &self.clock)
            .field("listen", &self.listen)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}
