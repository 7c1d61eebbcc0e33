//! The table of settings: every name, default and sentence of help, once.
//!
//! Flags, environment variables, keys of the configuration file, "did you mean" and the check of docs/operations.md all
//! come from here. Knows nothing of where values are read or what they become.

/// One setting. Its key gives the other names: `data_dir` is `--data-dir` and `REFRACT_DATA_DIR`.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name in the configuration file.
    pub(crate) key: &'static str,
    /// What `--help` shows for its value.
    pub(crate) value_name: &'static str,
    /// The text used where nobody sets it; `None` when it may stay unset or its default is computed.
    pub(crate) default: Option<&'static str>,
    /// What `--help` says of the default when there is no fixed text.
    pub(crate) default_note: Option<&'static str>,
    /// Another environment variable that is read when the own one is not set.
    pub(crate) other_env: Option<&'static str>,
    /// Whether the value must never be shown. A secret can also come from a file: `REFRACT_…_FILE` names it.
    pub(crate) secret: bool,
    /// One sentence.
    pub(crate) help: &'static str,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn env(&self) -> String {
        format!("REFRACT_{}", self.key.to_ascii_uppercase())
    }

    /// The environment variable that names a file with the value; secrets only.
    pub(crate) fn file_env(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.env()))
    }

    /// The flag, without its dashes.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

const fn setting(
    key: &'static str,
    value_name: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting { key, value_name, default, default_note: None, other_env: None, secret: false, help }
}

pub(crate) static LISTEN: Setting =
    setting("listen", "ADDRESS:PORT", Some("127.0.0.1:8420"), "Where to listen; port 0 picks a free one");
pub(crate) static DATA_DIR: Setting = Setting {
    default_note: Some("$XDG_DATA_HOME/refract, or ~/.local/share/refract"),
    ..setting("data_dir", "DIR", None, "The folder that holds everything the server keeps")
};
pub(crate) static DATABASE_URL: Setting = Setting {
    default_note: Some("none: everything is kept in data_dir"),
    secret: true,
    ..setting("database_url", "URL", None, "The PostgreSQL database that holds everything, in place of a folder")
};
pub(crate) static DATABASE_CONNECTIONS_MAX: Setting =
    setting("database_connections_max", "COUNT", Some("16"), "Most connections of this server to the database");
pub(crate) static DATABASE_ROOT_CERTIFICATES: Setting = Setting {
    default_note: Some("the system's"),
    ..setting("database_root_certificates", "FILE", None, "Certificates (PEM) to trust when the database proves itself")
};
pub(crate) static DATABASE_LISTEN: Setting = setting(
    "database_listen",
    "BOOL",
    Some("true"),
    "Whether the database says when there is work; false behind a pooler of transactions, then work is polled for",
);
pub(crate) static LEASE: Setting =
    setting("lease", "DURATION", Some("30s"), "How long a server that falls silent keeps a job from the others");
pub(crate) static SYNC_MAX_ROWS: Setting =
    setting("sync_max_rows", "COUNT", Some("100"), "Imports of fewer rows are answered in the request");
pub(crate) static SYNC_MAX_BYTES: Setting =
    setting("sync_max_bytes", "SIZE", Some("1MiB"), "Imports of fewer bytes may be answered in the request");
pub(crate) static ROWS_MAX: Setting = setting("rows_max", "COUNT", Some("5000000"), "Most rows in one import");
pub(crate) static BODY_BYTES_MAX: Setting =
    setting("body_bytes_max", "SIZE", Some("2GiB"), "Most bytes in one import's body, after decompression");
pub(crate) static ROW_BYTES_MAX: Setting = setting("row_bytes_max", "SIZE", Some("1MiB"), "Most bytes in one row");
pub(crate) static JOB_RETENTION: Setting =
    setting("job_retention", "DURATION", Some("7d"), "How long an import job can be read");
pub(crate) static QUEUED_JOBS_PER_TEAM_MAX: Setting = setting(
    "queued_jobs_per_team_max",
    "COUNT",
    Some("50"),
    "Most unfinished jobs of one team; further imports are answered 429",
);
pub(crate) static INLINE_PER_TEAM_MAX: Setting = setting(
    "inline_per_team_max",
    "COUNT",
    Some("4"),
    "Most imports of one team answered in their requests at one time; further ones are answered 429",
);
pub(crate) static CHUNK_ROWS_MAX: Setting =
    setting("chunk_rows_max", "COUNT", Some("100000"), "Most rows of a job that are written in one transaction");
pub(crate) static RUN_JOBS: Setting =
    setting("run_jobs", "BOOL", Some("true"), "Whether jobs are run; false accepts them and leaves them waiting");
pub(crate) static RATE_LIMIT_PER_SECOND: Setting = setting(
    "rate_limit_per_second",
    "COUNT",
    Some("off"),
    "Most requests of one API key a second; further ones are answered 429",
);
pub(crate) static RATE_LIMIT_BURST: Setting = Setting {
    default_note: Some("rate_limit_per_second"),
    ..setting("rate_limit_burst", "COUNT", None, "Most requests of one API key at once, after a pause")
};
pub(crate) static CONNECTIONS_MAX: Setting =
    setting("connections_max", "COUNT", Some("1024"), "Most connections at once; further ones wait");
pub(crate) static HEADER_READ_TIMEOUT: Setting =
    setting("header_read_timeout", "DURATION", Some("10s"), "How long the head of a request may take to arrive");
pub(crate) static BODY_IDLE_TIMEOUT: Setting =
    setting("body_idle_timeout", "DURATION", Some("20s"), "How long a body may stand still");
pub(crate) static WRITE_TIMEOUT: Setting =
    setting("write_timeout", "DURATION", Some("30s"), "How long a client may take no byte of an answer");
pub(crate) static KEEP_ALIVE_IDLE: Setting =
    setting("keep_alive_idle", "DURATION", Some("60s"), "How long a connection may wait for its next request");
pub(crate) static STORE_CACHE_BYTES: Setting =
    setting("store_cache_bytes", "SIZE", Some("16MiB"), "Page cache of the store's writing connection");
pub(crate) static STORE_READERS: Setting =
    setting("store_readers", "COUNT", Some("2"), "Reading connections of the store, a thread each");
pub(crate) static LOG_FORMAT: Setting =
    setting("log_format", "FORMAT", Some("text"), "How log lines on stderr look: text or json");
pub(crate) static LOG_LEVEL: Setting =
    setting("log_level", "LEVEL", Some("info"), "What is logged: error, warn, info, debug, trace or off");
pub(crate) static BOOTSTRAP_TEAM_ID: Setting = Setting {
    default_note: Some("a team is made on the first start"),
    ..setting("bootstrap_team_id", "UUID", None, "A team to make at the start unless it exists")
};
pub(crate) static BOOTSTRAP_API_KEY: Setting = Setting {
    default_note: Some("a key is made on the first start and printed once"),
    secret: true,
    ..setting("bootstrap_api_key", "KEY", None, "An API key of that team to make at the start unless it exists")
};

pub(crate) static SERVER: Setting = Setting {
    other_env: Some("MICRO_BASE_URL"),
    ..setting("server", "URL", Some("http://127.0.0.1:8420"), "The server to talk to")
};
pub(crate) static API_KEY: Setting = Setting {
    other_env: Some("MICRO_API_KEY"),
    secret: true,
    ..setting("api_key", "KEY", None, "The API key to talk with")
};
pub(crate) static TEAM_ID: Setting = setting("team_id", "UUID", None, "The team");

/// What `refract serve` reads.
pub(crate) static SERVE: &[&Setting] = &[
    &LISTEN,
    &DATA_DIR,
    &DATABASE_URL,
    &DATABASE_CONNECTIONS_MAX,
    &DATABASE_ROOT_CERTIFICATES,
    &DATABASE_LISTEN,
    &SYNC_MAX_ROWS,
    &SYNC_MAX_BYTES,
    &ROWS_MAX,
    &BODY_BYTES_MAX,
    &ROW_BYTES_MAX,
    &JOB_RETENTION,
    &QUEUED_JOBS_PER_TEAM_MAX,
    &INLINE_PER_TEAM_MAX,
    &CHUNK_ROWS_MAX,
    &RUN_JOBS,
    &LEASE,
    &RATE_LIMIT_PER_SECOND,
    &RATE_LIMIT_BURST,
    &CONNECTIONS_MAX,
    &HEADER_READ_TIMEOUT,
    &BODY_IDLE_TIMEOUT,
    &WRITE_TIMEOUT,
    &KEEP_ALIVE_IDLE,
    &STORE_CACHE_BYTES,
    &STORE_READERS,
    &LOG_FORMAT,
    &LOG_LEVEL,
    &BOOTSTRAP_TEAM_ID,
    &BOOTSTRAP_API_KEY,
];

/// What `refract import` and `refract status` read.
pub(crate) static CLIENT: &[&Setting] = &[&SERVER, &API_KEY, &TEAM_ID];

/// What `refract teams` and `refract migrate` read.
pub(crate) static DATA: &[&Setting] = &[&DATA_DIR, &DATABASE_URL, &DATABASE_ROOT_CERTIFICATES];

/// What `refract keys` reads.
pub(crate) static DATA_OF_TEAM: &[&Setting] = &[&DATA_DIR, &DATABASE_URL, &DATABASE_ROOT_CERTIFICATES, &TEAM_ID];

/// Every setting there is.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    SERVE.iter().chain(CLIENT).copied()
}

/// The known name that a misspelt one most likely meant.
pub(crate) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LEAST_LIKENESS: f64 = 0.7;
    known
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_other_names() {
        assert_eq!(DATA_DIR.env(), "REFRACT_DATA_DIR");
        assert_eq!(DATA_DIR.flag(), "data-dir");
        assert_eq!(DATA_DIR.file_env(), None);
        assert_eq!(API_KEY.file_env().as_deref(), Some("REFRACT_API_KEY_FILE"));
    }

    #[test]
    fn no_two_settings_share_a_key() {
        let mut keys: Vec<&str> = all().map(|setting| setting.key).collect();
        keys.sort_unstable();
        let many = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), many);
    }

    #[test]
    fn the_page_for_operators_lists_every_setting() {
        let page = include_str!("../../../../docs/operations.md");
        for setting in all() {
            let others = setting.other_env.map(|name| format!(", or `{name}`")).unwrap_or_default();
            let row = format!("| `--{}` | `{}`{others} | `{}` | ", setting.flag(), setting.env(), setting.key);
            let line = page.lines().find(|line| line.starts_with(&row));
            let line = line.unwrap_or_else(|| panic!("docs/operations.md has no row {row}"));
            assert!(line.ends_with(&format!("| {} |", setting.help)), "{line}");
            let default = setting.default.map(|text| format!("| `{text}` |")).unwrap_or_default();
            assert!(line.contains(&default), "{line}");
        }
    }

    #[test]
    fn a_misspelt_name_finds_its_like() {
        let near = |wanted: &str| nearest(wanted, all().map(|setting| setting.key));
        assert_eq!(near("data-dir"), Some("data_dir"));
        assert_eq!(near("job_retnetion"), Some("job_retention"));
        assert_eq!(near("zzz"), None);
    }
}
