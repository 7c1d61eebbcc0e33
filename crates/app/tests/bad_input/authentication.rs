//! Keys and teams. (B-AUTH)
//!
//! B-AUTH-13 is shown by structure in the engine's tests (`accounts.rs`); docs/testing.md says why not by a clock. B-AUTH-23 is B-AUTH-11 ten thousand times.

use std::thread;
use std::time::{Duration, Instant};

use super::bodies::{body_of_rows, good_body};
use super::case::{Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::http::{Answer, exchange};
use crate::support::request::Request;
use crate::support::server::{Launch, Tenant};

/// Well-formed: its checksum is right.
const UNKNOWN_KEY: &str = "rk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2unipg";

#[test]
fn authentication() {
    run_section(Launch::new().with("REFRACT_JOB_RETENTION", "2s"), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        Refused::with(&[401], &["unauthorized"], no_key).case("B-AUTH-01"),
        Refused::with(&[401], &["unauthorized"], blank_keys).case("B-AUTH-02"),
        script("B-AUTH-04", keys_in_the_wrong_place),
        Refused::with(&[403], &["forbidden"], unknown_keys).case("B-AUTH-05"),
        script("B-AUTH-07", revoked_key),
        script("B-AUTH-08 and 10", paths_of_other_teams),
        script("B-AUTH-11", jobs_of_other_teams),
        script("B-AUTH-17", read_only_key),
        script("B-AUTH-20 unauthorized", key_of_a_refused_call_is_free),
        script("B-AUTH-22", expired_jobs),
        // The last: no wrong key after it would be answered 403.
        script("B-AUTH-14", many_wrong_keys),
    ]
}

/// Only the head is sent: an answer shows that nobody waited for the body.
fn no_key(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).without_header("x-api-key");
    let long = request.clone().body("").unframed().header("Content-Length", "1000000");
    vec![
        Input::new("with its body", request.bytes()),
        Input::new("before its body", long.head()),
        Input::new("of no known path", Request::get("/v2/prism/x/y/z").bytes()),
    ]
}

fn blank_keys(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).without_header("x-api-key");
    let with = |key: &str| Input::new(format!("{key:?}"), request.clone().header("x-api-key", key).bytes());
    let mut inputs: Vec<Input> = ["", " ", "\t \t"].iter().map(|key| with(key)).collect();
    let twice = request.header("x-api-key", &world.own.key).header("x-api-key", &world.other.key);
    inputs.push(Input::new("two keys", twice.bytes()));
    inputs
}

fn keys_in_the_wrong_place(world: &mut World) -> Change {
    let client = world.client();
    let request = client.import_request("contact", good_body()).without_header("x-api-key");
    let query = format!("{}?api_key={key}&x-api-key={key}", client.path("contact/import"), key = client.key);
    let attempts = [
        request.clone().target(query),
        request.clone().header("Authorization", format!("Bearer {}", client.key)),
        request.clone().header("Cookie", format!("x-api-key={}", client.key)),
        request.header("x-api-keys", &client.key),
    ];
    for attempt in attempts {
        // That the log repeats no key, not even out of the query, is checked after every case.
        let answer = client.send(&attempt);
        assert_eq!((answer.status, answer.code().as_deref()), (401, Some("unauthorized")), "{}", answer.text());
    }
    Change::nothing()
}

fn unknown_keys(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).without_header("x-api-key");
    let own = &world.own.key;
    let keys = [
        UNKNOWN_KEY.to_owned(),
        own.to_uppercase(),
        own[..own.len() - 1].to_owned(),
        format!("{own}x"),
        "é".to_owned(),
        "' OR 1=1 --".to_owned(),
        "k".repeat(8_000),
    ];
    keys.iter()
        .map(|key| Input::new(&key[..key.len().min(20)], request.clone().header("x-api-key", key).bytes()))
        .collect()
}

fn revoked_key(world: &mut World) -> Change {
    let (key, id) = world.server.make_key(&world.own.team, &[]);
    world.secrets.push(key.clone());
    let client = world.server.client(&Tenant { key, ..world.own.clone() });
    assert_eq!(client.import("contact", good_body()).status, 200);
    world.server.command(&["keys", "revoke", &id]);
    let revoked = Instant::now();
    let path = client.path("contact/count");
    let mut answer = client.get(&path);
    while answer.status == 200 {
        // Five seconds are the rule.
        assert!(revoked.elapsed() < Duration::from_secs(8), "a revoked key still works");
        thread::sleep(Duration::from_millis(100));
        answer = client.get(&path);
    }
    assert_eq!((answer.status, answer.code().as_deref()), (403, Some("forbidden")), "{}", answer.text());
    assert_eq!(client.import("contact", good_body()).status, 403);
    assert_eq!(world.client().get(&path).status, 200, "the team's other key works on");
    Change::records("contact", 1)
}

/// All alike: another team's path, a team that nobody has, and what is no team's id.
fn paths_of_other_teams(world: &mut World) -> Change {
    let client = world.client();
    let nobodys = "5d1c7e0a-0000-4000-8000-00000000feed";
    let upper = world.other.team.to_uppercase();
    let teams = [world.other.team.as_str(), &upper, nobodys, "not-a-uuid", "0", "..%2f", "%ff"];
    let rests =
        ["contact/import", "contact/count", "properties", "lists", "imports/5d1c7e0a-0000-4000-8000-00000000feed"];
    for rest in rests {
        let answers: Vec<Answer> = teams
            .iter()
            .map(|team| {
                let target = format!("/v2/prism/{team}/{rest}");
                let is_import = rest == "contact/import";
                let request = if is_import {
                    client.import_request("contact", good_body())
                } else {
                    Request::get("").key(&client.key)
                };
                client.send(&request.target(target))
            })
            .collect();
        for (team, answer) in teams.iter().zip(&answers) {
            assert_eq!(
                (answer.status, answer.code().as_deref()),
                (403, Some("forbidden")),
                "{team} {rest}: {}",
                answer.text()
            );
            assert_eq!(answer.text_without_request_id(), answers[0].text_without_request_id(), "{team} {rest}");
        }
    }
    Change::nothing()
}

fn jobs_of_other_teams(world: &mut World) -> Change {
    let (own, other) = (world.client(), world.other_client());
    let location = other.import("engagement", body_of_rows(0)).header("location").map(str::to_owned);
    assert_eq!(location, None, "an import without rows is no job");
    let job = other.send(&other.import_request("contact", r#"{"objects":[]}"#).header("Prefer", "respond-async"));
    assert_eq!(job.status, 202, "{}", job.text());
    let id = job.json()["job_id"].as_str().expect("a job").to_owned();
    assert_eq!(other.get(&other.path(&format!("imports/{id}"))).status, 200);
    let ids = [id.as_str(), "5d1c7e0a-0000-4000-8000-00000000feed", "not-a-uuid", "%ff", &"x".repeat(1_000)];
    let answers = ids.map(|id| own.get(&own.path(&format!("imports/{id}"))));
    for (id, answer) in ids.iter().zip(&answers) {
        assert_eq!((answer.status, answer.code().as_deref()), (404, Some("not_found")), "{id}: {}", answer.text());
        assert_eq!(answer.text_without_request_id(), answers[0].text_without_request_id(), "{id}");
    }
    Change::no_records()
}

/// A thousand guesses: none gets in, soon all are told to wait, and who has a good key does not notice, even where the
/// guesses come from.
fn many_wrong_keys(world: &mut World) -> Change {
    /// What the docs say: so many within a minute.
    const REFUSED_MAX: f64 = 100.0;
    let path = world.client().path("contact/count");
    let started = Instant::now();
    let mut forbidden = 0.0;
    for guess in 0..1_000 {
        let request = Request::get(&path).key(&format!("canary-bootstrap-key-{guess:08x}"));
        let answer = exchange(world.server.address(), &request.bytes()).answer();
        match (answer.status, answer.code().as_deref()) {
            (403, Some("forbidden")) => forbidden += 1.0,
            (429, Some("rate_limited")) => {
                let wait: u64 = answer.header("retry-after").and_then(|text| text.parse().ok()).expect("whole seconds");
                assert!((1..=60).contains(&wait), "a wait of {wait} s");
            }
            _ => panic!("guess {guess}: {}", answer.text()),
        }
        if guess % 100 == 99 {
            assert_eq!(world.client().get(&path).status, 200, "after {guess} guesses");
        }
    }
    // A minute may end between two guesses.
    let most = REFUSED_MAX * (started.elapsed().as_secs_f64() / 60.0 + 2.0);
    assert!(forbidden <= most, "{forbidden} guesses were answered 403");
    Change::nothing()
}

fn read_only_key(world: &mut World) -> Change {
    let (key, _) = world.server.make_key(&world.own.team, &["--read-only"]);
    world.secrets.push(key.clone());
    let client = world.server.client(&Tenant { key, ..world.own.clone() });
    let id = world.client().import("contact", good_body()).json()["results"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.record("contact", &id).status, 200);
    assert_eq!(client.get(&client.path("contact/count")).status, 200);
    let record = client.path(&format!("contact/{id}"));
    let writes = [
        client.import_request("contact", good_body()),
        Request::post(client.path("contact")).key(&client.key).json(r#"{"default":{}}"#),
        Request::new("PATCH", &record).key(&client.key).json(r#"{"default":{"full_name":"x"}}"#),
        Request::new("DELETE", &record).key(&client.key),
        Request::post(client.path("lists")).key(&client.key).json(r#"{"template_id":"partnerships"}"#),
    ];
    for write in writes {
        let answer = client.send(&write);
        assert_eq!((answer.status, answer.code().as_deref()), (403, Some("forbidden")), "{}", answer.text());
    }
    Change::records("contact", 1)
}

fn key_of_a_refused_call_is_free(world: &mut World) -> Change {
    let request = world.client().import_request("contact", good_body()).header("Idempotency-Key", "refused-before");
    let refused = world.client().send(&request.clone().without_header("x-api-key"));
    assert_eq!(refused.status, 401);
    let wrong = world.client().send(&request.clone().without_header("x-api-key").key(UNKNOWN_KEY));
    assert_eq!(wrong.status, 403);
    let answer = world.client().send(&request);
    assert_eq!((answer.status, answer.header("idempotent-replay")), (200, None), "{}", answer.text());
    Change::records("contact", 1)
}

/// Jobs are kept for two seconds here.
fn expired_jobs(world: &mut World) -> Change {
    let client = world.client();
    let answer = client.import("contact", body_of_rows(150));
    let location = answer.header("location").expect("a job").to_owned();
    client.wait_for_job(&location);
    let ended = Instant::now();
    let never = client.get(&client.path("imports/5d1c7e0a-0000-4000-8000-00000000feed"));
    loop {
        let answer = client.get(&location);
        if answer.status == 404 {
            assert_eq!(answer.text_without_request_id(), never.text_without_request_id());
            break;
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(ended.elapsed() < Duration::from_secs(10), "kept for two seconds, it is still there");
        thread::sleep(Duration::from_millis(50));
    }
    Change::records("contact", 150)
}
