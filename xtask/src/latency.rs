//! `cargo xtask latency`: what one team's big import makes others wait.
//!
//! Owns three measurements on one server: inline imports of a second team while a job of the first runs, polls of a
//! running job over keep-alive connections, and reading the results of a complete job. It judges nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use clap::Args;

use crate::contacts::Contacts;
use crate::figures::{machine_load, milliseconds, percentile};
use crate::http_client::HttpClient;
use crate::server::{self, Access, Data, Server};
use crate::workspace;

#[derive(Args)]
pub(crate) struct LatencyArgs {
    /// Contacts of the big import.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=5_000_000))]
    rows: u64,
    /// Rows of each inline import; the server answers fewer than 100 at once.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=99))]
    inline_rows: u64,
    /// Connections that poll.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=256))]
    connections: u64,
    /// Measure this binary instead of building one.
    #[arg(long, value_name = "BIN")]
    server: Option<PathBuf>,
}

/// The big import: where it is sent, as whom, and its body.
struct Running<'a> {
    host: &'a str,
    access: &'a Access,
    body: &'a Path,
}

/// Runs the measurements and prints a line for each.
pub(crate) fn run(args: &LatencyArgs) -> Result<ExitCode> {
    if let Some(code) = workspace::rerun_optimised()? {
        return Ok(code);
    }
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    let program = match &args.server {
        Some(program) => program.clone(),
        None => workspace::build_release_server()?,
    };
    let body = folder.join(format!("contacts-1-{}-0.json", args.rows));
    if !body.exists() {
        Contacts { rows: args.rows, repeats_percent: 0, seed: 1 }.write_import_body(&body, false)?;
    }
    let data_dir = folder.join("latency");
    let server = Server::start(&program, Data::Folder(data_dir.clone()))?;
    let neighbour = server.create_team("Neighbour")?;
    let running = Running { host: &server.host, access: &server.access, body: &body };
    println!("{} contacts a job; {}", args.rows, machine_load());

    let job = measure_inline(&running, &neighbour, args.inline_rows)?;
    measure_results(&running, &job)?;
    measure_polls(&running, args.connections)?;

    server.stop()?;
    fs::remove_dir_all(&data_dir)?;
    Ok(ExitCode::SUCCESS)
}

impl Running<'_> {
    /// Runs the big import from the sending of its first byte; `meanwhile` is called again and again until the job has
    /// ended, with the job's path once there is one. Returns that path.
    fn job(&self, mut meanwhile: impl FnMut(Option<&str>) -> Result<()>) -> Result<String> {
        let ended = AtomicBool::new(false);
        let accepted = std::sync::OnceLock::new();
        thread::scope(|scope| {
            let import = scope.spawn(|| {
                let finish = || -> Result<String> {
                    let mut client = HttpClient::connect(self.host, &self.access.api_key)?;
                    let job = server::start_import(&mut client, &self.access.team_id, self.body)?;
                    let job = accepted.get_or_init(|| job);
                    server::wait_for_job(&mut client, job, Duration::from_millis(20))?;
                    Ok(job.clone())
                };
                let job = finish();
                ended.store(true, Ordering::Release);
                job
            });
            while !ended.load(Ordering::Acquire) {
                meanwhile(accepted.get().map(String::as_str))?;
            }
            import.join().map_err(|_| anyhow!("the importing thread panicked"))?
        })
    }
}

/// Inline imports of another team, one after the other, while the big import is received and processed.
fn measure_inline(running: &Running<'_>, neighbour: &Access, rows: u64) -> Result<String> {
    let mut client = HttpClient::connect(running.host, &neighbour.api_key)?;
    let path = format!("/v2/prism/{}/contact/import", neighbour.team_id);
    let contacts = Contacts { rows: u64::MAX, repeats_percent: 0, seed: 2 };
    let mut first_row = 0;
    let mut next_body = || {
        let body = inline_body(contacts, first_row, rows);
        first_row += rows;
        body
    };
    // The first one opens the team's books (a key's index, caches); users meet it once, so it is shown on its own.
    let opening = post_inline(&mut client, &path, &next_body(), rows)?;
    let (mut receiving, mut processing) = (Vec::new(), Vec::new());
    let job = running.job(|job| {
        let taken = post_inline(&mut client, &path, &next_body(), rows)?;
        if job.is_some() {
            processing.push(taken)
        } else {
            receiving.push(taken)
        }
        Ok(())
    })?;
    println!("inline import of {rows} rows, the first of its team, nothing else running: {}", milliseconds(opening));
    print_latencies(&format!("inline imports of {rows} rows while the body comes in"), &receiving);
    print_latencies(&format!("inline imports of {rows} rows while the job runs"), &processing);
    Ok(job)
}

fn post_inline(client: &mut HttpClient, path: &str, body: &str, rows: u64) -> Result<Duration> {
    let sent_at = Instant::now();
    let answer = client.post(path, body)?;
    let taken = sent_at.elapsed();
    let report = answer.json(200)?;
    ensure!(report["succeeded"] == rows && report["failed"] == 0, "an inline import went wrong: {report}");
    Ok(taken)
}

fn inline_body(contacts: Contacts, first_row: u64, rows: u64) -> String {
    let mut body = String::from("{\"objects\":[");
    for row in first_row..first_row + rows {
        let separator = if row == first_row { "" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(body, "{separator}{{\"default\":{}}}", contacts.contact(row).properties);
    }
    body.push_str("],\"options\":{\"dedupe_by\":\"email\"}}");
    body
}

fn print_latencies(name: &str, latencies: &[Duration]) {
    println!(
        "{name}: {} requests, p50 {}, p99 {}, max {}",
        latencies.len(),
        milliseconds(percentile(latencies, 50)),
        milliseconds(percentile(latencies, 99)),
        milliseconds(percentile(latencies, 100)),
    );
}

/// All results of a complete job, read thrice.
fn measure_results(running: &Running<'_>, job: &str) -> Result<()> {
    let mut client = HttpClient::connect(running.host, &running.access.api_key)?;
    for _ in 0..3 {
        let asked_at = Instant::now();
        let answer = client.get(job)?;
        let taken = asked_at.elapsed();
        ensure!(answer.status == 200, "the results answered {}", answer.status);
        println!("results of the complete job: {} bytes in {:.3} s", answer.body.len(), taken.as_secs_f64());
    }
    Ok(())
}

/// Polls of a job that runs, as fast as each connection can: the same import again, which now matches every row.
fn measure_polls(running: &Running<'_>, connections: u64) -> Result<()> {
    let mut rates = Vec::new();
    running.job(|job| {
        let Some(job) = job else {
            thread::sleep(Duration::from_millis(1));
            return Ok(());
        };
        let slice = poll_for(running, job, connections, Duration::from_millis(500))?;
        rates.extend(slice);
        Ok(())
    })?;
    if rates.is_empty() {
        println!("polls: the job ended before half a second of polling; use more rows");
        return Ok(());
    }
    let requests: u64 = rates.iter().map(|(requests, _)| requests).sum();
    let seconds: f64 = rates.iter().map(|(_, taken)| taken.as_secs_f64()).sum();
    println!(
        "polls of the running job over {connections} connections: {requests} in {seconds:.2} s, {:.0} requests/s",
        requests as f64 / seconds
    );
    Ok(())
}

/// Polls for a while; None when the job ended meanwhile, because a poll of a complete job carries its results.
fn poll_for(running: &Running<'_>, job: &str, connections: u64, span: Duration) -> Result<Option<(u64, Duration)>> {
    let started = Instant::now();
    let poll = || -> Result<Option<u64>> {
        let mut client = HttpClient::connect(running.host, &running.access.api_key)?;
        let mut answered = 0;
        while started.elapsed() < span {
            let answer = client.get(job)?;
            if server::status_of(&answer.body) != Some("processing") {
                return Ok(None);
            }
            answered += 1;
        }
        Ok(Some(answered))
    };
    thread::scope(|scope| {
        let pollers: Vec<_> = (0..connections).map(|_| scope.spawn(poll)).collect();
        let mut requests = Some(0);
        for poller in pollers {
            let answered = poller.join().map_err(|_| anyhow!("a polling thread panicked"))??;
            requests = requests.zip(answered).map(|(sum, more)| sum + more);
        }
        Ok(requests.map(|requests| (requests, started.elapsed())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_body_holds_the_rows_asked_for() {
        let contacts = Contacts { rows: u64::MAX, repeats_percent: 0, seed: 2 };
        let body: serde_json::Value = serde_json::from_str(&inline_body(contacts, 50, 50)).unwrap();
        let rows = body["objects"].as_array().unwrap();
        assert_eq!(rows.len(), 50);
        assert_ne!(rows[0]["default"]["email"], rows[49]["default"]["email"]);
        assert_eq!(body["options"]["dedupe_by"], "email");
    }
}
