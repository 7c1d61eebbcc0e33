//! The layers a value can come from, and their order: flag, environment, file, default.
//!
//! Owns the order. Knows neither what a value means nor which command asks.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Origin};
use super::file::{self, FileLayer};
use super::paths;
use super::setting::Setting;
use super::value::Parsed;

/// The variables of the environment that this program could read.
pub(crate) type Environment = BTreeMap<String, OsString>;

/// All layers, read once.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    flags: BTreeMap<&'static str, String>,
    environment: Environment,
    file: FileLayer,
}

impl Layers {
    /// Takes the flags and the environment in, and reads the configuration file: the one named, else the one in its
    /// default place if there is one.
    pub(crate) fn read(
        flags: BTreeMap<&'static str, String>,
        environment: Environment,
        named_file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let from_environment = environment.get("REFRACT_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let file = match named_file.map(Path::to_owned).or(from_environment) {
            Some(path) => FileLayer::read(&path)?,
            None => match paths::config_file(&|name| environment.get(name).cloned()) {
                Some(path) => FileLayer::read_if_there(&path)?,
                None => FileLayer::default(),
            },
        };
        Ok(Self { flags, environment, file })
    }

    /// Layers that nothing ambient reaches: these flags over the defaults.
    pub(crate) fn of_flags(flags: BTreeMap<&'static str, String>) -> Self {
        Self { flags, ..Self::default() }
    }

    /// A variable of the environment, for defaults that are computed.
    pub(crate) fn environment(&self, name: &str) -> Option<OsString> {
        self.environment.get(name).cloned()
    }

    /// The value of a setting, if anybody sets it or it has a default.
    pub(crate) fn value<T>(
        &self,
        setting: &Setting,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((origin, text)) = self.text(setting)? else { return Ok(None) };
        let parsed = parse(&text);
        parsed.map(Some).map_err(|expected| ConfigError::of_value(setting, &origin, &text, &expected.0))
    }

    /// The value of a setting that must have one.
    pub(crate) fn required<T>(&self, setting: &Setting, parse: impl Fn(&str) -> Parsed<T>) -> Result<T, ConfigError> {
        let value = self.value(setting, parse)?;
        let missing = || format!("not set: use --{} or {}", setting.flag(), setting.env());
        value.ok_or_else(|| ConfigError::of_setting(setting, missing()))
    }

    /// Where a setting was set; `None` when nobody set it.
    pub(crate) fn origin(&self, setting: &Setting) -> Result<Option<Origin>, ConfigError> {
        Ok(self.text(setting)?.map(|(origin, _)| origin).filter(|origin| *origin != Origin::Default))
    }

    fn text(&self, setting: &Setting) -> Result<Option<(Origin, String)>, ConfigError> {
        if let Some(text) = self.flags.get(setting.key) {
            return Ok(Some((Origin::Flag(setting.flag()), text.clone())));
        }
        if let Some(found) = self.environment_text(setting)? {
            return Ok(Some(found));
        }
        if let (Some(text), Some(path)) = (self.file.get(setting.key), &self.file.path) {
            return Ok(Some((Origin::File(path.clone()), text.to_owned())));
        }
        Ok(setting.default.map(|text| (Origin::Default, text.to_owned())))
    }

    /// The own variable, the file it may name instead, then the other variable. An empty one counts as not set.
    fn environment_text(&self, setting: &Setting) -> Result<Option<(Origin, String)>, ConfigError> {
        if let Some(found) = self.variable(setting, setting.env())? {
            return Ok(Some(found));
        }
        if let Some(found) = self.secret_file(setting)? {
            return Ok(Some(found));
        }
        match setting.other_env {
            Some(name) => self.variable(setting, name.to_owned()),
            None => Ok(None),
        }
    }

    fn variable(&self, setting: &Setting, name: String) -> Result<Option<(Origin, String)>, ConfigError> {
        let Some(value) = self.environment.get(&name).filter(|value| !value.is_empty()) else { return Ok(None) };
        let origin = Origin::Environment(name);
        match value.to_str() {
            Some(text) => Ok(Some((origin, text.to_owned()))),
            None => Err(ConfigError::of_origin(setting, &origin, "it is not UTF-8 text")),
        }
    }

    fn secret_file(&self, setting: &Setting) -> Result<Option<(Origin, String)>, ConfigError> {
        let Some(name) = setting.file_env() else { return Ok(None) };
        let Some(path) = self.environment.get(&name).filter(|path| !path.is_empty()) else { return Ok(None) };
        let origin = Origin::SecretFile(name);
        let text = fs::read_to_string(path)
            .map_err(|failure| ConfigError::of_origin(setting, &origin, format!("it cannot be read: {failure}")))?;
        if file::is_open_to_others(Path::new(path)) {
            return Err(ConfigError::of_origin(setting, &origin, "others can read it: chmod 600"));
        }
        Ok(Some((origin, text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::setting::{API_KEY, SERVER, SYNC_MAX_ROWS};
    use super::super::value;
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), OsString::from(text))).collect()
    }

    fn config_file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn flag_over_environment_over_file_over_default() {
        let (_folder, path) = config_file("sync_max_rows = 2");
        let count = |layers: &Layers| layers.required(&SYNC_MAX_ROWS, value::count_between(1, 1_000)).unwrap();
        let flags = BTreeMap::from([("sync_max_rows", "4".to_owned())]);
        let variables = environment(&[("REFRACT_SYNC_MAX_ROWS", "3")]);
        assert_eq!(count(&Layers::read(flags, variables.clone(), Some(&path)).unwrap()), 4);
        assert_eq!(count(&Layers::read(BTreeMap::new(), variables, Some(&path)).unwrap()), 3);
        assert_eq!(count(&Layers::read(BTreeMap::new(), environment(&[]), Some(&path)).unwrap()), 2);
        assert_eq!(count(&Layers::default()), 100);
        let empty = environment(&[("REFRACT_SYNC_MAX_ROWS", "")]);
        assert_eq!(count(&Layers::read(BTreeMap::new(), empty, Some(&path)).unwrap()), 2);
    }

    #[test]
    fn the_file_can_be_named_or_lie_in_its_place() {
        let (folder, path) = config_file("sync_max_rows = 2");
        let count = |variables: &[(&str, &str)]| {
            let layers = Layers::read(BTreeMap::new(), environment(variables), None)?;
            layers.required(&SYNC_MAX_ROWS, value::count_between(1, 1_000))
        };
        assert_eq!(count(&[("REFRACT_CONFIG", &path.display().to_string())]), Ok(2));
        let home = folder.path().display().to_string();
        assert_eq!(count(&[("XDG_CONFIG_HOME", &home)]), Ok(100));
        fs::create_dir(folder.path().join("refract")).unwrap();
        fs::write(folder.path().join("refract/config.toml"), "sync_max_rows = 9").unwrap();
        assert_eq!(count(&[("XDG_CONFIG_HOME", &home)]), Ok(9));
        assert!(count(&[("REFRACT_CONFIG", "/nowhere/refract.toml")]).is_err());
    }

    #[test]
    fn errors_name_the_setting_and_the_source() {
        let text_of =
            |layers: &Layers| layers.required(&SYNC_MAX_ROWS, value::count_between(1, 1_000)).unwrap_err().to_string();
        let variables = environment(&[("REFRACT_SYNC_MAX_ROWS", "many")]);
        assert_eq!(
            text_of(&Layers::read(BTreeMap::new(), variables, None).unwrap()),
            "invalid configuration: sync_max_rows (environment variable REFRACT_SYNC_MAX_ROWS): \"many\": \
             expected a whole number from 1 to 1000"
        );
        let (_folder, path) = config_file("sync_max_rows = \"many\"");
        assert!(
            text_of(&Layers::read(BTreeMap::new(), environment(&[]), Some(&path)).unwrap()).contains("config.toml")
        );
    }

    #[test]
    fn the_clients_variables_of_the_public_api_come_second() {
        let both = environment(&[("REFRACT_SERVER", "http://own"), ("MICRO_BASE_URL", "http://other")]);
        let layers = Layers::read(BTreeMap::new(), both, None).unwrap();
        assert_eq!(layers.required(&SERVER, value::server_url).as_deref(), Ok("http://own"));
        let one = Layers::read(BTreeMap::new(), environment(&[("MICRO_BASE_URL", "http://other")]), None).unwrap();
        assert_eq!(one.required(&SERVER, value::server_url).as_deref(), Ok("http://other"));
    }

    #[cfg(unix)]
    #[test]
    fn secrets_come_from_closed_files_and_never_show() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = config_file("very secret\n");
        let variables = environment(&[("REFRACT_API_KEY_FILE", &path.display().to_string())]);
        let layers = Layers::read(BTreeMap::new(), variables, None).unwrap();
        let read = || layers.value(&API_KEY, value::api_key).map_err(|error| error.to_string());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read().unwrap_err().contains("others can read it"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = read().unwrap_err();
        assert!(refused.contains("REFRACT_API_KEY_FILE") && !refused.contains("secret"), "{refused}");
        fs::write(&path, "a-good-key\n").unwrap();
        assert_eq!(read().unwrap().unwrap().reveal(), "a-good-key");
    }
}
