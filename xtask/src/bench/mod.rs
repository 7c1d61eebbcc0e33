//! `cargo xtask bench`: an import over HTTP next to a raw load of the same rows into the same database, in pairs.
//!
//! Owns the order of the measurements. A pair runs in the same minute, because only the ratio is worth comparing from
//! one machine or day to the next. Counts that are wrong fail the command; wall time never does.

mod import;
mod nodes;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};

use self::import::{ImportRun, Imported};
use self::nodes::NodesRun;
use self::report::Report;
use crate::contacts::Contacts;
use crate::postgres::{self, Database, Postgres};
use crate::raw_load::{Checkpoints, RawLoad, RawLoaded, folder_bytes};
use crate::raw_postgres::RawPostgres;
use crate::server::Data;
use crate::{figures, workspace};

/// What a PostgreSQL server is told for measurements: what anybody would tell one with a few gigabytes of memory. Its
/// durability is as it comes.
/// How the PostgreSQL server of a measurement is set up.
pub(crate) const POSTGRES_SETTINGS: [&str; 3] =
    ["shared_buffers = 1GB", "max_wal_size = 8GB", "checkpoint_timeout = 15min"];

/// Which store is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// The embedded one.
    Sqlite,
    /// On a PostgreSQL server of the measurement's own, on the disk.
    Postgres,
}

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Measure this store, and the raw load into its database.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// With 2: measure two nodes on two teams beside one node instead of a raw load; PostgreSQL only.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=2))]
    nodes: u64,
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
    /// Rows in one transaction of the raw load; 200,000 was the fastest measured on either store.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    raw_transaction_rows: u32,
    /// Who moves SQLite's write-ahead log into its database in the raw load.
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
    ensure!(args.nodes == 1 || args.store == Store::Postgres, "only nodes on PostgreSQL can share their data");
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let contacts = Contacts { rows: args.rows, repeats_percent: args.repeats_percent, seed: args.seed };
    let import = if args.raw_only { None } else { Some(prepare_import(args, contacts, &folder)?) };
    let postgres = match args.store {
        Store::Sqlite => None,
        Store::Postgres => Some(Postgres::start(postgres::Place::Disk, &POSTGRES_SETTINGS)?),
    };
    let bench = Bench { args, contacts, folder: &folder, postgres: postgres.as_ref(), import };
    if args.nodes > 1 {
        write_json(args, &bench.compare_nodes()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut pairs = Vec::new();
    for number in 1..=args.pairs {
        eprintln!("pair {number} of {}: raw load", args.pairs);
        let raw = bench.load_raw()?;
        pairs.push(Pair { raw, imported: bench.import(&format!("pair {number} of {}", args.pairs))? });
    }
    let report = Report { contacts, update_existing: args.update_existing, load: figures::machine_load(), pairs };
    report.print();
    write_json(args, &report.to_json())?;
    let faults = report.faults();
    for fault in &faults {
        eprintln!("wrong: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all measurements of one bench share.
struct Bench<'a> {
    args: &'a BenchArgs,
    contacts: Contacts,
    folder: &'a Path,
    /// The server of the measurements, where there is one.
    postgres: Option<&'a Postgres>,
    import: Option<ImportRun>,
}

impl Bench<'_> {
    fn load_raw(&self) -> Result<RawLoaded> {
        let (contacts, update_existing) = (self.contacts, self.args.update_existing);
        let transaction_rows = self.args.raw_transaction_rows as usize;
        let Some(server) = self.postgres else {
            let checkpoints = self.args.raw_checkpoints;
            let load = RawLoad { contacts, update_existing, transaction_rows, checkpoints };
            return measure(&self.folder.join("raw"), self.args.keep, |folder| load.run(folder));
        };
        let load = RawPostgres { contacts, update_existing, transaction_rows };
        on_database(server, |database| load.run(&database.url))
    }

    fn import(&self, pair: &str) -> Result<Option<Imported>> {
        let Some(import) = &self.import else { return Ok(None) };
        eprintln!("{pair}: import over HTTP");
        let folder = self.folder.join("data");
        let imported = match self.postgres {
            None => measure(&folder, self.args.keep, |data_dir| {
                import.run(Data::Folder(data_dir.to_owned()), || folder_bytes(data_dir))
            }),
            Some(server) => on_database(server, |database| {
                import.run(Data::Database { url: database.url.clone(), folder }, || database.bytes())
            }),
        };
        imported.map(Some)
    }

    fn compare_nodes(&self) -> Result<serde_json::Value> {
        let (Some(server), Some(import)) = (self.postgres, &self.import) else {
            bail!("--nodes measures imports: leave --raw-only out");
        };
        let nodes = NodesRun {
            program: &import.program,
            body: &import.body,
            rows: self.contacts.rows,
            postgres_url: &server.url,
            folder: self.folder,
        };
        nodes.run(self.args.pairs)
    }
}

fn write_json(args: &BenchArgs, figures: &serde_json::Value) -> Result<()> {
    let Some(path) = &args.json else { return Ok(()) };
    fs::write(path, format!("{figures:#}\n")).with_context(|| path.display().to_string())
}

/// Measures in a database of its own, after what was written before has reached the disk and the log is short again.
fn on_database<T>(server: &Postgres, run: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
    let database = Database::create(&server.url)?;
    postgres::texts(&server.url, "CHECKPOINT")?;
    workspace::run(std::process::Command::new("sync"))?;
    run(&database)
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
