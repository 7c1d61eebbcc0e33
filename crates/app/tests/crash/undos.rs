//! Kills while imports are taken back.
//!
//! Imports that make and change records, make options and fill a list are carried out, another client edits some of what they
//! wrote, and then they are undone, by servers that are killed one after the other. In the end everything is as it was before
//! the imports, but for what was edited: that is as the other client left it, and named in the results.

use std::collections::BTreeSet;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::bodies;
use crate::jobs::{kill_until_complete, running_jobs};
use crate::seed;
use crate::state::State;
use crate::state_of::state_of;
use crate::support::client::Client;
use crate::support::home::Home;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::support::watching::{assert_law, number};
use crate::undisturbed::{admit, all_results, first_difference, make_list, stop};
use crate::undone::{assert_taken_back, plain};
use crate::watch::{Progress, Watched};

/// Rows of the largest import.
const ROWS: usize = 3_000;
/// Records that the other client edits, of each import.
const EDITS: usize = 40;

#[test]
fn undone_imports_leave_what_was_there_before_and_what_was_edited_since() {
    let mut chance = seed::chance("undos");
    let wanted = seed::kills().div_ceil(3);
    let mut kills = 0;
    while kills < wanted {
        let killed = round(&mut chance);
        assert!(killed > 0, "a round in which nothing is killed shows nothing");
        kills += killed;
        println!("undos: {kills} of {wanted} kills");
    }
}

/// What is to be undone, and what it is compared with.
struct Story {
    /// With undos that wait.
    home: Home,
    imports: Vec<Imported>,
    undos: Vec<Watched>,
    before: State,
    edited: State,
    /// Ids of the records that the other client wrote.
    edits: BTreeSet<String>,
}

/// An import that has ended.
struct Imported {
    object_type: &'static str,
    job: Watched,
    results: Vec<Value>,
}

fn round(chance: &mut StdRng) -> u32 {
    let story = Story::make(chance);
    let (undisturbed, undisturbed_results) = {
        let mut server = running_jobs().start_in(story.home.copy());
        for undo in &story.undos {
            undo.client(server.address()).wait_for_job(&undo.location);
        }
        let results = all_results(&server, &story.undos);
        stop(&mut server);
        (state_of(server.home()), results)
    };

    let Story { home, imports, undos, before, edited, edits } = story;
    let mut victim = running_jobs().start_in(home);
    let kills = kill_until_complete(&mut victim, &undos, &mut Progress::default(), chance);
    for (import, undo) in imports.iter().zip(&undos) {
        let undone = undo.client(victim.address()).wait_for_job(&undo.location);
        assert_accounted(import, &undone, &edits);
    }
    for (ours, theirs) in all_results(&victim, &undos).iter().zip(&undisturbed_results) {
        assert!(ours == theirs, "{}", first_difference(ours, theirs));
    }
    stop(&mut victim);
    let after = state_of(victim.home());
    after.assert_same_as(&undisturbed, "a killed undo");
    assert_taken_back(&before, &edited, &after, &edits);
    kills
}

impl Story {
    fn make(chance: &mut StdRng) -> Self {
        let mut server = running_jobs().start_in(Home::empty());
        let (first, second) = (server.tenant(), server.make_tenant("second"));
        let list_id = make_list(&server.client(&first));
        for tenant in [&first, &second] {
            server.client(tenant).import_and_wait("contact", people(ROWS / 4));
        }
        let organizations = bodies::organizations(chance, ROWS / 4, &list_id);
        server.client(&first).import_and_wait("organization", organizations);
        stop(&mut server);
        let before = state_of(server.home());

        server.restart();
        let admitted = [
            (&first, "contact", bodies::contacts(chance, ROWS)),
            (&first, "organization", bodies::organizations(chance, ROWS / 2, &list_id)),
            (&second, "contact", bodies::contacts_with_ids(chance, ROWS / 2)),
        ]
        .map(|(tenant, object_type, body)| (object_type, admit(&server, tenant, object_type, &body)));
        let jobs = admitted.each_ref().map(|(_, job)| job.clone());
        // What an undo goes by must come through kills of the import, too.
        kill_until_complete(&mut server, &jobs, &mut Progress::default(), chance);
        let imports: Vec<Imported> =
            admitted.into_iter().map(|(object_type, job)| Imported::of(&server, object_type, job)).collect();
        let mut edits = BTreeSet::new();
        for import in &imports {
            edit_some(&import.job.client(server.address()), import, &list_id, &mut edits, chance);
        }
        stop(&mut server);
        let edited = state_of(server.home());

        server.restart_as(Launch::new().with("REFRACT_RUN_JOBS", "false"));
        let undos = imports.iter().map(|import| undo_of(&server, &import.job)).collect();
        stop(&mut server);
        Self { home: server.home().copy(), imports, undos, before, edited, edits }
    }
}

impl Imported {
    fn of(server: &Server, object_type: &'static str, job: Watched) -> Self {
        let mut ended = job.client(server.address()).wait_for_job(&job.location);
        assert_law(&ended);
        let Value::Array(results) = ended["results"].take() else { panic!("an ended job has results") };
        let wrote = |name: &str| results.iter().any(|result| result[name] == true);
        assert!(wrote("created") && wrote("existing"), "it made records and met some");
        Self { object_type, job, results }
    }

    /// The records that it made or changed.
    fn written(&self) -> BTreeSet<String> {
        let wrote = |result: &&Value| result["created"] == true || result["updated"] == true;
        self.results.iter().filter(wrote).map(|result| id_of(result).expect("what was written has an id")).collect()
    }
}

/// Contacts that are there before, some of whom the imports name.
fn people(rows: usize) -> String {
    let person = |number: usize| {
        let email = format!("person{}@example.org", number * 2);
        json!({"default": {"email": email, "full_name": format!("Before {number}"), "tags": ["Everyone"]}})
    };
    let objects: Vec<Value> = (0..rows).map(person).collect();
    json!({"objects": objects, "options": {"dedupe_by": "email", "create_missing_options": true}}).to_string()
}

fn id_of(result: &Value) -> Option<String> {
    result["id"].as_str().map(plain)
}

fn undo_of(server: &Server, job: &Watched) -> Watched {
    let client = job.client(server.address());
    let answer = client.send(&Request::post(format!("{}/undo", job.location)).key(&client.key));
    assert_eq!(answer.status, 202, "{}", answer.text());
    Watched { location: answer.header("location").expect("where it is found").to_owned(), ..job.clone() }
}

/// Another client changes, hides, and brings back some of the records that the import names.
fn edit_some(client: &Client, import: &Imported, list_id: &str, edits: &mut BTreeSet<String>, chance: &mut StdRng) {
    let mut ids: Vec<&str> = import.results.iter().filter_map(|result| result["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.shuffle(chance);
    for (place, id) in ids.into_iter().take(EDITS).enumerate() {
        edit(client, import.object_type, id, list_id, place, chance);
        edits.insert(plain(id));
    }
}

fn edit(client: &Client, object_type: &str, id: &str, list_id: &str, place: usize, chance: &mut StdRng) {
    let record = client.path(&format!("{object_type}/{id}"));
    let send = |request: Request, wanted: u16| {
        let answer = client.send(&request.key(&client.key));
        assert_eq!(answer.status, wanted, "{}", answer.text());
    };
    let patch = |path: &str, body: Value| send(Request::new("PATCH", path).json(body.to_string()), 200);
    match chance.random_range(0..4) {
        0 => patch(&record, json!({"default": {"city": format!("Edited {place}")}})),
        1 => send(Request::new("DELETE", &record), 204),
        2 => {
            send(Request::new("DELETE", &record), 204);
            send(Request::post(format!("{record}/restore")), 200);
        }
        _ if object_type == "organization" => {
            patch(&format!("{record}?list_id={list_id}"), json!({"list": {"app_stage": "Ended"}}));
        }
        _ => patch(&record, json!({"default": {"email": format!("edited{place}@example.net")}})),
    }
}

/// Every row has its outcome, and those whose record was edited name it.
fn assert_accounted(import: &Imported, undo: &Value, edits: &BTreeSet<String>) {
    assert_law(undo);
    let results = undo["results"].as_array().expect("results");
    assert_eq!((number(undo, "total"), results.len()), (import.results.len() as u64, import.results.len()));
    let count = |word: &str| results.iter().filter(|result| result["outcome"] == word).count() as u64;
    assert_eq!(
        (number(undo, "updated"), number(undo, "unchanged"), number(undo, "failed")),
        (count("removed") + count("restored"), count("unchanged"), count("failed")),
        "counters say what results say"
    );
    assert_eq!((number(undo, "created"), number(undo, "existing")), (0, 0), "an undo makes nothing");
    let mut named = BTreeSet::new();
    for (row, (undone, imported)) in results.iter().zip(&import.results).enumerate() {
        assert_eq!(undone["input_index"], row as u64);
        if undone["outcome"] != "failed" {
            continue;
        }
        assert_eq!(undone["error"]["code"], "edited_since", "{undone}");
        let id = imported["id"].as_str().unwrap_or_else(|| panic!("row {row} wrote nothing: {undone}"));
        let message = undone["error"]["message"].as_str().expect("a message");
        assert!(message.contains(id), "{message} does not name {id}");
        named.insert(plain(id));
    }
    let wanted: BTreeSet<String> = import.written().intersection(edits).cloned().collect();
    assert_eq!(named, wanted, "the records that were edited since, and no others, are named");
    assert!(!named.is_empty() && count("removed") > 0, "something was edited, something removed");
}
