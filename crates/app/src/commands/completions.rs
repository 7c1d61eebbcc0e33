//! `refract completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Arguments;
use crate::exit::Exit;
use crate::output;

/// Prints the script of a shell.
pub(super) fn run(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "refract", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end());
    Exit::Success
}
