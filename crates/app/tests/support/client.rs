//! The calls of the API that tests make again and again, as a well-behaved client makes them.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::{Answer, exchange};
use super::request::Request;
use super::server::Tenant;

/// How long a job may take; generous, for builds that are not optimised.
const JOB_TAKES_MOST: Duration = Duration::from_secs(120);

/// A client of one team.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) team: String,
    pub(crate) key: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, tenant: &Tenant) -> Self {
        Self { address, team: tenant.team.clone(), key: tenant.key.clone() }
    }

    /// A path of the team, such as `contact/import`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v2/prism/{}/{rest}", self.team)
    }

    /// An import, ready to be sent or changed.
    pub(crate) fn import_request(&self, object_type: &str, body: impl AsRef<[u8]>) -> Request {
        Request::post(self.path(&format!("{object_type}/import"))).key(&self.key).json(body)
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        exchange(self.address, &request.bytes()).answer()
    }

    /// Imports a body.
    pub(crate) fn import(&self, object_type: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(&self.import_request(object_type, body))
    }

    /// Imports a body and waits until every row has its result.
    pub(crate) fn import_and_wait(&self, object_type: &str, body: impl AsRef<[u8]>) -> Value {
        self.finished(&self.import(object_type, body))
    }

    /// The finished job of an import's answer.
    pub(crate) fn finished(&self, answer: &Answer) -> Value {
        match answer.status {
            200 => answer.json(),
            202 => self.wait_for_job(answer.header("location").expect("202 says where to look")),
            status => panic!("the import was answered {status}: {}", answer.text()),
        }
    }

    /// Polls a job until it has ended.
    pub(crate) fn wait_for_job(&self, location: &str) -> Value {
        let deadline = Instant::now() + JOB_TAKES_MOST;
        loop {
            let answer = self.get(location);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let job = answer.json();
            if job["status"] != "processing" {
                return job;
            }
            assert!(Instant::now() < deadline, "the job does not end: {job}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Reads a path.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&Request::get(path).key(&self.key))
    }

    /// Reads a record.
    pub(crate) fn record(&self, object_type: &str, id: &str) -> Answer {
        self.get(&self.path(&format!("{object_type}/{id}")))
    }

    /// How many live records of a type the team has.
    pub(crate) fn count(&self, object_type: &str) -> u64 {
        let answer = self.get(&self.path(&format!("{object_type}/count")));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["total"].as_u64().expect("a count")
    }
}
