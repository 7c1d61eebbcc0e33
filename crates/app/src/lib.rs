//! The program `refract`: command line, configuration, the choice of backend, signals and logging.
//!
//! Owns everything ambient (arguments, environment, clock, random numbers, files named by people) and passes it on as
//! values. Must not know how imports work: it starts the house and talks to it over HTTP like anybody else.

mod backend;
mod bootstrap;
mod cli;
mod client;
mod commands;
mod config;
mod embedded;
mod exit;
pub mod keys;
mod log_lines;
mod memory;
mod output;
mod progress;
mod rows;
mod signals;
mod system;
mod telemetry;
mod workbooks;

use std::process::ExitCode;

use clap::Parser;

/// Runs the program with the arguments of the process, and says how it ends.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refused) => {
            // Help and version are asked for, everything else is a usage error; clap knows which goes to stdout.
            let _ = refused.print();
            return ExitCode::from(u8::try_from(refused.exit_code()).unwrap_or(exit::Exit::Usage.code()));
        }
    };
    match commands::run(arguments) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            output::note(format!("error: {failure}"));
            ExitCode::from(failure.exit.code())
        }
    }
}
