//! `refract imports`: what can be asked and done of import jobs.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::{ImportOptionArguments, ImportType, ReadingArguments};
use crate::config::ClientFlags;
use crate::output::OutputFormat;

pub(super) const EXAMPLES: &str = "Examples:
  refract imports list --status failed
  refract imports watch 7d1e0c2a-…
  refract imports failed 7d1e0c2a-… --to to-correct.csv
  refract imports apply 7d1e0c2a-…
  refract imports retry 7d1e0c2a-… --map 'Mail=email'
  refract imports undo 7d1e0c2a-…";

/// `refract imports`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportsCommand {
    /// List the team's import jobs, newest first
    List(ListArguments),
    /// Wait until a job has ended, and tell what became of its rows
    Watch(WatchArguments),
    /// Print what became of each row
    Results(ResultsArguments),
    /// Print what is wrong with the rows that failed, each kind once
    Summary(JobArguments),
    /// Print the rows that failed as they came, with what is wrong with each: correct them and import them again
    Failed(FailedArguments),
    /// End a job; rows that are in stay
    Cancel(JobArguments),
    /// Do what a dry run said, row by row, as far as nobody has changed the records since
    Apply(WatchArguments),
    /// Try the rows again that did not get in, as a job of its own
    Retry(Box<RetryArguments>),
    /// Take back what a job wrote: records it made go, those it changed are as they were
    Undo(UndoArguments),
}

/// A job, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct JobArguments {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    /// How to show it
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

/// `refract imports list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only jobs that stand so
    #[arg(long, value_name = "STATUS", env = "REFRACT_IMPORTS_STATUS", hide_env_values = true)]
    pub(crate) status: Option<StatusWord>,
    /// Only jobs of these records
    #[arg(long = "type", value_name = "TYPE", env = "REFRACT_IMPORT_TYPE", hide_env_values = true)]
    pub(crate) object_type: Option<ImportType>,
    /// At most so many
    #[arg(long, value_name = "COUNT", env = "REFRACT_IMPORTS_LIMIT", hide_env_values = true, default_value_t = 20)]
    pub(crate) limit: u64,
    /// How to show them
    #[arg(long, value_name = "FORMAT", env = "REFRACT_OUTPUT", hide_env_values = true, default_value = "text")]
    pub(crate) output: OutputFormat,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusWord {
    Processing,
    Complete,
    Failed,
}

/// `refract imports watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The job
    #[command(flatten)]
    pub(crate) job: JobArguments,
    /// No progress on stderr
    #[arg(long, env = "REFRACT_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}

/// `refract imports results`.
#[derive(Debug, Args)]
pub(crate) struct ResultsArguments {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    /// Only rows of which this became
    #[arg(long, value_name = "OUTCOME", env = "REFRACT_IMPORTS_OUTCOME", hide_env_values = true)]
    pub(crate) outcome: Option<String>,
    /// How to write them
    #[arg(
        long,
        value_name = "FORMAT",
        env = "REFRACT_IMPORTS_FORMAT",
        hide_env_values = true,
        default_value = "ndjson"
    )]
    pub(crate) format: ResultsFormat,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE", env = "REFRACT_IMPORTS_TO", hide_env_values = true)]
    pub(crate) to: Option<PathBuf>,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultsFormat {
    /// One JSON object a line
    Ndjson,
    /// For spreadsheets
    Csv,
}

/// `refract imports failed`.
#[derive(Debug, Args)]
pub(crate) struct FailedArguments {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    /// Also the rows that an ended job did not come to
    #[arg(long, env = "REFRACT_IMPORTS_NOT_ATTEMPTED", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) not_attempted: bool,
    /// Write to this file instead of stdout; rows of a workbook as text where the name ends in .csv
    #[arg(long, value_name = "FILE", env = "REFRACT_IMPORTS_TO", hide_env_values = true)]
    pub(crate) to: Option<PathBuf>,
    /// Where to, as whom.
    #[command(flatten)]
    pub(crate) client: ClientFlags,
}

/// `refract imports retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryArguments {
    /// The job
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// What to change of how rows are matched and written.
    #[command(flatten)]
    pub(crate) options: ImportOptionArguments,
    /// What to change of how the file is read.
    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

/// `refract imports undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The job
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Do not ask
    #[arg(long, env = "REFRACT_IMPORTS_YES", hide_env_values = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) yes: bool,
}
