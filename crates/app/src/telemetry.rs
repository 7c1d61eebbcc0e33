//! Logging: one subscriber, on stderr, as text or JSON lines.
//!
//! Owns the set-up. What is logged is the affair of whoever logs it; keys, bodies and cell values never are.

use std::io::{self, IsTerminal, Stderr};
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::log_lines::LogLines;

static LINES: OnceLock<&'static LogLines<Stderr>> = OnceLock::new();

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

/// Writes what was logged so far when it is dropped.
#[must_use = "what was logged last is written when it is dropped"]
pub(crate) struct Logging;

impl Drop for Logging {
    fn drop(&mut self) {
        write_out();
    }
}

/// Starts logging for the whole process. A second call changes nothing.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn start(settings: LogSettings) -> io::Result<Logging> {
    let lines = match LINES.get() {
        Some(lines) => *lines,
        None => LogLines::start(io::stderr())?,
    };
    // Whoever came first is as good.
    let lines = *LINES.get_or_init(|| lines);
    // A line that cannot be written must not be reported on the stderr that refused it: that would end the process.
    let layer = fmt::layer().with_writer(lines).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(settings.level);
    let _ = match settings.format {
        LogFormat::Text => registry.with(layer.with_ansi(colours_wanted())).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    Ok(Logging)
}

/// Writes what was logged so far: before the process ends.
pub(crate) fn write_out() {
    if let Some(lines) = LINES.get() {
        lines.write_out();
    }
}

fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
