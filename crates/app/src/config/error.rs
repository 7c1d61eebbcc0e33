//! What is wrong with the configuration, in one line that names the setting and where it was set.

use std::fmt;
use std::path::{Path, PathBuf};

use super::setting::Setting;

/// Where a value came from, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command line.
    Flag(String),
    /// A variable of the environment.
    Environment(String),
    /// A file that a variable of the environment names.
    SecretFile(String),
    /// The configuration file.
    File(PathBuf),
    /// The table of settings.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(formatter, "flag --{name}"),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
            Self::SecretFile(name) => write!(formatter, "the file named by {name}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A configuration that cannot be used; the program ends with exit code 78.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError(String);

impl ConfigError {
    /// A setting whose value cannot be used. The value is shown only when it is no secret.
    pub(crate) fn of_value(setting: &Setting, origin: &Origin, value: &str, problem: &str) -> Self {
        let shown = if setting.secret { String::new() } else { format!("{value:?}: ") };
        Self(format!("{} ({origin}): {shown}{problem}", setting.key))
    }

    /// A setting with a fault that is not in its text.
    pub(crate) fn of_setting(setting: &Setting, problem: impl fmt::Display) -> Self {
        Self(format!("{}: {problem}", setting.key))
    }

    /// A setting that came from somewhere unusable.
    pub(crate) fn of_origin(setting: &Setting, origin: &Origin, problem: impl fmt::Display) -> Self {
        Self(format!("{} ({origin}): {problem}", setting.key))
    }

    /// A configuration file that cannot be used as a whole.
    pub(crate) fn of_file(path: &Path, problem: impl fmt::Display) -> Self {
        Self(format!("{}: {problem}", path.display()))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid configuration: {}", self.0)
    }
}
