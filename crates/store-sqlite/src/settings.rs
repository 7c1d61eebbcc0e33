//! What can be set about the embedded store. The defaults are the measured best.

use std::time::Duration;

/// Settings of a [`SqliteStore`](crate::SqliteStore).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// Page cache of the writing connection, in bytes.
    pub writer_cache_bytes: u64,
    /// Page cache of each reading connection, in bytes.
    pub reader_cache_bytes: u64,
    /// Reading connections, each on a thread of its own.
    pub readers: usize,
    /// Further reading connections, each on a thread of its own, for queries that may look at many records.
    pub scanners: usize,
    /// How long a query may take, waiting for such a thread included.
    pub query_within: Duration,
    /// Write-ahead log, in bytes not yet in the database, at which a checkpoint runs beside the writer.
    pub checkpoint_wal_bytes: u64,
    /// Write-ahead log, in bytes, beyond which the writer itself stops to empty it.
    pub wal_bytes_max: u64,
    /// How long nothing must have been written before the write-ahead log is given back to the disk.
    pub idle_for: Duration,
    /// Small writes that share one commit, at most.
    pub group_max: usize,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            writer_cache_bytes: 16 << 20,
            reader_cache_bytes: 4 << 20,
            readers: 2,
            scanners: 2,
            query_within: Duration::from_secs(5),
            checkpoint_wal_bytes: 64 << 20,
            wal_bytes_max: 512 << 20,
            idle_for: Duration::from_secs(5),
            group_max: 256,
        }
    }
}
