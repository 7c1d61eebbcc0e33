//! One import over HTTP into a fresh server, timed from the first byte sent to the job's completion.
//!
//! Owns the clock and the figures taken from the server. What the figures should be is the report's affair.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::server::{self, Data, Server};

const POLL_EVERY: Duration = Duration::from_millis(20);

/// What to import, and by which server.
pub(super) struct ImportRun {
    pub(super) program: PathBuf,
    /// A file with the request's body.
    pub(super) body: PathBuf,
}

/// What an import did.
pub(super) struct Imported {
    /// From the first byte sent to the 202.
    pub(super) accepted_after: Duration,
    /// From the first byte sent to the first poll that says `complete`.
    pub(super) elapsed: Duration,
    /// Processor time of the server.
    pub(super) processor_time: Duration,
    /// `VmHWM` of the server when the job was complete, before its results were read again.
    pub(super) peak_resident_bytes: u64,
    /// Everything in the data directory then, or in the database.
    pub(super) disk_bytes: u64,
    pub(super) counts: Counts,
}

/// What the server says it did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) total: u64,
    pub(super) processed: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    /// Results with `created: true`, and so on.
    pub(super) created: u64,
    pub(super) existing: u64,
    pub(super) updated: u64,
    /// Contacts that exist afterwards.
    pub(super) records: u64,
}

impl ImportRun {
    /// Runs the import in a server of its own. `disk_bytes` tells how much it keeps.
    pub(super) fn run(&self, data: Data, disk_bytes: impl FnOnce() -> Result<u64>) -> Result<Imported> {
        let server = Server::start(&self.program, data)?;
        let mut client = server.connect()?;
        let team_id = &server.access.team_id;

        let started = Instant::now();
        let job = server::start_import(&mut client, team_id, &self.body)?;
        let accepted_after = started.elapsed();
        let answer = server::wait_for_job(&mut client, &job, POLL_EVERY)?;
        let elapsed = answer.head_at.duration_since(started);

        let processor_time = server.processor_time()?;
        let peak_resident_bytes = server.peak_resident_bytes()?;
        let disk_bytes = disk_bytes()?;
        let count = client.get(&format!("/v2/prism/{team_id}/contact/count"))?.json(200)?;
        let counts = counts_of(&answer.body, number(&count, "total")?)?;
        drop(client);
        server.stop()?;
        Ok(Imported { accepted_after, elapsed, processor_time, peak_resident_bytes, disk_bytes, counts })
    }
}

fn counts_of(job: &[u8], records: u64) -> Result<Counts> {
    let summary = server::summary_of(job)?;
    Ok(Counts {
        total: number(&summary, "total")?,
        processed: number(&summary, "processed")?,
        succeeded: number(&summary, "succeeded")?,
        failed: number(&summary, "failed")?,
        created: occurrences(job, b"\"created\":true"),
        existing: occurrences(job, b"\"existing\":true"),
        updated: occurrences(job, b"\"updated\":true"),
        records,
    })
}

fn number(object: &Value, field: &str) -> Result<u64> {
    object[field].as_u64().with_context(|| format!("no number {field} in {object}"))
}

fn occurrences(text: &[u8], wanted: &[u8]) -> u64 {
    text.windows(wanted.len()).filter(|window| *window == wanted).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_from_the_summary_and_from_every_result() {
        let job = br#"{"job_id":"7","status":"complete","total":3,"processed":3,"succeeded":2,"failed":1,"results":[
            {"input_index":0,"id":"a","created":true,"existing":false,"updated":false},
            {"input_index":1,"id":"a","created":false,"existing":true,"updated":true},
            {"input_index":2,"id":null,"created":false,"existing":false,"updated":false,"error":{"code":"x"}}]}"#;
        let wanted =
            Counts { total: 3, processed: 3, succeeded: 2, failed: 1, created: 1, existing: 1, updated: 1, records: 9 };
        assert_eq!(counts_of(job, 9).unwrap(), wanted);
        assert!(counts_of(br#"{"status":"complete","results":[]}"#, 0).is_err());
    }
}
