//! `cargo xtask undo`: a messy import from its first byte to its undo, step by step.
//!
//! Owns the steps, what each must come to, and the figures of each: time, and the most memory that the server had resident
//! meanwhile. What is imported is in [`rows`], what is stored in [`dump`]. It fails when a step comes to anything else than it
//! must, above all when the undo leaves anything else than what was there before; of figures it judges nothing.

mod dump;
mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::bench::{POSTGRES_SETTINGS, Store};
use crate::figures::machine_load;
use crate::http_client::HttpClient;
use crate::postgres::{self, Database, Postgres};
use crate::server::{self, Data, Server};
use crate::workspace;
use dump::Dump;
use rows::Rows;

/// How often a job is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a job may stand still.
const STANDS_STILL_MOST: Duration = Duration::from_secs(120);
/// Keys that are looked up in the end.
const FINDS: u64 = 3_000;
const NDJSON: &str = "application/x-ndjson";
/// What another client writes into records that it edits.
const EDITED: &str = "Edited since";

#[derive(Args)]
pub(crate) struct UndoArgs {
    /// The store that is measured.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// Contacts of the import. A fifth as many are there before, all of which it changes; one in a hundred is faulty.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..=5_000_000))]
    rows: u64,
    /// Records that another client edits before the undo.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=5_000))]
    edits: u64,
    /// Make the import as a dry run that is then applied.
    #[arg(long)]
    dry_run: bool,
    /// Measure this binary instead of building one.
    #[arg(long, value_name = "BIN")]
    server: Option<PathBuf>,
}

/// Runs all steps and prints a line for each.
pub(crate) fn run(args: &UndoArgs) -> Result<ExitCode> {
    if let Some(code) = workspace::rerun_optimised()? {
        return Ok(code);
    }
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let program = match &args.server {
        Some(program) => program.clone(),
        None => workspace::build_release_server()?,
    };
    let rows = Rows { count: args.rows };
    let bodies = rows.write(&folder, args.dry_run)?;
    let data_dir = folder.join("undo");
    println!("{} contacts; {}", args.rows, machine_load());
    match args.store {
        Store::Sqlite => {
            let server = Server::start(&program, Data::Folder(data_dir.clone()))?;
            let database = data_dir.join("refract.db");
            Steps::of(args, rows, server, &bodies, &|| dump::of_sqlite(&database))?;
            fs::remove_dir_all(&data_dir)?;
        }
        Store::Postgres => {
            let postgres = Postgres::start(postgres::Place::Disk, &POSTGRES_SETTINGS)?;
            let database = Database::create(&postgres.url)?;
            let server = Server::start(&program, Data::Database { url: database.url.clone(), folder: data_dir })?;
            Steps::of(args, rows, server, &bodies, &|| dump::of_postgres(&database.url))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A server on the way from an import to its undo.
struct Steps<'a> {
    args: &'a UndoArgs,
    rows: Rows,
    server: Server,
    client: HttpClient,
}

impl<'a> Steps<'a> {
    fn of(
        args: &'a UndoArgs,
        rows: Rows,
        server: Server,
        bodies: &rows::Bodies,
        dump: &dyn Fn() -> Result<Dump>,
    ) -> Result<()> {
        let client = server.connect()?;
        let mut steps = Self { args, rows, server, client };
        let (old, faulty) = (rows.old(), rows.faulty());
        steps.step("what is there before", old, |steps| steps.import(&bodies.before, [old, 0, 0]))?;
        let before = dump()?;
        let wanted = [rows.count - old - faulty, old, faulty];
        let name = if args.dry_run { "dry run" } else { "import" };
        let mut job = steps.step(name, rows.count, |steps| steps.import(&bodies.import, wanted))?;
        if args.dry_run {
            dump::compare(&before, &dump()?, &BTreeMap::new(), EDITED).context("the dry run has written something")?;
            steps.step("all results of the dry run as NDJSON", rows.count, |steps| {
                steps.read(&job, "results", NDJSON)
            })?;
            job = steps.step("application", rows.count, |steps| steps.apply(&job, wanted))?;
        }
        steps.read_back(&job)?;
        let results = steps.step("all results as NDJSON", rows.count, |steps| steps.read(&job, "results", NDJSON))?;
        let edited =
            steps.step("edits by another client, one after the other", args.edits, |steps| steps.edit(&results))?;
        drop(results);
        let undo = steps.step("undo", rows.count, |steps| steps.undo(&job))?;
        steps.step("all results of the undo as NDJSON", rows.count, |steps| steps.read(&undo, "results", NDJSON))?;
        let is_as_before = dump::compare(&before, &dump()?, &edited, EDITED)?;
        println!(
            "of {} records from before {is_as_before} are as they were, and {} as their editor left them",
            before.len(),
            edited.len()
        );
        steps.find_by_keys()?;
        steps.server.stop()
    }

    /// Takes the time of a step and the server's peak in it.
    fn step<T>(&mut self, name: &str, rows: u64, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.server.forget_peak()?;
        let (started, processor) = (Instant::now(), self.server.processor_time()?);
        let done = work(self).with_context(|| name.to_owned())?;
        let took = started.elapsed().as_secs_f64();
        let used = self.server.processor_time()?.saturating_sub(processor).as_secs_f64();
        let peak = self.server.peak_resident_bytes()? >> 20;
        let rate = rows as f64 / took.max(0.001);
        println!("{name}: {rows} in {took:.2} s, {rate:.0}/s; {used:.1} s of processor time, peak resident {peak} MiB");
        Ok(done)
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/prism/{}/{rest}", self.server.access.team_id)
    }

    /// Sends an import and waits for its end; where its job is found. Rows that make, change, and fail are as wanted.
    fn import(&mut self, body: &Path, wanted: [u64; 3]) -> Result<String> {
        let job = server::start_import(&mut self.client, &self.server.access.team_id, body)?;
        self.wait_for(wanted)?;
        Ok(job)
    }

    /// Applies a dry run and waits for the end; where that job is found.
    fn apply(&mut self, dry_run: &str, wanted: [u64; 3]) -> Result<String> {
        let accepted = self.client.post(&format!("{dry_run}/apply"), "")?.json(202)?;
        self.wait_for(wanted)?;
        Ok(self.path(&format!("imports/{}", accepted["job_id"].as_str().context("202 without a job_id")?)))
    }

    fn wait_for(&mut self, wanted: [u64; 3]) -> Result<()> {
        let ended = self.wait()?;
        let numbers = ["created", "updated", "failed"].map(|name| number(&ended, name));
        ensure!(numbers == wanted, "created, updated and failed are {numbers:?}, not {wanted:?}");
        Ok(())
    }

    /// What a user does who corrects an import: sees what is wrong, fetches the rows, tries them again.
    fn read_back(&mut self, job: &str) -> Result<()> {
        let faulty = self.rows.faulty();
        let summary = self.step("summary", self.rows.count, |steps| steps.read(job, "summary", "application/json"))?;
        let summary: Value = serde_json::from_slice(&summary)?;
        ensure!(summary["errors"][0]["rows"] == faulty, "the summary says otherwise: {}", summary["errors"]);
        let failed = self.step("failed rows", faulty, |steps| steps.read(job, "failed", NDJSON))?;
        let lines = failed.iter().filter(|byte| **byte == b'\n').count() as u64;
        ensure!(lines == faulty, "{lines} rows came back");
        self.step("retry of the failed rows", faulty, |steps| {
            steps.client.post(&format!("{job}/retry"), "{}")?.json(202)?;
            let ended = steps.wait()?;
            ensure!(number(&ended, "failed") == faulty && number(&ended, "total") == faulty, "retried: {ended}");
            Ok(())
        })
    }

    fn read(&mut self, job: &str, what: &str, media_type: &str) -> Result<Vec<u8>> {
        let answer = self.client.get_as(&format!("{job}/{what}"), media_type)?;
        ensure!(answer.status == 200, "{what} answered {}", answer.status);
        Ok(answer.body)
    }

    /// Changes records that the import wrote, spread over its rows; their ids, and what each must hold from now on.
    fn edit(&mut self, results: &[u8]) -> Result<BTreeMap<String, String>> {
        let mut edited = BTreeMap::new();
        let mut wanted = self.rows.spread(self.args.edits).peekable();
        for (row, line) in (0..).zip(std::str::from_utf8(results)?.lines()) {
            let is_due = wanted.peek().is_some_and(|wanted| row >= *wanted);
            // A row that has a fault wrote none; the next one will do.
            if !is_due || line.contains("\"id\":null") {
                continue;
            }
            wanted.next();
            let result: Value = serde_json::from_str(line)?;
            let id = result["id"].as_str().context("a result has an id")?;
            let city = format!("{EDITED} {row}");
            let body = json!({"default": {"city": city}}).to_string();
            self.client.send("PATCH", &self.path(&format!("contact/{id}")), &body)?.json(200)?;
            edited.insert(id.to_owned(), city);
        }
        ensure!(edited.len() as u64 == self.args.edits, "only {} records were edited", edited.len());
        Ok(edited)
    }

    fn undo(&mut self, job: &str) -> Result<String> {
        let accepted = self.client.post(&format!("{job}/undo"), "")?.json(202)?;
        let ended = self.wait()?;
        ensure!(number(&ended, "total") == self.rows.count, "not every row is undone: {ended}");
        ensure!(number(&ended, "failed") == self.args.edits, "what was edited since is left, and no more: {ended}");
        Ok(self.path(&format!("imports/{}", accepted["job_id"].as_str().context("202 without a job_id")?)))
    }

    /// Waits for the end of the newest job, saying how it gets on; the job without its results.
    fn wait(&mut self) -> Result<Value> {
        let path = self.path("imports?limit=1");
        let (mut said, mut processed, mut since) = (0, 0, Instant::now());
        loop {
            let page = self.client.get(&path)?.json(200)?;
            let job = &page["data"][0];
            let now = number(job, "processed");
            match job["status"].as_str() {
                Some("complete") => return Ok(job.clone()),
                Some("processing") if now > processed => (processed, since) = (now, Instant::now()),
                Some("processing") if since.elapsed() < STANDS_STILL_MOST => {}
                _ => bail!("the job does not get on, or ended otherwise: {job}"),
            }
            let quarters = now * 4 / number(job, "total").max(1);
            if quarters > said {
                println!("  {now} of {} rows", number(job, "total"));
                said = quarters;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Keys are those from before, too: some records are found by them, some are not.
    fn find_by_keys(&mut self) -> Result<()> {
        let mut found = 0;
        for row in self.rows.spread(FINDS) {
            let answer = self.client.get(&self.path(&format!("contact/by/email/{}", self.rows.email(row))))?;
            ensure!([200, 404].contains(&answer.status), "a find answered {}", answer.status);
            let is_there = answer.status == 200;
            // Of the new ones only those that were edited are left.
            let is_edited = String::from_utf8_lossy(&answer.body).contains(EDITED);
            ensure!(is_there == (Rows::is_old(row) || is_edited), "row {row}, found: {is_there}");
            found += u64::from(is_there);
        }
        println!("of {FINDS} keys of the import {found} find a record, as before");
        Ok(())
    }
}

fn number(job: &Value, name: &str) -> u64 {
    job[name].as_u64().unwrap_or_default()
}
