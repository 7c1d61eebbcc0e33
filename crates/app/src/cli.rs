//! The command line: what can be typed, and the help that explains it.
//!
//! Owns names, help texts and examples. What a command does lives in `commands`, what its settings mean in `config`.

use std::ffi::OsString;
mod importing;
mod imports;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{ClientFlags, DataFlags, ServeFlags, TeamDataFlags};
use crate::output::OutputFormat;

pub(crate) use importing::{EmptyCells, ImportOptionArguments, ReadingArguments};
pub(crate) use imports::{
    FailedArguments, ImportsCommand, JobArguments, ListArguments, ResultsArguments, ResultsFormat, RetryArguments,
    StatusWord, UndoArguments, WatchArguments,
};

/// Refract: a bulk-import server that speaks the Prism API.
#[derive(Debug, Parser)]
#[command(name = "refract", version, about, after_help = EXAMPLES, max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Configuration file [env: REFRACT_CONFIG] [default: ~/.config/refract/config.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  refract demo                                   watch 23,971 real rows go in
  refract serve                                  run a server; the first start prints a team and a key
  refract import people.csv --type contact --dedupe-by email

Settings come from flags, then REFRACT_… variables, then the configuration file, then defaults.
Exit codes: 0 all well, 1 failed, 2 usage, 3 some rows failed, 4 authentication, 5 server not reachable,
78 invalid configuration, 130 Ctrl-C.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArguments),
    /// Import a real file into a throw-away server and look at the outcome
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(DemoArguments),
    /// Import a file (CSV, TSV, XLSX, ODS, NDJSON, JSON) into a running server
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Box<ImportArguments>),
    /// Show an import job
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArguments),
    /// List, watch, explain, correct, retry and undo import jobs
    #[command(subcommand, after_help = imports::EXAMPLES)]
    Imports(ImportsCommand),
    /// Manage API keys in a store, also while servers run on it
    #[command(subcommand, after_help = KEYS_EXAMPLES)]
    Keys(KeysCommand),
    /// Manage teams in a store, also while servers run on it
    #[command(subcommand, after_help = TEAMS_EXAMPLES)]
    Teams(TeamsCommand),
    /// Bring a store's schema up to date and end; `serve` does so at its start too
    #[command(after_help = MIGRATE_EXAMPLES)]
    Migrate(MigrateArguments),
    /// Move a folder's store into an empty PostgreSQL database
    #[command(after_help = COPY_EXAMPLES)]
    Copy(CopyArguments),
    /// Print the version
    Version,
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  refract completions bash > ~/.local/share/bash-completion/completions/refract")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a folder
    #[command(after_help = "Example:\n  refract man ~/.local/share/man/man1 && man refract-import")]
    Man {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Write the rows of a workbook to stdout, one JSON array a line; servers start it for files they are sent
    #[command(hide = true, after_help = READ_WORKBOOK_EXAMPLES)]
    ReadWorkbook {
        /// The workbook, and how to read it as JSON
        #[arg(value_names = ["FILE", "SETTINGS"], num_args = 1..=2, required = true)]
        arguments: Vec<OsString>,
    },
}

const READ_WORKBOOK_EXAMPLES: &str = r#"Examples:
  refract read-workbook people.xlsx
  refract read-workbook people.ods '{"sheet":{"name":"Berlin"},"header":false,"limits":{"rows_max":100}}'"#;

const SERVE_EXAMPLES: &str = "Examples:
  refract serve
  refract serve --listen 0.0.0.0:8420 --data-dir /var/lib/refract --log-format json
  refract serve --database-url postgres://refract@db.example.org/refract?sslmode=require
  REFRACT_DATABASE_URL_FILE=/etc/refract/database-url refract serve
  REFRACT_JOB_RETENTION=24h REFRACT_BODY_BYTES_MAX=512MiB refract serve

Everything is kept in a folder (--data-dir) that one server uses, or in a PostgreSQL database (--database-url)
that any number of servers share; naming both is refused. A password belongs into the variable or its file:
other users of the machine can read flags.

SIGTERM or Ctrl-C stops in order within 10 seconds; a second signal ends at once. Nothing acknowledged is ever lost.";

/// `refract serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Its settings.
    #[command(flatten)]
    pub(crate) settings: ServeFlags,
}

const DEMO_EXAMPLES: &str = "Examples:
  refract demo
  refract demo --exit                  end when the import is done
  refract demo --listen 127.0.0.1:8420";

/// `refract demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// End after the import instead of serving on
    #[arg(long, env = "REFRACT_DEMO_EXIT", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) exit: bool,
    /// Where to listen; port 0 picks a free one
    #[arg(
        long,
        env = "REFRACT_DEMO_LISTEN",
        hide_env_values = true,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:0"
    )]
    pub(crate) listen: String,
}

const IMPORT_EXAMPLES: &str = r#"Examples:
  refract import people.csv --type contact --dedupe-by email
  refract import people.xlsx --type contact --dedupe-by email --map 'E-Mail=email' --map Notes=
  refract import body.json --type deal --team-id TEAM --api-key KEY --server https://crm.example.org
  zcat people.ndjson.gz | refract import - --type contact --update-existing --dedupe-by email

Files:
  CSV, TSV, XLSX and ODS hold a row a record; the first row names the columns. Encoding, delimiter and which column goes
  where are found out, unless given. gzip and zstd are unpacked.
  NDJSON holds one row a line: {"email": "ada@example.org"}, or {"default": {"email": …}} as the API has it
  JSON holds an array of rows, or a whole request body: {"objects": [...], "options": {...}}"#;

/// The object types that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportType {
    Contact,
    Organization,
    Identity,
    Deal,
    Action,
    Document,
    Engagement,
}

impl ImportType {
    /// The word in paths.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Organization => "organization",
            Self::Identity => "identity",
            Self::Deal => "deal",
            Self::Action => "action",
            Self::Document => "document",
            Self::Engagement => "engagement",
        }
    }
}

/// How a file's rows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// An array of rows, or a whole request body
    Json,
    /// One row a line
    Ndjson,
    /// Cells with commas, semicolons or whatever the file has between them
    Csv,
    /// Cells with tabs between them
    Tsv,
    /// A workbook of Excel's
    Xlsx,
    /// A workbook of the OpenDocument format
    Ods,
}

/// `refract import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file to import; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the rows are
    #[arg(long = "type", value_name = "TYPE", env = "REFRACT_IMPORT_TYPE", hide_env_values = true)]
    pub(crate) object_type: ImportType,
    /// The file's format [default: by the file's name, else by its first line]
    #[arg(long, value_name = "FORMAT", env = "REFRACT_IMPORT_FORMAT", hide_env_values = true)]
    pub(crate) format: Option<FileFormat>,
    /// How rows are matched and written.
    #[command(flatten)]
    pub(crate) options: ImportOptionArguments,
    /// How the file is read.
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
    /// Makes a repeated run answer like the first one instead of importing again [default: a fresh one for each run]
    #[arg(long, value_name = "KEY", env = "REFRACT_IMPORT_IDEMPOTENCY_KEY", hide_env_values = true)]
    pub(crate) idempotency_key: Option<String>,
    /// Only say what would become of each row, and ask whether to do it
    #[arg(long, env = "REFRACT_IMPORT_DRY_RUN", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) dry_run: bool,
    /// Do what the dry run says without asking
    #[arg(long, requires = "dry_run", env = "REFRACT_IMPORT_YES", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) yes: bool,
    /// Write the outcome of every row to this file, one JSON object a line
    #[arg(long, value_name = "FILE", env = "REFRACT_IMPORT_RESULTS", hide_env_values = true)]
    pub(crate) results: Option<PathBuf>,
    /// Write the rows that failed to this file, in the format they came in, ready to be corrected; those of a workbook as text
    /// where the name ends in .csv
    #[arg(long, value_name = "FILE", env = "REFRACT_IMPORT_FAILED_TO", hide_env_values = true)]
    pub(crate) failed_to: Option<PathBuf>,
    /// How to show the outcome
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// No progress on stderr
    #[arg(long, env = "REFRACT_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

const STATUS_EXAMPLES: &str = "Examples:
  refract status 7d1e0c2a-…
  refract status 7d1e0c2a-… --watch --output json";

/// `refract status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    /// Wait until the job has ended
    #[arg(long, env = "REFRACT_STATUS_WATCH", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) watch: bool,
    /// Write the outcome of every row to this file, one JSON object a line
    #[arg(long, value_name = "FILE", env = "REFRACT_STATUS_RESULTS", hide_env_values = true)]
    pub(crate) results: Option<PathBuf>,
    /// How to show the job
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// No progress on stderr
    #[arg(long, env = "REFRACT_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

const KEYS_EXAMPLES: &str = "Examples:
  refract keys create --label \"nightly import\"
  refract keys list
  refract keys revoke KEY_ID";

/// `refract keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, once
    Create {
        /// What people call it
        #[arg(long, value_name = "TEXT", env = "REFRACT_KEYS_LABEL", hide_env_values = true, default_value = "")]
        label: String,
        /// A key that can read but not write
        #[arg(long, env = "REFRACT_KEYS_READ_ONLY", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
        read_only: bool,
        /// How and where.
        #[command(flatten)]
        common: TeamDataArguments,
    },
    /// List the keys of a team; the keys themselves are not kept
    List {
        /// How and where.
        #[command(flatten)]
        common: TeamDataArguments,
    },
    /// Revoke a key for good; running servers refuse it within 5 seconds
    Revoke {
        /// The key's id, as `keys list` shows it
        #[arg(value_name = "KEY_ID")]
        key_id: String,
        /// How and where.
        #[command(flatten)]
        common: DataArguments,
    },
}

const MIGRATE_EXAMPLES: &str = "Examples:
  refract migrate
  refract migrate --database-url postgres://refract@db.example.org/refract
  refract migrate --output json

Forward only. A schema that a newer program has made is refused, with both versions named.";

/// `refract migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// How and where.
    #[command(flatten)]
    pub(crate) common: DataArguments,
}

const COPY_EXAMPLES: &str = "Examples:
  refract copy --from /var/lib/refract --to postgres://refract@db.example.org/refract?sslmode=require
  REFRACT_COPY_TO=$(cat /etc/refract/database-url) refract copy --from /var/lib/refract

Stop the server on the folder first; it is read and not changed. Everything comes along: teams, keys, lists, records,
jobs with their results, waiting jobs, idempotency keys. A copy that was cut off goes on where it was when the same
command is run again. In the end both sides are read once more and compared; servers can use the database from then
on. A password belongs into the variable: other users of the machine can read flags.";

/// `refract copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The folder that holds the store
    #[arg(long, value_name = "DIR", env = "REFRACT_COPY_FROM", hide_env_values = true)]
    pub(crate) from: PathBuf,
    /// The PostgreSQL database to fill: an empty one
    #[arg(long, value_name = "URL", env = "REFRACT_COPY_TO", hide_env_values = true)]
    pub(crate) to: String,
    /// Certificates (PEM) to trust when the database proves itself [default: the system's]
    #[arg(long, value_name = "FILE", env = "REFRACT_DATABASE_ROOT_CERTIFICATES", hide_env_values = true)]
    pub(crate) database_root_certificates: Option<PathBuf>,
    /// Rows written in one transaction, at most
    #[arg(
        long,
        value_name = "COUNT",
        env = "REFRACT_COPY_BATCH_ROWS",
        hide_env_values = true,
        default_value_t = 20_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) batch_rows: u32,
    /// How to show the outcome
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// No progress on stderr
    #[arg(long, env = "REFRACT_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}

const TEAMS_EXAMPLES: &str = "Examples:
  refract teams create --name \"Sales\"
  refract teams list --output json";

/// `refract teams`.
#[derive(Debug, Subcommand)]
pub(crate) enum TeamsCommand {
    /// Make a team and print its id
    Create {
        /// What people call it
        #[arg(long, value_name = "TEXT", env = "REFRACT_TEAMS_NAME", hide_env_values = true, default_value = "Team")]
        name: String,
        /// How and where.
        #[command(flatten)]
        common: DataArguments,
    },
    /// List the teams
    List {
        /// How and where.
        #[command(flatten)]
        common: DataArguments,
    },
}

/// What the commands on a store share.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// How to show the outcome
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// Where.
    #[command(flatten)]
    pub(crate) settings: DataFlags,
}

/// What the commands on one team in a store share.
#[derive(Debug, Args)]
pub(crate) struct TeamDataArguments {
    /// How to show the outcome
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// Where; the team can stay out when there is only one.
    #[command(flatten)]
    pub(crate) settings: TeamDataFlags,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_flag_has_a_variable() {
        let mut unseen = Vec::new();
        collect_without_variable(&Arguments::command(), &mut unseen);
        assert!(unseen.is_empty(), "flags without an environment variable: {unseen:?}");
    }

    fn collect_without_variable(command: &clap::Command, unseen: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let Some(flag) = argument.get_long().filter(|flag| !matches!(*flag, "help" | "version")) else { continue };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            if argument.get_env().is_none() && !help.contains("[env: REFRACT_") {
                unseen.push(format!("{} --{flag}", command.get_name()));
            }
        }
        for inner in command.get_subcommands() {
            collect_without_variable(inner, unseen);
        }
    }
}
