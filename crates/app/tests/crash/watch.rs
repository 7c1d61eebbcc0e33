//! Polls jobs all the while, also while the server dies, and fails when a counter falls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::client::Client;
use crate::support::http::{Reply, Wire};
use crate::support::request::Request;

/// A job to poll and who may.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) team: String,
    pub(crate) key: String,
    pub(crate) location: String,
}

/// The counters as they were last seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counters {
    processed: u64,
    succeeded: u64,
    failed: u64,
}

/// What is known of the jobs, over all lives of the server.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    seen: BTreeMap<String, Counters>,
    complete: BTreeMap<String, bool>,
    /// Polls answered.
    pub(crate) polls: u64,
}

impl Progress {
    /// Whether all jobs have ended.
    pub(crate) fn is_complete(&self, jobs: &[Watched]) -> bool {
        jobs.iter().all(|job| self.is_known_complete(job))
    }

    fn is_known_complete(&self, job: &Watched) -> bool {
        self.complete.get(&job.location).copied().unwrap_or(false)
    }

    /// Polls a job once; `false` when the server was gone.
    pub(crate) fn look(&mut self, address: std::net::SocketAddr, job: &Watched) -> bool {
        let answer = poll(address, job);
        if let Some(answer) = &answer {
            self.see(job, answer);
        }
        answer.is_some()
    }

    /// Rows that have an outcome, over all jobs.
    pub(crate) fn processed(&self) -> u64 {
        self.seen.values().map(|counters| counters.processed).sum()
    }

    /// Polls every job over and over until all are complete or `dying` is set; an error before that is a failure.
    pub(crate) fn follow(&mut self, address: std::net::SocketAddr, jobs: &[Watched], dying: &AtomicBool) {
        while !dying.load(Ordering::SeqCst) && !self.is_complete(jobs) {
            for job in jobs {
                if !self.is_known_complete(job) && !self.look(address, job) {
                    assert!(
                        dying.load(Ordering::SeqCst),
                        "a living server did not answer the poll of {}",
                        job.location
                    );
                    return;
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn see(&mut self, job: &Watched, answer: &Value) {
        let number = |name: &str| answer[name].as_u64().unwrap_or_else(|| panic!("no {name} in {answer}"));
        let now = Counters { processed: number("processed"), succeeded: number("succeeded"), failed: number("failed") };
        let before = self.seen.insert(job.location.clone(), now).unwrap_or_default();
        let fell = now.processed < before.processed || now.succeeded < before.succeeded || now.failed < before.failed;
        assert!(!fell, "a counter of {} fell from {before:?} to {now:?}", job.location);
        assert_eq!(now.processed, now.succeeded + now.failed, "the law of the counters: {answer}");
        assert!(now.processed <= number("total"), "the law of the counters: {answer}");
        let status = answer["status"].as_str().expect("a status");
        assert!(matches!(status, "processing" | "complete"), "the job came to {status}: {answer}");
        let is_complete = status == "complete";
        assert_eq!(answer.get("results").is_some(), is_complete, "results come with the end");
        if is_complete {
            assert_eq!(now.processed, number("total"), "complete says that every row has an outcome");
        }
        self.complete.insert(job.location.clone(), is_complete);
        self.polls += 1;
    }
}

/// One poll; `None` when the server was gone.
fn poll(address: std::net::SocketAddr, job: &Watched) -> Option<Value> {
    let request = Request::get(&job.location).key(&job.key);
    let mut wire = Wire::try_open(address).ok()?;
    match wire.exchange(&request.bytes(), Duration::from_secs(30)) {
        Reply::Answer(answer) => {
            assert_eq!(answer.status, 200, "a poll is answered: {}", answer.text());
            serde_json::from_slice(&answer.body).ok()
        }
        Reply::Closed(_) | Reply::Silence(_) => None,
    }
}

impl Watched {
    /// A client of the job's team.
    pub(crate) fn client(&self, address: std::net::SocketAddr) -> Client {
        Client { address, team: self.team.clone(), key: self.key.clone() }
    }
}
