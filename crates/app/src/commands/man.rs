//! `refract man`.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use crate::cli::Arguments;
use crate::exit::{Exit, Failure};
use crate::output;

/// Writes a page for the program and one for each command.
pub(super) fn run(folder: &Path) -> Result<Exit, Failure> {
    let unwritable = |failure| Failure::other(format!("{}: {failure}", folder.display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let command = Arguments::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).map_err(unwritable)?;
    output::line(format!("manual pages are in {}", folder.display()));
    Ok(Exit::Success)
}
