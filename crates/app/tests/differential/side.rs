//! One of the two servers: sends what was drawn, and tells what came of it.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::drawn::{Drawn, LIST, Other};
use super::named::Names;
use super::support::client::Client;
use super::support::home::Home;
use super::support::http::Answer;
use super::support::request::Request;
use super::support::server::{Launch, Server, Tenant};

/// Imports of more rows become jobs.
const INLINE_ROWS: &str = "8";

/// Rows of a chunk: jobs have several.
const CHUNK_ROWS: &str = "5";

/// Ids that are not made in the same millisecond are in the same order on both sides: some messages sort by them.
const NEXT_MILLISECOND: Duration = Duration::from_millis(1);

/// What came of an import.
pub(crate) struct Outcome {
    /// The status, and the code of an error.
    pub(crate) kind: String,
    /// All of it, as text that is the same for servers that answer alike.
    pub(crate) told: String,
}

/// A server with the team that is being worked on.
pub(crate) struct Side {
    server: Server,
    tenant: Tenant,
    list: String,
    names: Names,
    /// Records that were seen: type and id, in the order in which they were.
    records: Vec<(String, String)>,
    jobs: Vec<String>,
}

impl Side {
    pub(crate) fn in_folder() -> Self {
        Self::start(Home::in_folder())
    }

    pub(crate) fn in_database() -> Self {
        Self::start(Home::in_database())
    }

    fn start(home: Home) -> Self {
        let launch = Launch::new()
            .with("REFRACT_SYNC_MAX_ROWS", INLINE_ROWS)
            .with("REFRACT_CHUNK_ROWS_MAX", CHUNK_ROWS)
            .with("REFRACT_LOG_LEVEL", "warn");
        let server = launch.start_in(home);
        let tenant = server.tenant();
        let mut side = Self {
            server,
            tenant,
            list: String::new(),
            names: Names::default(),
            records: Vec::new(),
            jobs: Vec::new(),
        };
        side.make_list();
        side
    }

    /// From now on a team without anything.
    pub(crate) fn begin_team(&mut self, number: usize) {
        self.tenant = self.server.make_tenant(&format!("Team {number}"));
        self.names = Names::default();
        self.records.clear();
        self.jobs.clear();
        self.make_list();
    }

    /// How many records were seen.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    fn client(&self) -> Client {
        self.server.client(&self.tenant)
    }

    fn make_list(&mut self) {
        let client = self.client();
        let request = Request::post(client.path("lists")).key(&client.key).json(r#"{"template_id":"partnerships"}"#);
        self.list = client.send(&request).json()["id"].as_str().expect("the list's id").to_owned();
    }

    /// Sends an import and waits for its end.
    pub(crate) fn send(&mut self, drawn: &Drawn) -> Outcome {
        thread::sleep(NEXT_MILLISECOND);
        let client = self.client();
        let body = replaced(&drawn.body, LIST.as_bytes(), self.list.as_bytes());
        let mut request = Request::post(client.path(&drawn.path)).key(&client.key).body(body);
        request = request.header("Content-Type", drawn.content_type);
        if let Some(key) = &drawn.key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = client.send(&request);
        let mut told = self.told(&answer);
        if let Some(location) = answer.header("location").filter(|_| answer.status == 202) {
            let job = client.wait_for_job(location);
            self.see(&drawn.object_type, &job);
            told = format!("{told}\n{}", self.names.body(&job.to_string()));
            self.jobs.push(location.to_owned());
        } else if answer.status == 200 {
            self.see(&drawn.object_type, &answer.json());
        }
        let code = answer.code().map_or_else(String::new, |code| format!(" {code}"));
        Outcome { kind: format!("{}{code}", answer.status), told }
    }

    /// Sends a request on one record.
    pub(crate) fn send_other(&mut self, other: &Other) -> String {
        thread::sleep(NEXT_MILLISECOND);
        let client = self.client();
        let request = match other {
            Other::Create(object_type, body) => Request::post(client.path(object_type)).json(body),
            Other::Patch(record, body) => Request::new("PATCH", self.path_of(&client, *record)).json(body),
            Other::Delete(record) => Request::new("DELETE", self.path_of(&client, *record)),
        };
        let answer = client.send(&request.key(&client.key));
        if let (Other::Create(object_type, _), 201) = (other, answer.status) {
            let id = answer.json()["id"].as_str().expect("an id").to_owned();
            self.records.push((object_type.clone(), id));
        }
        self.told(&answer)
    }

    fn path_of(&self, client: &Client, record: usize) -> String {
        let (object_type, id) = &self.records[record];
        client.path(&format!("{object_type}/{id}"))
    }

    /// Status, the headers that say something, and the body.
    fn told(&mut self, answer: &Answer) -> String {
        let shown = |name: &&str| answer.header(name).map(|value| format!("{name}: {value}"));
        let headers =
            ["content-type", "etag", "location", "retry-after", "idempotent-replayed", "idempotency-replayed"];
        let headers: Vec<String> = headers.iter().filter_map(shown).collect();
        let headers = self.names.name(&headers.join(", ").replace(&self.tenant.team, "TEAM"));
        let body = answer.text_without_request_id().replace(&self.tenant.team, "TEAM");
        format!("{} [{headers}] {}", answer.status, self.names.body(&body))
    }

    /// Remembers the records of an import's results.
    fn see(&mut self, object_type: &str, import: &Value) {
        for result in import["results"].as_array().into_iter().flatten() {
            let Some(id) = result["id"].as_str() else { continue };
            let record = (object_type.to_owned(), id.to_owned());
            if !self.records.contains(&record) {
                self.records.push(record);
            }
        }
    }

    /// Everything of the team that can be read, line by line.
    pub(crate) fn state(&mut self) -> Vec<String> {
        let client = self.client();
        let mut paths: Vec<String> =
            self.records.iter().map(|(object_type, id)| client.path(&format!("{object_type}/{id}"))).collect();
        paths.extend(self.jobs.iter().cloned());
        for object_type in ["contact", "organization"] {
            paths.push(client.path(&format!("{object_type}/count")));
            paths.push(client.path(&format!("{object_type}/properties?include_options=true")));
        }
        let list = &self.list;
        paths.push(client.path(&format!("organization/count?list_id={list}")));
        paths.push(client.path(&format!("organization/properties?list_id={list}&include_options=true")));
        paths.push(client.path("lists"));
        let answers: Vec<Answer> = paths.iter().map(|path| client.get(path)).collect();
        answers.iter().map(|answer| self.told(answer)).collect()
    }
}

/// The bytes with one part in place of another.
fn replaced(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        if rest.starts_with(part) {
            made.extend_from_slice(by);
            rest = &rest[part.len()..];
        } else {
            made.push(*first);
            rest = &rest[1..];
        }
    }
    made
}
