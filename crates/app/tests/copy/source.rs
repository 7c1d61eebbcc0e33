//! A store in a folder with something of everything, and how it is copied.

use std::time::Duration;

use refract_testkit::postgres::TestDatabase;
use serde_json::{Value, json};

use super::program::{Outcome, Program};
use super::support::client::Client;
use super::support::home::Home;
use super::support::http::Answer;
use super::support::request::Request;
use super::support::server::{Launch, Server, Tenant};

/// How long a server may take to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// Imports of more rows become jobs.
pub(crate) const INLINE_ROWS: &str = "10";

/// The id that a row of the filled store brought along.
pub(crate) const GIVEN_ID: &str = "5d1c7e0a-0000-4000-8000-000000000001";

/// A server's settings; jobs wait where they are not run.
pub(crate) fn launch(run_jobs: bool) -> Launch {
    Launch::new().with("REFRACT_SYNC_MAX_ROWS", INLINE_ROWS).with("REFRACT_RUN_JOBS", &run_jobs.to_string())
}

/// Ends a server in order.
pub(crate) fn stop(server: &mut Server) {
    server.terminate();
    assert!(server.wait(STOPS_WITHIN).expect("it ends").success());
}

/// Runs the copy to its end.
pub(crate) fn copy(server: &Server, database: &TestDatabase, flags: &str) -> Outcome {
    Program::new(&format!("copy {flags}"))
        .env("REFRACT_COPY_FROM", server.data_dir())
        .env("REFRACT_COPY_TO", database.url())
        .run()
}

/// An import's body.
pub(crate) fn body(rows: &[Value], options: &Value) -> String {
    json!({ "objects": rows, "options": options }).to_string()
}

/// Sends an import under an idempotency key.
pub(crate) fn import_once(client: &Client, object_type: &str, key: &str, body: &str) -> Answer {
    client.send(&client.import_request(object_type, body).header("Idempotency-Key", key))
}

/// A filled store: its server still runs, and one job waits.
pub(crate) struct Filled {
    pub(crate) server: Server,
    pub(crate) tenant: Tenant,
    pub(crate) other: Tenant,
    /// Answers to it are kept: (idempotency key, body, what was answered).
    pub(crate) keyed: (&'static str, String, Answer),
    /// What can be read, of the first team.
    pub(crate) paths: Vec<String>,
    /// Where the job that waits is.
    pub(crate) waiting: String,
}

/// Fills a store through the API.
pub(crate) fn filled() -> Filled {
    let mut server = launch(true).start_in(Home::in_folder());
    let tenant = server.tenant();
    let other = server.make_tenant("Other");
    server.make_key(&tenant.team, &["--read-only", "--label", "reader"]);
    let (_, revoked) = server.make_key(&tenant.team, &["--label", "gone"]);
    server.command(&["keys", "revoke", &revoked]);
    let client = server.client(&tenant);
    let mut paths = vec!["contact/count".to_owned(), "organization/count".to_owned(), "lists".to_owned()];
    paths.extend(["contact", "organization"].map(|name| format!("{name}/properties?include_archived=true")));

    let list = make_list(&client);
    change_schema(&client, &list);
    paths.push(format!("organization/count?list_id={list}"));
    paths.push(format!("organization/properties?list_id={list}&include_archived=true"));
    let organizations = [
        json!({"default": {"name": "Acme", "domains": ["acme.example"]}, "list": {"app_stage": "Talking"}}),
        json!({"default": {"name": "Bolt"}, "list": {"app_stage": "Made here"}}),
        json!({"default": {"name": "Gone"}, "list": {"app_stage": "Talking"}}),
    ];
    let options = json!({"dedupe_by": "name", "list_id": list, "create_missing_options": true});
    let made = client.import_and_wait("organization", body(&organizations, &options));
    let ids = ids_of(&made);
    assert_eq!(ids.len(), 3, "{made}");
    delete(&client, "organization", &ids[2]);
    paths.extend(ids.iter().map(|id| format!("organization/{id}")));

    let people = [
        json!({"id": GIVEN_ID, "default": {"email": "given@example.org", "tags": ["VIP", "From a fair"]}}),
        json!({"default": {"email": "Ada@Example.org", "company": ids[0], "tier": "Gold"}}),
        json!({"default": {"email": "not an address", "no_such_property": 1}}),
    ];
    let people = body(&people, &json!({"dedupe_by": "email", "create_missing_options": true}));
    let answered = import_once(&client, "contact", "fair", &people);
    assert_eq!(answered.status, 200, "{}", answered.text());
    paths.extend(ids_of(&answered.json()).iter().map(|id| format!("contact/{id}")));

    // Two records with one e-mail, one of them changed since, and a third that is gone.
    for name in ["One", "Two", "Three"] {
        let made = json!({"default": {"email": "shared@example.org", "full_name": name}}).to_string();
        let request = Request::post(client.path("contact")).key(&client.key).json(made);
        let id = client.send(&request).json()["id"].as_str().expect("an id").to_owned();
        paths.push(format!("contact/{id}"));
        match name {
            "Two" => {
                let patch = Request::new("PATCH", client.path(&format!("contact/{id}"))).key(&client.key);
                assert_eq!(client.send(&patch.json(r#"{"default":{"city":"Bergen"}}"#)).status, 200);
            }
            "Three" => delete(&client, "contact", &id),
            _ => {}
        }
    }
    let ended = client.import("contact", body(&many(60), &json!({"dedupe_by": "email"})));
    let ended_at = ended.header("location").expect("a job").to_owned();
    let job = client.wait_for_job(&ended_at);
    paths.extend(ids_of(&job).iter().map(|id| format!("contact/{id}")));
    paths.push(in_team(&client, &ended_at));
    server.client(&other).import_and_wait("contact", body(&many(5), &json!({"dedupe_by": "email"})));

    paths.extend(granted(&client));
    server.restart_as(launch(false));
    let client = server.client(&tenant);
    let options = json!({"dedupe_by": "email", "update_existing": true});
    let queued = import_once(&client, "contact", "queued", &body(&many(90), &options));
    assert_eq!(queued.status, 202, "{}", queued.text());
    let waiting = queued.header("location").expect("a job").to_owned();
    paths.push(in_team(&client, &waiting));
    Filled { server, tenant, other, keyed: ("fair", people, answered), paths, waiting }
}

/// The answers to all of these paths.
pub(crate) fn read(client: &Client, paths: &[String]) -> Vec<(String, u16, String)> {
    let read = |path: &String| {
        let answer = client.get(&client.path(path));
        (path.clone(), answer.status, answer.text_without_request_id())
    };
    paths.iter().map(read).collect()
}

/// Rows with a repeat, and with bad ones among them.
pub(crate) fn many(count: usize) -> Vec<Value> {
    let row = |number: usize| match number % 10 {
        3 => json!({"default": {"email": format!("person{}@example.org", number - 1), "city": "Oslo"}}),
        7 => json!({"default": {"emial": "typo"}}),
        _ => {
            json!({"default": {"email": format!("person{number}@example.org"), "full_name": format!("Person {number}")}})
        }
    };
    (0..count).map(row).collect()
}

/// Makes a record with grants and a view that pins it; where all are read.
fn granted(client: &Client) -> [String; 4] {
    let deal = Request::post(client.path("deal")).key(&client.key).json(r#"{"default":{"name":"Kept"}}"#);
    let deal = format!("deal/{}", client.send(&deal).json()["id"].as_str().expect("an id"));
    let grant = Request::new("PUT", client.path(&format!("{deal}/grant"))).key(&client.key);
    assert_eq!(client.send(&grant.json(r#"{"user_id":[{"someone":"w"}]}"#)).status, 200);
    let view = json!({"name": "Mine", "view_type": "table", "filter": [{"name": {"=": "Kept"}}]}).to_string();
    let view = client.send(&Request::post(client.path("deal/views")).key(&client.key).json(view)).json();
    let view = format!("deal/views/{}", view["id"].as_str().expect("an id"));
    let pin = Request::post(client.path(&format!("{view}/records/{}", &deal["deal/".len()..]))).key(&client.key);
    assert_eq!(client.send(&pin).status, 204);
    [format!("{deal}/grant"), format!("{view}?include=records"), view, deal]
}

fn make_list(client: &Client) -> String {
    let request = Request::post(client.path("lists")).key(&client.key).json(r#"{"template_id":"partnerships"}"#);
    client.send(&request).json()["id"].as_str().expect("the list's id").to_owned()
}

/// Properties and options of the team's own, and changes of those that come with the server and the template.
fn change_schema(client: &Client, list: &str) {
    let send = |method: &str, path: &str, body: Value| {
        let request = Request::new(method, client.path(path)).key(&client.key).json(body.to_string());
        let answer = client.send(&request);
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
        answer
    };
    let options = json!([{"value": "Silver", "sort_index": 7}, {"value": "Gold", "color_scheme": "yellow"}]);
    let tier = json!({"name": "Tier", "type": "select_str", "icon": "🏅", "options": options});
    send("POST", "contact/properties", tier);
    send("POST", "organization/properties", json!({"name": "Score", "type": "num", "required": true, "list_id": list}));
    let old = send("POST", "contact/properties", json!({"name": "Old", "type": "str"})).json();
    let old = format!("contact/properties/{}", old["id"].as_str().expect("an id"));
    send("PATCH", &old, json!({"enabled": false}));
    let stages = "organization/properties/app_stage/options";
    let made = send("POST", stages, json!({"value": "Paused", "list_id": list})).json();
    let made = format!("{stages}/{}", made["id"].as_str().expect("an id"));
    send("PATCH", &made, json!({"value": "On hold", "sort_index": 0, "enabled": false, "list_id": list}));
    let metadata = client.get(&client.path(&format!("organization/properties?list_id={list}"))).json();
    let properties = metadata["organization"].as_object().expect("properties").values();
    let stage = properties.into_iter().find(|property| property["slug"] == "app_stage").expect("a stage");
    let ended = stage["options"][4]["id"].as_str().expect("an id");
    let gone = Request::new("DELETE", client.path(&format!("{stages}/{ended}?list_id={list}"))).key(&client.key);
    assert_eq!(client.send(&gone).status, 204);
}

fn delete(client: &Client, object_type: &str, id: &str) {
    let request = Request::new("DELETE", client.path(&format!("{object_type}/{id}"))).key(&client.key);
    assert_eq!(client.send(&request).status, 204);
}

/// The ids in an import's results, each once.
fn ids_of(import: &Value) -> Vec<String> {
    let results = import["results"].as_array().unwrap_or_else(|| panic!("no results: {import}"));
    let mut ids: Vec<String> = results.iter().filter_map(|row| Some(row["id"].as_str()?.to_owned())).collect();
    ids.sort();
    ids.dedup();
    ids
}

pub(crate) fn in_team(client: &Client, location: &str) -> String {
    location.strip_prefix(&client.path("")).expect("a path of the team").to_owned()
}
