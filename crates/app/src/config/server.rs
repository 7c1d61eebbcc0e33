//! What `refract serve` runs with.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use refract_domain::ids::{RECORD_INDEX_MAX, TeamId};
use refract_domain::limits::ImportLimits;
use refract_engine::EngineSettings;
use refract_http::{HttpSettings, RateLimit};

use super::backend::BackendSettings;
use super::error::ConfigError;
use super::layers::Layers;
use super::{setting, value};
use crate::keys::Secret;
use crate::telemetry::{LogFormat, LogSettings};

/// Every setting of the server, checked, one struct for each layer of the house.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// What holds everything.
    pub(crate) backend: BackendSettings,
    /// What the use cases go by.
    pub(crate) engine: EngineSettings,
    /// What the HTTP surface goes by.
    pub(crate) http: HttpSettings,
    /// How and what to log.
    pub(crate) log: LogSettings,
    /// The team and key to make at the start.
    pub(crate) bootstrap: BootstrapSettings,
}

/// The team and key the operator chose.
#[derive(Debug, Clone, Default)]
pub(crate) struct BootstrapSettings {
    /// The team's id.
    pub(crate) team_id: Option<TeamId>,
    /// The key's text.
    pub(crate) api_key: Option<Secret>,
}

const RETENTION_LEAST: Duration = Duration::from_secs(1);
const RETENTION_MOST: Duration = Duration::from_secs(3_650 * 86_400);
const TIMEOUT_LEAST: Duration = Duration::from_millis(100);
const TIMEOUT_MOST: Duration = Duration::from_secs(86_400);
const SIZE_MOST: u64 = 1 << 40;
const LEASE_MOST: Duration = Duration::from_secs(3_600);

impl ServerSettings {
    /// Reads and checks all of them.
    pub(crate) fn resolve(layers: &Layers) -> Result<Self, ConfigError> {
        let engine = engine_settings(layers)?;
        let http = http_settings(layers, engine.retention)?;
        Ok(Self {
            listen: layers.required(&setting::LISTEN, value::listen_address)?,
            backend: BackendSettings::of_server(layers, engine.lease_for)?,
            engine,
            http,
            log: log_settings(layers)?,
            bootstrap: BootstrapSettings {
                team_id: layers.value(&setting::BOOTSTRAP_TEAM_ID, value::uuid)?.map(TeamId),
                api_key: layers.value(&setting::BOOTSTRAP_API_KEY, value::chosen_api_key)?,
            },
        })
    }
}

fn engine_settings(layers: &Layers) -> Result<EngineSettings, ConfigError> {
    let retention_bounds = value::duration_between(RETENTION_LEAST, RETENTION_MOST);
    Ok(EngineSettings {
        limits: limits(layers)?,
        retention: layers.required(&setting::JOB_RETENTION, retention_bounds)?,
        queued_jobs_per_team_max: count(layers, &setting::QUEUED_JOBS_PER_TEAM_MAX, 100_000)?,
        inline_per_team_max: count(layers, &setting::INLINE_PER_TEAM_MAX, 10_000)? as usize,
        chunk_rows_max: count(layers, &setting::CHUNK_ROWS_MAX, 1_000_000)? as usize,
        run_jobs: layers.required(&setting::RUN_JOBS, value::word(value::SWITCH))?,
        lease_for: layers.required(&setting::LEASE, value::duration_between(TIMEOUT_LEAST, LEASE_MOST))?,
        ..EngineSettings::default()
    })
}

fn http_settings(layers: &Layers, job_retention: Duration) -> Result<HttpSettings, ConfigError> {
    let timeout = |of: &setting::Setting| layers.required(of, value::duration_between(TIMEOUT_LEAST, TIMEOUT_MOST));
    Ok(HttpSettings {
        rate_limit: rate_limit(layers)?,
        connections_max: count(layers, &setting::CONNECTIONS_MAX, 1_000_000)? as usize,
        header_read_timeout: timeout(&setting::HEADER_READ_TIMEOUT)?,
        body_idle_timeout: timeout(&setting::BODY_IDLE_TIMEOUT)?,
        write_timeout: timeout(&setting::WRITE_TIMEOUT)?,
        keep_alive_idle: timeout(&setting::KEEP_ALIVE_IDLE)?,
        job_retention,
        ..HttpSettings::default()
    })
}

/// Without a burst of its own a key may send a second's worth at once.
fn rate_limit(layers: &Layers) -> Result<Option<RateLimit>, ConfigError> {
    let per_second = layers.required(&setting::RATE_LIMIT_PER_SECOND, value::count_or_off)?;
    let burst = layers.value(&setting::RATE_LIMIT_BURST, value::count_between(1, u64::from(u32::MAX)))?;
    let burst = burst.and_then(|burst| NonZeroU32::new(u32::try_from(burst).unwrap_or(u32::MAX)));
    let per_second = per_second.and_then(NonZeroU32::new);
    Ok(per_second.map(|per_second| RateLimit { per_second, burst: burst.unwrap_or(per_second) }))
}

fn limits(layers: &Layers) -> Result<ImportLimits, ConfigError> {
    let rows_most = u64::from(RECORD_INDEX_MAX);
    let body_bytes_max = layers.required(&setting::BODY_BYTES_MAX, value::size_between(1 << 10, SIZE_MOST))?;
    // A row is held in memory as a whole, so its limit has a limit of its own.
    let row_bytes_max = layers.required(&setting::ROW_BYTES_MAX, value::size_between(1 << 10, 64 << 20))?;
    Ok(ImportLimits {
        sync_max_rows: layers.required(&setting::SYNC_MAX_ROWS, value::count_between(0, 10_000))?,
        sync_max_bytes: layers.required(&setting::SYNC_MAX_BYTES, value::size_between(0, 64 << 20))?,
        rows_max: layers.required(&setting::ROWS_MAX, value::count_between(1, rows_most))?,
        body_bytes_max,
        row_bytes_max: usize::try_from(row_bytes_max).unwrap_or(usize::MAX),
    })
}

/// A count of at least one.
pub(super) fn count(layers: &Layers, of: &setting::Setting, most: u32) -> Result<u32, ConfigError> {
    let value = layers.required(of, value::count_between(1, u64::from(most)))?;
    Ok(u32::try_from(value).unwrap_or(most))
}

fn log_settings(layers: &Layers) -> Result<LogSettings, ConfigError> {
    Ok(LogSettings {
        format: layers.required(&setting::LOG_FORMAT, value::word(LogFormat::WORDS))?,
        level: layers.required(&setting::LOG_LEVEL, value::word(LogSettings::LEVELS))?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;

    use super::*;

    fn resolve(variables: &[(&str, &str)]) -> Result<ServerSettings, String> {
        let home = [("HOME", "/home/ann")];
        let pairs = home.iter().chain(variables);
        let environment = pairs.map(|(name, text)| ((*name).to_owned(), OsString::from(text))).collect();
        let layers = Layers::read(BTreeMap::new(), environment, None).map_err(|error| error.to_string())?;
        ServerSettings::resolve(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_limits() {
        let settings = resolve(&[]).unwrap();
        assert_eq!(settings.backend.to_string(), "/home/ann/.local/share/refract");
        // The table's texts and the layers' own defaults are two places: they must say the same.
        assert_eq!(format!("{:?}", settings.engine), format!("{:?}", EngineSettings::default()));
        assert_eq!(format!("{:?}", settings.http), format!("{:?}", HttpSettings::default()));
    }

    #[test]
    fn a_rate_limit_allows_a_seconds_worth_at_once() {
        let limit = |variables: &[(&str, &str)]| {
            let limit = resolve(variables).unwrap().http.rate_limit;
            limit.map(|limit| (limit.per_second.get(), limit.burst.get()))
        };
        assert_eq!(limit(&[("REFRACT_RATE_LIMIT_PER_SECOND", "5")]), Some((5, 5)));
        let both = [("REFRACT_RATE_LIMIT_PER_SECOND", "5"), ("REFRACT_RATE_LIMIT_BURST", "20")];
        assert_eq!(limit(&both), Some((5, 20)));
        assert_eq!(limit(&[("REFRACT_RATE_LIMIT_BURST", "20")]), None);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let cases = [
            ("REFRACT_LISTEN", "8420", "listen"),
            ("REFRACT_ROWS_MAX", "9000000", "rows_max"),
            ("REFRACT_ROW_BYTES_MAX", "1GiB", "row_bytes_max"),
            ("REFRACT_JOB_RETENTION", "7", "job_retention"),
            ("REFRACT_CHUNK_ROWS_MAX", "0", "chunk_rows_max"),
            ("REFRACT_RUN_JOBS", "perhaps", "run_jobs"),
            ("REFRACT_LOG_LEVEL", "loud", "log_level"),
            ("REFRACT_BOOTSTRAP_TEAM_ID", "team", "bootstrap_team_id"),
            ("REFRACT_BOOTSTRAP_API_KEY", "short", "bootstrap_api_key"),
        ];
        for (variable, text, key) in cases {
            let problem = resolve(&[(variable, text)]).unwrap_err();
            assert!(problem.contains(variable) && problem.contains(key), "{problem}");
        }
    }
}
