//! `cargo xtask bench`: an import over HTTP next to a raw SQLite load of the same rows, in pairs.
//!
//! Owns the order of the measurements. A pair runs in the same minute, because only the ratio is worth comparing from
//! one machine or day to the next. Counts that are wrong fail the command; wall time never does.

mod import;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use self::import::{ImportRun, Imported};
use self::report::Report;
use crate::contacts::Contacts;
use crate::raw_load::{Checkpoints, RawLoad, RawLoaded};
use crate::{figures, workspace};

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Contacts to import. The raw load holds them all in memory: 0.5 GB for each million.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=5_000_000))]
    rows: u64,
    /// How often to measure each of the two.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pairs: u64,
    /// How many rows in a hundred carry the e-mail of an earlier row.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=90))]
    repeats_percent: u64,
    /// Repeated rows update the record instead of being skipped.
    #[arg(long)]
    update_existing: bool,
    /// Same seed, same rows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows in one transaction of the raw load; 200,000 was the fastest measured.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    raw_transaction_rows: u32,
    /// Who moves the raw load's write-ahead log into its database.
    #[arg(long, value_enum, default_value_t = Checkpoints::Thread)]
    raw_checkpoints: Checkpoints,
    /// Measure the raw load alone.
    #[arg(long)]
    raw_only: bool,
    /// Measure this binary instead of building one.
    #[arg(long, value_name = "BIN")]
    server: Option<PathBuf>,
    /// Keep both databases under target/bench.
    #[arg(long)]
    keep: bool,
    /// Write the figures to this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One raw load and, unless it was left out, the import that followed.
struct Pair {
    raw: RawLoaded,
    imported: Option<Imported>,
}

/// Measures the pairs and prints the table.
pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    if let Some(code) = workspace::rerun_optimised()? {
        return Ok(code);
    }
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let contacts = Contacts { rows: args.rows, repeats_percent: args.repeats_percent, seed: args.seed };
    let raw_load = RawLoad {
        contacts,
        update_existing: args.update_existing,
        transaction_rows: args.raw_transaction_rows as usize,
        checkpoints: args.raw_checkpoints,
    };
    let import = if args.raw_only { None } else { Some(prepare_import(args, contacts, &folder)?) };

    let mut pairs = Vec::new();
    for number in 1..=args.pairs {
        eprintln!("pair {number} of {}: raw load", args.pairs);
        let raw = measure(&folder.join("raw"), args.keep, |raw_folder| raw_load.run(raw_folder))?;
        let mut imported = None;
        if let Some(import) = &import {
            eprintln!("pair {number} of {}: import over HTTP", args.pairs);
            imported = Some(measure(&folder.join("data"), args.keep, |data_dir| import.run(data_dir))?);
        }
        pairs.push(Pair { raw, imported });
    }

    let report = Report { contacts, update_existing: args.update_existing, load: figures::machine_load(), pairs };
    report.print();
    if let Some(path) = &args.json {
        fs::write(path, format!("{:#}\n", report.to_json())).with_context(|| path.display().to_string())?;
    }
    let faults = report.faults();
    for fault in &faults {
        eprintln!("wrong: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures in a folder of its own, after what was written before has reached the disk, and clears up.
fn measure<T>(folder: &Path, keep: bool, run: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    workspace::run(std::process::Command::new("sync"))?;
    let figures = run(folder)?;
    if !keep && folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(figures)
}

/// Builds the server and writes the body file, unless both are there.
fn prepare_import(args: &BenchArgs, contacts: Contacts, folder: &Path) -> Result<ImportRun> {
    let program = match &args.server {
        Some(program) => program.clone(),
        None => workspace::build_release_server()?,
    };
    let update = if args.update_existing { "-update" } else { "" };
    let name = format!("contacts-{}-{}-{}{update}.json", args.seed, args.rows, args.repeats_percent);
    let body = folder.join(name);
    if !body.exists() {
        eprintln!("writing {}", body.display());
        contacts.write_import_body(&body, args.update_existing)?;
    }
    Ok(ImportRun { program, body })
}
