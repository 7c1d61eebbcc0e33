//! Queries that ask for what there is not, or for too much. (B-QRY)
//!
//! B-QRY-11, a query that takes too long, needs more records than a test should write: the stores' own tests cut one short,
//! and the surface's say how that is answered.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bodies::{body_of_rows, import_of};
use super::case::{Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::http::Answer;
use crate::support::request::Request;
use crate::support::server::Launch;

#[test]
fn query() {
    run_section(Launch::new(), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        script("B-QRY-05 at the limits", queries_at_the_limits),
        script("B-QRY-01", a_pattern_that_others_choke_on),
        Refused::with(&[400], &["regex_too_complex"], patterns_too_large).case("B-QRY-02"),
        Refused::with(&[400], &["invalid_request"], patterns_that_are_none).case("B-QRY-02 no patterns"),
        Refused::with(&[400], &["unknown_property"], slugs_of_sql).case("B-QRY-04"),
        script("B-QRY-04 values", values_of_sql),
        Refused::with(&[400], &["query_too_complex"], queries_too_complex).case("B-QRY-05"),
        Refused::with(&[400], &["too_many_values"], too_many_values).case("B-QRY-07"),
        Refused::with(&[400], &["invalid_request"], limits).case("B-QRY-08"),
        Refused::with(&[400], &["invalid_request"], pages).case("B-QRY-10"),
        Refused::with(&[400], &["invalid_request"], shapes).case("shapes"),
        script("cursors", cursors_are_of_one_query),
    ]
}

fn query_request(world: &World, body: &Value) -> Request {
    let client = world.client();
    Request::post(client.path("contact/query")).key(&client.key).json(body.to_string())
}

fn ask(world: &World, body: &Value) -> Answer {
    world.client().send(&query_request(world, body))
}

/// What a query asks for besides its empty `select`.
fn asking(fields: Value) -> Value {
    let mut query = json!({"select": []});
    if let (Some(query), Value::Object(fields)) = (query.as_object_mut(), fields) {
        query.extend(fields);
    }
    json!({ "query": query })
}

fn inputs(world: &World, bodies: impl IntoIterator<Item = Value>) -> Vec<Input> {
    let input = |body: Value| {
        let label: String = body.to_string().chars().take(80).collect();
        Input::new(label, query_request(world, &body).bytes())
    };
    bodies.into_iter().map(input).collect()
}

/// Every record is looked at, and the pattern takes time linear in the text: backtracking would take a year a record.
fn a_pattern_that_others_choke_on(world: &mut World) -> Change {
    const RECORDS: usize = 100_000;
    const TAKES_MOST: Duration = Duration::from_secs(4);
    let row = json!({"default": {"title": format!("{}b", "a".repeat(30))}}).to_string();
    let job = world.client().import_and_wait("contact", import_of(&vec![row; RECORDS]));
    assert_eq!(job["succeeded"], RECORDS);
    let started = Instant::now();
    let answer = ask(world, &asking(json!({"filter": [{"title": {"like_regex": "(a+)+$"}}]})));
    let took = started.elapsed();
    assert_eq!((answer.status, answer.json()["data"].as_array().map(Vec::len)), (200, Some(0)), "{}", answer.text());
    assert!(took < TAKES_MOST, "{took:?}");
    let found = ask(world, &asking(json!({"filter": [{"title": {"like_regex": "^(a+)+b$"}}]})));
    assert_eq!(found.json()["data"].as_array().map(Vec::len), Some(25), "{}", found.text());
    Change::records("contact", RECORDS)
}

fn patterns_too_large(world: &World) -> Vec<Input> {
    let nested = format!("(((((a{{0,255}}){0}){0}){0}){0})", "{0,255}");
    let long = format!("({})", vec![r"\w{100}"; 200].join("|"));
    inputs(world, [nested, long].map(|pattern| asking(json!({"filter": [{"title": {"like_regex": pattern}}]}))))
}

fn patterns_that_are_none(world: &World) -> Vec<Input> {
    let patterns = ["(", "[a", "a{2,1}", "*", r"\", r"(?=a)", r"(a)\1", "(?P<", "a\u{0}("];
    inputs(world, patterns.map(|pattern| asking(json!({"filter": [{"title": {"like_regex": pattern}}]}))))
}

const SQL: [&str; 7] = [
    r#"email"); DROP TABLE record; --"#,
    "email' OR '1'='1",
    "email;--",
    "(select 1)",
    "email::text",
    "body->>'email'",
    "email\u{0}x",
];

fn slugs_of_sql(world: &World) -> Vec<Input> {
    let places: [fn(&str) -> Value; 4] = [
        |slug| asking(json!({"sort": [{slug: "asc"}]})),
        |slug| asking(json!({"filter": [{slug: {"=": "x"}}]})),
        |slug| asking(json!({"select": [slug]})),
        |slug| asking(json!({"filter": [{format!("company.{slug}"): {"=": "x"}}]})),
    ];
    inputs(world, SQL.iter().flat_map(|slug| places.map(|place| place(slug))))
}

/// What a statement could run is a text like any other, with every operator.
fn values_of_sql(world: &mut World) -> Change {
    let texts = ["'; DROP TABLE record; --", "%", "_", "\\", "100%_\\'\"", "x' OR 'a'='a", "?1 $1 :name", "[a-z]*"];
    let rows = texts.map(|text| json!({"default": {"full_name": text}}).to_string());
    assert_eq!(world.client().import_and_wait("contact", import_of(&rows))["succeeded"], texts.len());
    let records = world.server.home().rows_of("record");
    for text in texts {
        for operator in ["=", "contains", "begins_with", "ends_with", "in"] {
            let value = if operator == "in" { json!([text]) } else { json!(text) };
            let body =
                json!({"query": {"select": ["full_name"], "limit": 50, "filter": [{"full_name": {operator: value}}]}});
            let answer = ask(world, &body);
            assert_eq!(answer.status, 200, "{operator} {text}: {}", answer.text());
            let found = answer.json()["data"].clone();
            let found: Vec<&Value> =
                found.as_array().unwrap().iter().map(|row| &row["properties"]["full_name"]).collect();
            let expected = texts.iter().filter(|held| match operator {
                "contains" => held.contains(text),
                "begins_with" => held.starts_with(text),
                "ends_with" => held.ends_with(text),
                _ => **held == text,
            });
            assert_eq!(found.len(), expected.count(), "{operator} {text}: {found:?}");
        }
    }
    assert_eq!(world.server.home().rows_of("record"), records, "the table is still there");
    Change::records("contact", texts.len())
}

const SORTABLE: [&str; 9] =
    ["email", "full_name", "first_name", "last_name", "title", "phone", "city", "country", "linkedin"];

fn sorts(count: usize) -> Value {
    asking(json!({"sort": SORTABLE[..count].iter().map(|slug| json!({*slug: "asc"})).collect::<Vec<_>>()}))
}

fn filters(count: usize) -> Value {
    asking(json!({"filter": vec![json!({"email": {"=": "x"}}); count]}))
}

fn queries_too_complex(world: &World) -> Vec<Input> {
    let deep = "actions.people.companies.labels.x.y";
    let bodies = [
        sorts(9),
        filters(51),
        asking(json!({"filter": [{deep: {"=": "x"}}]})),
        asking(json!({"sort": [{deep: "asc"}]})),
        asking(json!({"select": [deep]})),
    ];
    inputs(world, bodies)
}

fn queries_at_the_limits(world: &mut World) -> Change {
    let values: Vec<String> = (0..1_000).map(|number| format!("v{number}")).collect();
    let bodies = [
        sorts(8),
        filters(50),
        asking(json!({"select": ["actions.people.actions.people.full_name"]})),
        asking(json!({"filter": [{"actions.people.actions.people.full_name": {"=": "x"}}]})),
        asking(json!({"filter": [{"email": {"in": values}}]})),
        asking(json!({"limit": 50})),
        asking(json!({"page": 1_000_000})),
    ];
    for body in bodies {
        let answer = ask(world, &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
    Change::nothing()
}

fn too_many_values(world: &World) -> Vec<Input> {
    let values = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let bodies = [
        asking(json!({"filter": [{"email": {"in": values(1_001)}}]})),
        asking(json!({"filter": [{"email": {"in": values(100_000)}}]})),
        asking(json!({"filter": [{"email": {"not_in": values(1_001)}}]})),
    ];
    inputs(world, bodies)
}

fn limits(world: &World) -> Vec<Input> {
    let wrong = [json!(0), json!(-1), json!(51), json!(1_000_000_000), json!("x"), json!(1.5), json!([1]), json!(true)];
    inputs(world, wrong.map(|limit| asking(json!({ "limit": limit }))))
}

fn pages(world: &World) -> Vec<Input> {
    let wrong = [json!(0), json!(-1), json!(1_000_000_000_000_u64), json!(1_000_001), json!("x"), json!(1.5)];
    inputs(world, wrong.map(|page| asking(json!({ "page": page }))))
}

fn shapes(world: &World) -> Vec<Input> {
    let bodies = [
        json!({}),
        json!({"query": null}),
        json!({"query": []}),
        json!({"query": {"filter": []}}),
        json!({"query": {"select": {}}}),
        json!({"query": {"select": [1]}}),
        asking(json!({"filter": {}})),
        asking(json!({"filter": ["email"]})),
        asking(json!({"filter": [{"email": "x"}]})),
        asking(json!({"filter": [{"email": {"==": "x"}}]})),
        asking(json!({"filter": [{"email": {"between": ["a"]}}]})),
        asking(json!({"filter": [{"email": {"in": "x"}}]})),
        asking(json!({"filter": [{"first_interaction_date": {"<": "soon"}}]})),
        asking(json!({"combinator": "xor"})),
        asking(json!({"sort": [{"email": "up"}]})),
        asking(json!({"sort": [{"department": "asc"}]})),
        asking(json!({"list_id": "x"})),
        asking(json!({"list_id": "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"})),
        json!({"query": {"select": []}, "id": 1}),
        json!({"query": {"select": []}, "id": ["x"]}),
        json!({"query": {"select": []}, "deleted": "perhaps"}),
        json!({"query": {"select": []}, "cursor": 1}),
        json!({"query": {"select": []}, "cursor": "AAAA"}),
        json!({"query": {"select": []}, "cursor": "' OR 1=1"}),
    ];
    inputs(world, bodies)
}

/// A cursor of one team, type and query is refused everywhere else, with the same words as one that was made up.
fn cursors_are_of_one_query(world: &mut World) -> Change {
    const RECORDS: usize = 60;
    assert_eq!(world.client().import("contact", body_of_rows(RECORDS)).status, 200);
    let first = ask(world, &json!({"query": {"select": [], "limit": 2}}));
    let cursor = first.json()["next_cursor"].as_str().expect("more pages").to_owned();
    let body = json!({"query": {"select": []}, "cursor": cursor});
    assert_eq!(ask(world, &body).json()["data"].as_array().map(Vec::len), Some(2), "the limit is the cursor's");
    let (own, other) = (world.client(), world.other_client());
    let post = |client: &crate::support::client::Client, path: &str, body: &Value| {
        client.send(&Request::post(client.path(path)).key(&client.key).json(body.to_string()))
    };
    let mut forged = cursor.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = json!({"query": {"select": []}, "cursor": String::from_utf8_lossy(&forged)});
    let sorted = json!({"query": {"select": [], "sort": [{"email": "asc"}]}, "cursor": cursor});
    let refusals = [
        post(&other, "contact/query", &body),
        post(&own, "deal/query", &body),
        post(&own, "contact/query", &forged),
        post(&own, "contact/query", &sorted),
        own.get(&own.path(&format!("contact?deleted=true&cursor={cursor}"))),
    ];
    for refusal in &refusals {
        assert_eq!((refusal.status, refusal.code().as_deref()), (400, Some("invalid_request")), "{}", refusal.text());
    }
    Change::records("contact", RECORDS)
}
