//! The settings of the HTTP surface, with the defaults of docs/wire.md.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::workbooks::WorkbookReader;

/// Settings of the HTTP surface.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Most bytes in a request's path and query.
    pub uri_bytes_max: usize,
    /// Most bytes in the names and values of a request's headers.
    pub header_bytes_max: usize,
    /// Most headers in a request.
    pub headers_max: usize,
    /// How long a request's head may take to arrive.
    pub header_read_timeout: Duration,
    /// How long a body may stand still (see [`Self::body_progress_bytes`]).
    pub body_idle_timeout: Duration,
    /// How many bytes must arrive within [`Self::body_idle_timeout`] for a body not to stand still.
    pub body_progress_bytes: usize,
    /// How long a client may take no byte of an answer.
    pub write_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive_idle: Duration,
    /// Most connections at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// How long requests under way may go on once the server is told to stop.
    pub drain_for: Duration,
    /// How long a connection that is closed before its request was read whole goes on swallowing what is sent, so that
    /// the client can read the answer.
    pub linger_for: Duration,
    /// How fast one API key may send requests; `None` for as fast as it can.
    pub rate_limit: Option<RateLimit>,
    /// How many keys one address may have refused within a minute before it is told to wait.
    pub refused_keys_per_minute_max: u32,
    /// How long ended jobs are kept: shown as `expires_at` when a job is accepted. The engine's setting.
    pub job_retention: Duration,
    /// Reads workbooks; without one they are refused.
    pub workbooks: Option<Arc<dyn WorkbookReader>>,
}

/// How fast one API key may send requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once after a pause.
    pub burst: NonZeroU32,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            uri_bytes_max: 8 << 10,
            header_bytes_max: 16 << 10,
            headers_max: 100,
            header_read_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(20),
            body_progress_bytes: 1 << 10,
            write_timeout: Duration::from_secs(30),
            keep_alive_idle: Duration::from_secs(60),
            connections_max: 1_024,
            drain_for: Duration::from_secs(8),
            linger_for: Duration::from_secs(3),
            rate_limit: None,
            refused_keys_per_minute_max: 100,
            job_retention: Duration::from_secs(7 * 24 * 3600),
            workbooks: None,
        }
    }
}
