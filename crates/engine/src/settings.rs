//! The settings of the engine, with the defaults of import-semantics and design.

use std::time::Duration;

use refract_domain::limits::ImportLimits;

/// Settings of the engine.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Limits of one import.
    pub limits: ImportLimits,
    /// How long ended jobs are kept.
    pub retention: Duration,
    /// How long a worker's silence lasts before another may take its job.
    pub lease_for: Duration,
    /// Most jobs of one team that have not ended; the next is refused.
    pub queued_jobs_per_team_max: u32,
    /// Most inline imports of one team at once; the next is refused.
    pub inline_per_team_max: usize,
    /// Whether this process runs jobs; without it they wait for another process or the next start.
    pub run_jobs: bool,
    /// Most jobs held at once; one a team.
    pub jobs_held_max: usize,
    /// Most rows in one chunk, when nobody waits.
    pub chunk_rows_max: usize,
    /// Most raw bytes in one chunk: bounds the memory of the runner, which holds two chunks and a piece of raw rows.
    pub chunk_bytes_max: usize,
    /// Most keys that are kept in memory to find duplicates, 20 bytes each: an import with more of them ends.
    pub duplicate_keys_max: usize,
    /// What a chunk may take while nobody waits for the store: the most that somebody who comes then has to wait.
    pub chunk_time_alone: Duration,
    /// What a chunk may take while somebody waits for the store.
    pub chunk_time_while_waited_for: Duration,
    /// Raw bytes that an upload collects before it stages them.
    pub stage_bytes: usize,
    /// How often ended jobs and old keys are purged.
    pub purge_every: Duration,
    /// Called, where it may block, when the runner has no job left to work on: for instance to give memory back.
    pub when_idle: Option<fn()>,
    /// How often the runner looks for jobs it was not told of.
    pub poll_every: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            limits: ImportLimits::default(),
            retention: Duration::from_secs(7 * 24 * 3600),
            lease_for: Duration::from_secs(30),
            queued_jobs_per_team_max: 50,
            inline_per_team_max: 4,
            run_jobs: true,
            jobs_held_max: 64,
            chunk_rows_max: 100_000,
            chunk_bytes_max: 40 << 20,
            duplicate_keys_max: 20_000_000,
            chunk_time_alone: Duration::from_millis(400),
            chunk_time_while_waited_for: Duration::from_millis(50),
            stage_bytes: 1 << 20,
            purge_every: Duration::from_secs(60),
            when_idle: None,
            poll_every: Duration::from_secs(1),
        }
    }
}
