//! Logging: one subscriber, on stderr, as text or JSON lines.
//!
//! Owns the set-up. What is logged is the affair of whoever logs it; keys, bodies and cell values never are.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// The words of the setting.
    pub(crate) const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// How and what to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// How lines look.
    pub(crate) format: LogFormat,
    /// The least grave level that is logged.
    pub(crate) level: LevelFilter,
}

impl LogSettings {
    /// The words of the setting.
    pub(crate) const LEVELS: &'static [(&'static str, LevelFilter)] = &[
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
        ("trace", LevelFilter::TRACE),
        ("off", LevelFilter::OFF),
    ];
}

/// Starts logging for the whole process. A second call changes nothing.
pub(crate) fn start(settings: LogSettings) {
    // A line that cannot be written must not be reported on the stderr that refused it: that would end the process.
    let layer = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(settings.level);
    let _ = match settings.format {
        LogFormat::Text => registry.with(layer.with_ansi(colours_wanted())).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
}

fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
