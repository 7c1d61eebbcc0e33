//! No team learns anything of another: every operation that the server describes, with every kind of wrong key, and with a
//! right key and ids of another team. An operation that is added to the server is tested here without further ado; a new
//! kind of id in a path must be told apart in [`Ids`].
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::client::Client;
use support::http::{Answer, exchange};
use support::request::Request;
use support::server::{Launch, Server};

/// Well-formed: its checksum is right.
const UNKNOWN_KEY: &str = "rk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2unipg";

/// A type with all routes, lists and grants among them, and one without lists.
const OBJECT_TYPES: [&str; 2] = ["deal", "contact"];

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    description: Value,
}

impl Operation {
    fn all(client: &Client) -> Vec<Self> {
        let document = client.get("/openapi.json").json();
        let paths = document["paths"].as_object().expect("paths").clone();
        let mut operations = Vec::new();
        for (path, item) in paths.into_iter().filter(|(path, _)| path.contains("{team_id}")) {
            for (method, description) in item.as_object().expect("operations").clone() {
                operations.push(Self { method: method.to_uppercase(), path: path.clone(), description });
            }
        }
        assert!(operations.len() >= 10, "{} operations under a team", operations.len());
        operations
    }

    /// Whether it changes nothing, and so may be done with a key that reads.
    fn reads(&self) -> bool {
        let id = self.description["operationId"].as_str().expect("an id");
        self.method == "GET" || ["query_", "validate_", "preview_"].iter().any(|reading| id.starts_with(reading))
    }

    /// The request for these ids, without a key. Every id in the document's example of a body becomes the record's.
    fn request(&self, team: &str, object_type: &str, ids: &Ids, in_list: bool) -> Request {
        let mut target = self.path.replace("{team_id}", team).replace("{object_type}", object_type);
        // The other team has a record of this value; what is written by value is new to both.
        let value = if self.method == "PUT" { &ids.record } else { "secret" };
        target = target.replace("{slug}", "description").replace("{value}", value);
        for (name, id) in ids.by_parameter() {
            target = target.replace(&format!("{{{name}}}"), id);
        }
        assert!(!target.contains('{'), "{}: this test does not know what to put there", self.path);
        let mut separator = '?';
        for parameter in self.description["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] != "query" {
                continue;
            }
            let value = match parameter["name"].as_str().expect("a name") {
                "list_id" if in_list => ids.list.as_str(),
                "type" => "str",
                _ => continue,
            };
            target = format!("{target}{separator}{}={value}", parameter["name"].as_str().expect("a name"));
            separator = '&';
        }
        let request = Request::new(&self.method, target);
        if self.method == "POST" && self.takes_files_alone() {
            return request.header("Content-Type", "text/csv").body("description\nof a file\n");
        }
        match self.body(ids, in_list) {
            Some(body) => request.json(body.to_string()),
            None => request,
        }
    }

    fn takes_files_alone(&self) -> bool {
        let content = self.description.get("requestBody").map(|body| &body["content"]);
        content.is_some_and(|content| content.get("text/csv").is_some() && content.get("application/json").is_none())
    }

    fn body(&self, ids: &Ids, in_list: bool) -> Option<Value> {
        let content = &self.description.get("requestBody")?["content"]["application/json"];
        let mut body = content.get("example").cloned().unwrap_or_else(|| json!({}));
        put_id(&mut body, &ids.record);
        // What must be one of a kind would otherwise be there the second time.
        for name in ["name", "value"] {
            if let Some(Value::String(text)) = body.get_mut(name) {
                text.push_str(if in_list { " in list " } else { " " });
                text.push_str(&ids.record);
            }
        }
        Some(body)
    }
}

fn put_id(value: &mut Value, id: &str) {
    match value {
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => id.clone_into(text),
        Value::Array(elements) => elements.iter_mut().for_each(|element| put_id(element, id)),
        Value::Object(members) => members.values_mut().for_each(|member| put_id(member, id)),
        _ => {}
    }
}

/// Ids of things of one team, or of nothing.
struct Ids {
    record: String,
    job: String,
    list: String,
    property: String,
    option: String,
    view: String,
}

impl Ids {
    /// Ids of things that this client makes.
    fn made_by(client: &Client, object_type: &str) -> Self {
        let made = |path: &str, body: Value| {
            let answer = client.send(&Request::post(client.path(path)).key(&client.key).json(body.to_string()));
            assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
            answer
        };
        let record = made(object_type, json!({"default": {"description": "secret"}})).json();
        let rows: Vec<Value> = (0..150).map(|row| json!({"default": {"description": format!("row {row}")}})).collect();
        let accepted = made("deal/import", json!({"objects": rows}));
        let job = client.finished(&accepted)["job_id"].as_str().expect("a job").to_owned();
        let list = made("lists", json!({"template_id": "sales_deals"})).json();
        let tier = json!({"name": "secret", "type": "select_str", "options": [{"value": "secret"}]});
        let property = made(&format!("{object_type}/properties"), tier).json();
        let id_of = |made: &Value| made["id"].as_str().expect("an id").to_owned();
        let option = id_of(&property["options"][0]);
        let shown = json!({"name": "secret", "view_type": "table"});
        let view = id_of(&made(&format!("{object_type}/views"), shown).json());
        Self { view, record: id_of(&record), job, list: id_of(&list), property: id_of(&property), option }
    }

    /// Ids that nobody has.
    fn of_nothing() -> Self {
        let id = |end: u8| format!("0b8f2d6e-0000-4000-8000-0000000000{end:02x}");
        Self { record: id(1), job: id(2), list: id(3), property: id(4), option: id(5), view: id(6) }
    }

    fn by_parameter(&self) -> [(&'static str, &str); 9] {
        // As a value of a text, the record's id names nobody in either team.
        let (slug, value) = ("description", &self.record);
        [
            ("record_id", &self.record),
            ("job_id", &self.job),
            ("list_id", &self.list),
            ("property_id", &self.property),
            ("option_id", &self.option),
            ("view_id", &self.view),
            ("template_id", "sales_deals"),
            ("slug", slug),
            ("value", value),
        ]
    }

    /// The answer without what the request said itself.
    fn forgotten(&self, answer: &Answer) -> String {
        let ids = [&self.record, &self.job, &self.list, &self.property, &self.option, &self.view];
        ids.iter().fold(answer.text_without_request_id(), |text, id| text.replace(id.as_str(), "ID"))
    }
}

struct World {
    server: Server,
    own: Client,
    other: Client,
}

impl World {
    fn start() -> Self {
        let server = Launch::new().start();
        let own = server.client(&server.tenant());
        let other = server.client(&server.make_tenant("other"));
        Self { server, own, other }
    }

    /// Forgets how many wrong keys came: an address may send only a hundred a minute.
    fn forgive(&mut self) {
        self.server.restart();
        self.own.address = self.server.address();
        self.other.address = self.server.address();
    }

    fn send(&self, request: &Request) -> Answer {
        exchange(self.server.address(), &request.bytes()).answer()
    }
}

#[test]
fn every_operation_refuses_every_wrong_key_in_the_same_words() {
    let mut world = World::start();
    let ids = Ids::made_by(&world.own, "deal");
    let (reader, _) = world.server.make_key(&world.own.team, &["--read-only"]);
    for (number, operation) in Operation::all(&world.own).iter().enumerate() {
        if number % 40 == 39 {
            world.forgive();
        }
        let request = operation.request(&world.own.team, "deal", &ids, false);
        let place = format!("{} {}", operation.method, operation.path);
        let without = world.send(&request);
        assert_eq!((without.status, without.code().as_deref()), (401, Some("unauthorized")), "{place}");
        let unknown = world.send(&request.clone().key(UNKNOWN_KEY));
        let others = world.send(&request.clone().key(&world.other.key));
        assert_eq!((unknown.status, unknown.code().as_deref()), (403, Some("forbidden")), "{place}");
        assert_eq!(unknown.text_without_request_id(), others.text_without_request_id(), "{place}");
        assert_eq!(others.status, 403, "{place}");
        let read_only = world.send(&request.clone().key(&reader));
        assert_eq!(read_only.status == 403, !operation.reads(), "{place}: {}", read_only.text());
    }
    let kept = world.own.record("deal", &ids.record).json();
    assert_eq!(kept["default"]["description"], "secret", "none of the refused requests did anything");
}

#[test]
fn ids_of_another_team_are_answered_like_ids_of_nothing() {
    let world = World::start();
    let nowhere = Ids::of_nothing();
    for object_type in OBJECT_TYPES {
        let elsewhere = Ids::made_by(&world.other, object_type);
        let before = world.other.record(object_type, &elsewhere.record);
        for operation in Operation::all(&world.own) {
            for in_list in [false, true] {
                let ask = |ids: &Ids| {
                    let request = operation.request(&world.own.team, object_type, ids, in_list);
                    world.send(&request.key(&world.own.key))
                };
                let (of_other, of_nobody) = (ask(&elsewhere), ask(&nowhere));
                let place = format!("{} {} of {object_type}", operation.method, operation.path);
                assert_eq!(of_other.status, of_nobody.status, "{place}: {}", of_other.text());
                assert!(of_other.status < 500, "{place}: {}", of_other.text());
                if of_other.status >= 400 {
                    assert_eq!(elsewhere.forgotten(&of_other), nowhere.forgotten(&of_nobody), "{place}");
                }
                assert!(!of_other.text().contains("secret"), "{place}: {}", of_other.text());
            }
        }
        let after = world.other.record(object_type, &elsewhere.record);
        assert_eq!((before.text(), before.header("etag")), (after.text(), after.header("etag")));
    }
}
