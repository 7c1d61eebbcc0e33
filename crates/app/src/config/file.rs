//! The configuration file: flat TOML, keys as in the table of settings, everything else refused.
//!
//! Owns the reading and the checks of the file as a whole. Values stay texts: what they mean is decided where the
//! layers meet. Messages never repeat a value, for it may be a secret.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::setting;

/// A file that was read.
#[derive(Debug, Default)]
pub(crate) struct FileLayer {
    /// Where it lies; `None` when there is no file.
    pub(crate) path: Option<PathBuf>,
    values: BTreeMap<String, String>,
}

impl FileLayer {
    /// The text of a setting.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Reads a file that must exist.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|failure| refused(path, describe(&failure)))?;
        let layer = Self::parse(path, &text)?;
        let has_secret = setting::all().any(|known| known.secret && layer.values.contains_key(known.key));
        if has_secret && is_open_to_others(path) {
            return Err(refused(path, "it holds a secret and others can read it: chmod 600"));
        }
        Ok(layer)
    }

    /// Reads a file that may be missing.
    pub(crate) fn read_if_there(path: &Path) -> Result<Self, ConfigError> {
        if path.exists() { Self::read(path) } else { Ok(Self::default()) }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = text.parse().map_err(|failure: toml::de::Error| {
            // Not the error's own text: it quotes the line, and with it perhaps a key.
            let line = failure.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            refused(path, format!("line {line} is not TOML: {}", failure.message()))
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            if !setting::all().any(|known| known.key == key) {
                return Err(unknown_key(path, &key));
            }
            let text =
                as_text(value).ok_or_else(|| refused(path, format!("{key} takes one value, not a list or table")))?;
            values.insert(key, text);
        }
        Ok(Self { path: Some(path.to_owned()), values })
    }
}

fn unknown_key(path: &Path, key: &str) -> ConfigError {
    let near = setting::nearest(key, setting::all().map(|known| known.key));
    let hint = near.map_or_else(|| "docs/operations.md lists all".to_owned(), |name| format!("did you mean {name}?"));
    refused(path, format!("unknown key {key}; {hint}"))
}

fn refused(path: &Path, problem: impl Display) -> ConfigError {
    ConfigError::of_file(path, problem)
}

fn describe(failure: &io::Error) -> String {
    match failure.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => format!("it cannot be read: {failure}"),
    }
}

fn as_text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

/// Whether anybody on the machine may read a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FileLayer, String> {
        FileLayer::parse(Path::new("refract.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_numbers_and_switches_are_values() {
        let layer = parse("listen = \"127.0.0.1:1\"\nsync_max_rows = 5\n").unwrap();
        assert_eq!(layer.get("listen"), Some("127.0.0.1:1"));
        assert_eq!(layer.get("sync_max_rows"), Some("5"));
        assert_eq!(layer.get("data_dir"), None);
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest() {
        let text = parse("sync_max_row = 5").unwrap_err();
        assert!(
            text.contains("refract.toml")
                && text.contains("sync_max_row;")
                && text.contains("did you mean sync_max_rows?"),
            "{text}"
        );
        assert!(parse("[limits]\nrows_max = 1").unwrap_err().contains("unknown key limits"));
        assert!(parse("listen = [\"a\"]").unwrap_err().contains("takes one value"));
    }

    #[test]
    fn a_garbled_line_is_named_but_not_quoted() {
        let text = parse("listen = \"127.0.0.1:1\"\napi_key = \"very-secret\n").unwrap_err();
        assert!(text.contains("line 2"), "{text}");
        assert!(!text.contains("very-secret"), "{text}");
    }
}
