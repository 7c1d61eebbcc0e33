//! How the program ends: its exit codes, and failures on their way to one.

use std::fmt;

use crate::config::ConfigError;

/// The exit codes. Scripts rely on them; docs/operations.md lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well; of an import: all rows are in.
    Success = 0,
    /// It failed.
    Failure = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The import is finished, and some rows failed.
    RowsFailed = 3,
    /// There is no key, or the server does not take it.
    Authentication = 4,
    /// The server cannot be reached, or cannot serve now.
    Unreachable = 5,
    /// A setting is wrong (`EX_CONFIG`).
    Configuration = 78,
    /// Ctrl-C (128 + SIGINT).
    Interrupted = 130,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// A command that could not do its work: the exit code, and what to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// One line, perhaps with a second that says what to do.
    pub(crate) message: String,
}

impl Failure {
    /// A failure with an exit code of its own.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// A failure without one.
    pub(crate) fn other(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failure, message)
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Configuration, error)
    }
}
