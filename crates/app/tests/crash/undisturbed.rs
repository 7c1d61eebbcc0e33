//! Jobs that two runs begin with alike, and what they come to where nobody disturbs them.
//!
//! The jobs are admitted by a server that does not run them, so every copy of its data holds the same jobs under the same
//! ids: one copy is run to the end in peace, and whatever befalls the others, they must come to the same.

use std::time::Duration;

use rand::rngs::StdRng;
use serde_json::Value;

use crate::bodies;
use crate::state::State;
use crate::state_of::state_of;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::request::Request;
use crate::support::server::{Launch, Server, Tenant};
use crate::watch::Watched;

/// How long an undisturbed run may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Some records, and jobs of two teams that wait.
pub(crate) struct Origin {
    /// To be copied, or used once.
    pub(crate) home: Home,
    pub(crate) jobs: Vec<Watched>,
}

impl Origin {
    /// In a home without data; the largest jobs have so many rows.
    pub(crate) fn make(chance: &mut StdRng, home: Home, rows: usize) -> Self {
        Self::of(chance, home, rows, |body| body)
    }

    /// The same with the bodies of the jobs changed.
    pub(crate) fn of(chance: &mut StdRng, home: Home, rows: usize, changed: impl Fn(String) -> String) -> Self {
        let mut server = Launch::new().with("REFRACT_RUN_JOBS", "false").start_in(home);
        let (first, second) = (server.tenant(), server.make_tenant("second"));
        let mut jobs = Vec::new();
        for tenant in [&first, &second] {
            let client = server.client(tenant);
            assert_eq!(client.import("contact", bodies::contacts(chance, 90)).status, 200, "the records to begin with");
        }
        let unkeyed = server.client(&first).import("organization", bodies::unkeyed_organizations(90));
        assert_eq!(unkeyed.status, 200, "records whose keys a job has to find");
        let list_id = make_list(&server.client(&first));
        let organizations = changed(bodies::organizations(chance, rows / 2, &list_id));
        jobs.push(admit(&server, &first, "contact", &changed(bodies::contacts(chance, rows))));
        jobs.push(admit(&server, &first, "organization", &organizations));
        jobs.push(admit(&server, &second, "contact", &changed(bodies::contacts_with_ids(chance, rows))));
        stop(&mut server);
        Self { home: server.home().copy(), jobs }
    }
}

/// What the jobs come to.
pub(crate) struct Undisturbed {
    /// All that is stored.
    pub(crate) state: State,
    results: Vec<String>,
}

impl Undisturbed {
    /// Runs the jobs in a copy of the home.
    pub(crate) fn run(origin: &Origin, launch: Launch) -> Self {
        let mut server = launch.start_in(origin.home.copy());
        let mut rows = 0;
        for job in &origin.jobs {
            let job = job.client(server.address()).wait_for_job(&job.location);
            assert_sums(&job);
            rows = rows.max(job["total"].as_u64().expect("a number of rows"));
        }
        let results = all_results(&server, &origin.jobs);
        stop(&mut server);
        let state = state_of(server.home());
        assert!(state.lines_of("records") as u64 > rows, "the undisturbed run wrote records");
        assert!(state.lines_of("options") > 0, "and options");
        assert!(state.lines_of("list entries") > 0, "and members of the list");
        Self { state, results }
    }

    /// Fails unless a server, whose jobs are complete, gives the same results byte for byte.
    pub(crate) fn assert_results_of(&self, server: &Server, jobs: &[Watched]) {
        for (job, (disturbed, undisturbed)) in jobs.iter().zip(all_results(server, jobs).iter().zip(&self.results)) {
            assert!(disturbed == undisturbed, "{}: {}", job.location, first_difference(disturbed, undisturbed));
        }
    }
}

/// Ends a server in order.
pub(crate) fn stop(server: &mut Server) {
    server.terminate();
    let status = server.wait(PATIENCE).expect("SIGTERM ends the server");
    assert!(status.success(), "it ends in order: {status}");
}

/// A list of organizations.
pub(crate) fn make_list(client: &Client) -> String {
    let body = r#"{"template_id": "partnerships"}"#;
    let answer = client.send(&Request::post(client.path("lists")).key(&client.key).json(body));
    assert!(answer.status == 200 || answer.status == 201, "a list: {}", answer.text());
    answer.json()["id"].as_str().expect("the id of the list").to_owned()
}

/// Sends an import that becomes a job.
pub(crate) fn admit(server: &Server, tenant: &Tenant, object_type: &str, body: &str) -> Watched {
    let answer = server.client(tenant).import(object_type, body);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let location = answer.header("location").expect("202 says where to look").to_owned();
    Watched { team: tenant.team.clone(), key: tenant.key.clone(), location }
}

/// The counters say what the results say, and every kind of outcome is among them.
fn assert_sums(job: &Value) {
    assert_eq!(job["status"], "complete");
    let results = job["results"].as_array().expect("results");
    let count = |test: &dyn Fn(&Value) -> bool| results.iter().filter(|result| test(result)).count() as u64;
    assert_eq!(job["total"], results.len() as u64);
    assert_eq!(job["failed"], count(&|result| result.get("error").is_some()));
    assert_eq!(job["succeeded"], count(&|result| result["id"].is_string()));
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["input_index"], index as u64);
    }
    assert!(count(&|result| result["created"] == true) > 0, "some rows made records");
    assert!(count(&|result| result["existing"] == true) > 0, "some rows met records");
    assert!(count(&|result| result.get("error").is_some()) > 0, "some rows were bad");
}

/// The results of complete jobs.
pub(crate) fn all_results(server: &Server, jobs: &[Watched]) -> Vec<String> {
    jobs.iter().map(|job| results_of(&job.client(server.address()), &job.location)).collect()
}

/// The results of a complete job, as they were sent, without the instants before them.
fn results_of(client: &Client, location: &str) -> String {
    let text = client.get(location).text();
    let (_, results) = text.split_once("\"results\":").expect("a complete job has results");
    results.to_owned()
}

/// Where two texts differ.
pub(crate) fn first_difference(ours: &str, theirs: &str) -> String {
    let at = ours.bytes().zip(theirs.bytes()).position(|(our, their)| our != their);
    let at = at.unwrap_or(ours.len().min(theirs.len()));
    let around = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(120)..text.len().min(at + 200)]).into_owned()
    };
    format!("results differ at byte {at}\ndisturbed:   {}\nundisturbed: {}", around(ours), around(theirs))
}
