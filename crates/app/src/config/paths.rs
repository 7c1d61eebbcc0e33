//! Where things lie when nobody says: the XDG base directories.

use std::ffi::OsString;
use std::path::PathBuf;

/// A variable of the environment, as the operating system keeps it.
pub(crate) type ReadEnv<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// `$XDG_DATA_HOME/refract`, or `~/.local/share/refract`; `None` when there is no home either.
pub(crate) fn data_dir(env: ReadEnv<'_>) -> Option<PathBuf> {
    base(env, "XDG_DATA_HOME", ".local/share").map(|base| base.join("refract"))
}

/// `$XDG_CONFIG_HOME/refract/config.toml`, or `~/.config/refract/config.toml`.
pub(crate) fn config_file(env: ReadEnv<'_>) -> Option<PathBuf> {
    base(env, "XDG_CONFIG_HOME", ".config").map(|base| base.join("refract").join("config.toml"))
}

/// The XDG rules: a relative path in the variable counts as not set.
fn base(env: ReadEnv<'_>, variable: &str, under_home: &str) -> Option<PathBuf> {
    let named = env(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| {
        let home = env("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        home.map(|home| home.join(under_home))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_variable_wins_over_home_unless_it_is_relative() {
        let both = |name: &str| match name {
            "XDG_DATA_HOME" => Some(OsString::from("/data")),
            "HOME" => Some(OsString::from("/home/ann")),
            _ => None,
        };
        assert_eq!(data_dir(&both).as_deref(), Some(Path::new("/data/refract")));
        assert_eq!(config_file(&both).as_deref(), Some(Path::new("/home/ann/.config/refract/config.toml")));
        let relative = |name: &str| (name == "XDG_DATA_HOME").then(|| OsString::from("data"));
        assert_eq!(data_dir(&relative), None);
    }
}
