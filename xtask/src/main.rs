//! Project chores: `cargo xtask --help` lists them.
//!
//! Owns the command line; each command has a module of its own.

#![allow(clippy::print_stdout, reason = "a chore speaks to the person at the terminal")]

mod bench;
mod contacts;
mod figures;
mod http_client;
mod latency;
mod postgres;
mod raw_load;
mod raw_postgres;
mod records;
mod server;
mod soak;
mod suite;
mod tidy;
mod undo;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Project chores")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the house rules: sizes, module docs, no unwrap outside tests, crate edges, twin SQL folders.
    Tidy,
    /// Run every test and check a change needs, in order, and print a table of what passed.
    Test(suite::SuiteArgs),
    /// Measure an import over HTTP against a raw SQLite load of the same rows, in pairs.
    Bench(bench::BenchArgs),
    /// Measure what a big import makes others wait: inline imports, polls, and reading its results.
    Latency(latency::LatencyArgs),
    /// Measure reads, finds, writes and queries of single records among a million.
    Records(records::RecordsArgs),
    /// Measure a messy import from its first byte to its undo, and check that the undo leaves what was there before.
    Undo(undo::UndoArgs),
    /// Run the crash test with many more kills than the test suite does.
    Soak(soak::SoakArgs),
}

fn main() -> ExitCode {
    run().unwrap_or_else(|fault| {
        eprintln!("error: {fault:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Tidy => tidy::run(),
        Command::Test(args) => suite::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Latency(args) => latency::run(&args),
        Command::Records(args) => records::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Soak(args) => soak::run(&args),
    }
}
