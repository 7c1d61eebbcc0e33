//! `cargo xtask records`: how fast single records are read, found and written while a million are there.
//!
//! Owns the questions, how they are asked over many connections, and the figures of each. Beside them, of the embedded store,
//! stands what the same machine does with the least that could answer at all: see [`bare`]. It judges nothing.

mod bare;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use clap::Args;
use serde_json::json;

use crate::bench::{POSTGRES_SETTINGS, Store};
use crate::contacts::Contacts;
use crate::figures::{self, machine_load, milliseconds, percentile};
use crate::http_client::HttpClient;
use crate::postgres::{self, Database, Postgres};
use crate::server::{self, Data, Server};
use crate::workspace;
use bare::{Bare, PLACES_MAX, Place};

#[derive(Args)]
pub(crate) struct RecordsArgs {
    /// The store that is asked.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// Contacts that are there.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=5_000_000))]
    rows: u64,
    /// Connections that ask.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=256))]
    connections: u64,
    /// Seconds for each question.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Measure this binary instead of building one.
    #[arg(long, value_name = "BIN")]
    server: Option<PathBuf>,
}

/// A request, and the statuses that are right for it.
struct Question {
    method: &'static str,
    path: String,
    body: String,
    right: &'static [u16],
}

/// Asks the same thing in many ways; the number says which.
type Asker<'a> = dyn Fn(u64) -> Question + Sync + 'a;

/// What is measured, on a server that is full.
struct Measured<'a> {
    args: &'a RecordsArgs,
    server: &'a Server,
    contacts: Contacts,
    places: Vec<Place>,
    /// Grows with every question, so that no two ask the same.
    asked: AtomicU64,
}

/// Runs the measurements and prints a line for each.
pub(crate) fn run(args: &RecordsArgs) -> Result<ExitCode> {
    if let Some(code) = workspace::rerun_optimised()? {
        return Ok(code);
    }
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let program = match &args.server {
        Some(program) => program.clone(),
        None => workspace::build_release_server()?,
    };
    let contacts = Contacts { rows: args.rows, repeats_percent: 0, seed: 1 };
    let body = folder.join(format!("contacts-1-{}-0.json", args.rows));
    if !body.exists() {
        contacts.write_import_body(&body, false)?;
    }
    match args.store {
        Store::Sqlite => on_sqlite(args, &program, contacts, &body)?,
        Store::Postgres => on_postgres(args, &program, contacts, &body)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn on_sqlite(args: &RecordsArgs, program: &Path, contacts: Contacts, body: &Path) -> Result<()> {
    let data_dir = workspace::target().join("bench/records");
    let server = full(args, program, Data::Folder(data_dir.clone()), body)?;
    let database = data_dir.join("refract.db");
    let places = bare::places(&database)?;
    let measured = Measured { args, server: &server, contacts, places, asked: AtomicU64::new(0) };
    let bare = Bare::serve(&database, args.connections)?;
    measured.measure_all(Some(&bare))?;
    drop(bare);
    server.stop()?;
    Ok(fs::remove_dir_all(&data_dir)?)
}

/// Without the bare read: what a driver and a database cost beside each other is not asked here.
fn on_postgres(args: &RecordsArgs, program: &Path, contacts: Contacts, body: &Path) -> Result<()> {
    let postgres = Postgres::start(postgres::Place::Disk, &POSTGRES_SETTINGS)?;
    let database = Database::create(&postgres.url)?;
    let folder = workspace::target().join("bench/records");
    let server = full(args, program, Data::Database { url: database.url.clone(), folder }, body)?;
    let ids =
        postgres::texts(&database.url, &format!("SELECT id FROM record ORDER BY md5(id::text) LIMIT {PLACES_MAX}"))?;
    let place = |id: &String| Ok(Place { record_no: 0, id: id.parse()? });
    let places = ids.iter().map(place).collect::<Result<_>>()?;
    let measured = Measured { args, server: &server, contacts, places, asked: AtomicU64::new(0) };
    measured.measure_all(None)?;
    server.stop()
}

/// A server with all contacts in.
fn full(args: &RecordsArgs, program: &Path, data: Data, body: &Path) -> Result<Server> {
    let server = Server::start(program, data)?;
    println!("{} contacts, {} connections; {}", args.rows, args.connections, machine_load());
    let mut client = server.connect()?;
    let job = server::start_import(&mut client, &server.access.team_id, body)?;
    server::wait_for_job(&mut client, &job, Duration::from_millis(50))?;
    Ok(server)
}

impl Measured<'_> {
    fn measure_all(&self, bare: Option<&Bare>) -> Result<()> {
        self.measure_reads(bare)?;
        self.measure_writes()?;
        self.measure_queries()
    }

    fn measure_reads(&self, bare: Option<&Bare>) -> Result<()> {
        let place = |number: u64| self.place(number);
        let bare_read = |number: u64| get(format!("/{}", place(number).record_no));
        let by_id = |number: u64| get(self.path(&format!("contact/{}", place(number).id)));
        let healthz = |_| get("/healthz".to_owned());
        // In turn, so that what else runs on the machine falls on both.
        let mut rates = Vec::new();
        for _ in 0..2 {
            let measure_bare = |bare: &Bare| self.measure("bare point read over HTTP", &bare.host, &bare_read);
            let least = bare.map(measure_bare).transpose()?;
            let nothing = self.measure("the server's HTTP alone (/healthz)", &self.server.host, &healthz)?;
            let rate = self.measure("get by id", &self.server.host, &by_id)?;
            rates.push((least.map(|least| rate / least), rate / nothing));
        }
        for (of_bare, of_http) in rates {
            println!("get by id: {of_http:.2} of the server's HTTP alone");
            if let Some(of_bare) = of_bare {
                println!("get by id: {of_bare:.2} of the bare point read");
            }
        }
        let find = |number: u64| get(self.path(&format!("contact/by/email/{}", self.email(number))));
        let (status, first) = self.ask_once(&find(0))?;
        println!("the first find by a slug, which makes it keyed unless it is: {status} after {}", milliseconds(first));
        self.measure("find by a keyed slug", &self.server.host, &find)?;
        let count = |_| get(self.path("contact/count"));
        self.measure("count", &self.server.host, &count)?;
        Ok(())
    }

    fn measure_writes(&self) -> Result<()> {
        let upsert = |email: &str, number: u64| Question {
            method: "PUT",
            path: self.path(&format!("contact/by/email/{email}")),
            body: json!({"default": {"title": format!("title {number}")}}).to_string(),
            right: &[200, 201],
        };
        let there = |number: u64| upsert(&self.email(number), number);
        let new = |number: u64| upsert(&format!("new{number}@example.org"), number);
        self.measure("upsert of a record that is there", &self.server.host, &there)?;
        self.measure("upsert of a new record", &self.server.host, &new)?;
        Ok(())
    }

    fn measure_queries(&self) -> Result<()> {
        let query = |filter: serde_json::Value, sort: serde_json::Value| Question {
            method: "POST",
            path: self.path("contact/query"),
            body: json!({"query": {"select": ["email", "city"], "filter": filter, "sort": sort, "limit": 25}})
                .to_string(),
            right: &[200],
        };
        let first = |_| query(json!([]), json!([]));
        let keyed = |number: u64| query(json!([{"email": {"=": self.email(number)}}]), json!([]));
        self.measure("first page without a filter", &self.server.host, &first)?;
        self.measure("first page of a filter on a keyed property", &self.server.host, &keyed)?;
        let by_id = |number: u64| query(json!([{"id": {"=": self.place(number).id.to_string()}}]), json!([]));
        self.measure("first page of a filter on the id", &self.server.host, &by_id)?;
        let total = |_| get(self.path("contact?limit=25&include_total=true"));
        self.measure("first page without a filter, with the total", &self.server.host, &total)?;
        for (name, filter, sort) in [
            ("filter on an unkeyed property, frequent", json!([{"city": {"=": "Osaka"}}]), json!([])),
            ("filter on an unkeyed property, found nowhere", json!([{"city": {"=": "Atlantis"}}]), json!([])),
            ("contains, found nowhere", json!([{"title": {"contains": "astronaut"}}]), json!([])),
            ("sort by an unkeyed property", json!([]), json!([{"full_name": "asc"}])),
            ("sort by updated_at, newest first", json!([]), json!([{"updated_at": "desc"}])),
        ] {
            let (status, took) = self.ask_once(&query(filter, sort))?;
            println!("{name}: {status} after {}, one alone", milliseconds(took));
        }
        Ok(())
    }

    /// Asks over all connections for the time that was given; gives back requests a second.
    fn measure(&self, name: &str, host: &str, asker: &Asker<'_>) -> Result<f64> {
        let span = Duration::from_secs(self.args.seconds);
        let processor_before = self.processor_times()?;
        let started = Instant::now();
        let ask = || -> Result<Vec<Duration>> {
            let mut client = HttpClient::connect(host, &self.server.access.api_key)?;
            let mut taken = Vec::new();
            while started.elapsed() < span {
                let question = asker(self.asked.fetch_add(1, Ordering::Relaxed));
                let asked_at = Instant::now();
                let answer = client.send(question.method, &question.path, &question.body)?;
                taken.push(asked_at.elapsed());
                let right = question.right.contains(&answer.status);
                ensure!(
                    right,
                    "{} answered {}: {}",
                    question.path,
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
            }
            Ok(taken)
        };
        let mut taken = Vec::new();
        thread::scope(|scope| -> Result<()> {
            let askers: Vec<_> = (0..self.args.connections).map(|_| scope.spawn(ask)).collect();
            for asker in askers {
                taken.extend(asker.join().map_err(|_| anyhow!("an asking thread panicked"))??);
            }
            Ok(())
        })?;
        let rate = taken.len() as f64 / started.elapsed().as_secs_f64();
        let (p50, p99) = (milliseconds(percentile(&taken, 50)), milliseconds(percentile(&taken, 99)));
        let processor = self.processor_times()?;
        let each = |after: Duration, before: Duration| (after - before).as_secs_f64() * 1e6 / taken.len() as f64;
        let (here, served) = (each(processor.0, processor_before.0), each(processor.1, processor_before.1));
        println!(
            "{name}: {rate:.0} requests/s, p50 {p50}, p99 {p99}; a request takes {here:.1} µs of processors here and \
             {served:.1} µs in the server"
        );
        Ok(rate)
    }

    /// What this process and the server have used so far.
    fn processor_times(&self) -> Result<(Duration, Duration)> {
        Ok((figures::processor_time("self")?, self.server.processor_time()?))
    }

    fn ask_once(&self, question: &Question) -> Result<(u16, Duration)> {
        let mut client = self.server.connect()?;
        let asked_at = Instant::now();
        let answer = client.send(question.method, &question.path, &question.body)?;
        Ok((answer.status, asked_at.elapsed()))
    }

    /// A large odd step: neighbours in time are not neighbours on disk.
    fn place(&self, number: u64) -> &Place {
        let count = self.places.len() as u64;
        &self.places[usize::try_from(number.wrapping_mul(7_919_999) % count).unwrap_or(0)]
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/prism/{}/{rest}", self.server.access.team_id)
    }

    fn email(&self, number: u64) -> String {
        self.contacts.contact(number.wrapping_mul(7_919_999) % self.contacts.rows).email
    }
}

fn get(path: String) -> Question {
    Question { method: "GET", path, body: String::new(), right: &[200] }
}
