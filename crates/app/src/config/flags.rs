//! The flags of settings, made from the table, so that no flag can lack its variable, its key or its help.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::setting::{self, Setting};

/// The texts of the flags that were given, by key.
pub(crate) type GivenFlags = BTreeMap<&'static str, String>;

macro_rules! flags_of {
    ($(#[$doc:meta])* $name:ident, $settings:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $name(pub(crate) GivenFlags);

        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(given(matches, $settings)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0.extend(given(matches, $settings));
                Ok(())
            }
        }

        impl Args for $name {
            fn augment_args(command: Command) -> Command {
                command.args($settings.iter().map(|setting| arg(setting)))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }
    };
}

flags_of!(
    /// Flags of `refract serve`.
    ServeFlags, setting::SERVE
);
flags_of!(
    /// Flags of the commands that talk to a server.
    ClientFlags, setting::CLIENT
);
flags_of!(
    /// Flags of the commands that work on a store.
    DataFlags, setting::DATA
);
flags_of!(
    /// Flags of the commands that work on one team in a store.
    TeamDataFlags, setting::DATA_OF_TEAM
);

fn given(matches: &ArgMatches, settings: &[&'static Setting]) -> GivenFlags {
    let of =
        |setting: &&'static Setting| matches.get_one::<String>(setting.key).map(|text| (setting.key, text.clone()));
    settings.iter().filter_map(of).collect()
}

fn arg(setting: &'static Setting) -> Arg {
    let others = setting.other_env.map(|name| format!(" or {name}")).unwrap_or_default();
    let default =
        setting.default.or(setting.default_note).map(|text| format!(" [default: {text}]")).unwrap_or_default();
    Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.value_name)
        .help(format!("{} [env: {}{others}]{default}", setting.help, setting.env()))
        .help_heading("Settings")
}
