//! Measures queries on the embedded store alone: makes contacts in a directory unless they are there, then asks each
//! question some times and prints how long the answers took.
//!
//! `query_rate DIRECTORY [CONTACTS]`

// What is measured is printed for whoever ran the example; what fails ends it.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use refract_domain::ids::ApiKeyId;
use refract_domain::object_type::ObjectType::Contact;
use refract_domain::property::PropertyType::{Str, Text};
use refract_domain::query::{Filter, Operand, Pattern, RecordQuery, Start, Test};
use refract_store::conformance::fixture::{World, by, by_property, every, property, row, those};
use refract_store::{Access, Caller, SharedStore};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use serde_json::json;

const BATCH: usize = 20_000;

async fn fill(store: &SharedStore, contacts: usize) -> World {
    let made = store.teams().await.expect("teams");
    if let Some(team) = made.first() {
        let key_id = ApiKeyId::from_bytes([0; 16]);
        let caller = Caller { team_id: team.id, key_id, access: Access::Write };
        return World { store: Arc::clone(store), caller, clock: Arc::default(), ids: Arc::default() };
    }
    let world = World::in_store(Arc::clone(store)).await;
    for first in (0..contacts).step_by(BATCH) {
        let contact = |number: usize| {
            row(json!({
                "email": format!("person.{number:08}@company-{}.example", number % 9_973),
                "full_name": format!("Person Number {}", number.wrapping_mul(0x9e37_79b9) % 1_000_003),
                "title": format!("Senior Account Manager {}", number % 17),
                "city": "Rotterdam",
                "country": "Netherlands",
                "phone": format!("+31 20 {:07}", number % 10_000_000),
                "organization": format!("Company {}", number % 9_973),
                "description": format!("Met at the spring fair, row {number}, wants a call back in {} days", number % 90),
            }))
        };
        let rows: Vec<_> = (first..contacts.min(first + BATCH)).map(contact).collect();
        world.inline(Contact, &by("email"), &rows).await;
        world.tick();
    }
    world
}

/// What to ask on the n-th turn.
type Question = Arc<dyn Fn(usize) -> RecordQuery + Send + Sync>;

/// Each with its name, and how often to ask it.
fn questions(contacts: usize) -> Vec<(&'static str, usize, Question)> {
    let is = |slug: &'static str, value: String| Filter::Where(property(slug, Str), Test::Is(Operand::Text(value)));
    let email = move |turn: usize| {
        let number = turn.wrapping_mul(7_919) % contacts;
        is("email", format!("person.{number:08}@company-{}.example", number % 9_973))
    };
    let company = move |turn: usize| is("organization", format!("Company {}", turn.wrapping_mul(31) % 9_973));
    let total = |query: RecordQuery| RecordQuery { count_total: true, ..query };
    let sorted = |descending| RecordQuery { sort: vec![by_property("full_name", Str, descending)], ..every(Contact) };
    let description = |test| those(Contact, Filter::Where(property("description", Text), test));
    vec![
        ("first page, no filter", 2_000, Arc::new(|_| every(Contact))),
        ("page 1,000 by offset", 50, Arc::new(|_| RecordQuery { start: Start::Offset(50_000), ..every(Contact) })),
        ("= on a property with keys (1 record)", 2_000, Arc::new(move |turn| those(Contact, email(turn)))),
        (
            "= on a property with keys (all records)",
            2_000,
            Arc::new(move |_| those(Contact, is("city", "Rotterdam".into()))),
        ),
        ("the same (1 record), with the total", 2_000, Arc::new(move |turn| total(those(Contact, email(turn))))),
        ("= on a property without (100 records)", 5, Arc::new(move |turn| those(Contact, company(turn)))),
        ("= on a property without (none)", 5, Arc::new(move |turn| those(Contact, is("phone", format!("{turn}"))))),
        ("contains (none)", 5, Arc::new(move |_| description(Test::Contains("no such thing".into())))),
        ("contains (a ninetieth)", 50, Arc::new(move |_| description(Test::Contains("in 7 days".into())))),
        (
            "regular expression (none)",
            5,
            Arc::new(move |_| description(Test::Matches(Pattern::parse("row [0-9]+ not").expect("a pattern")))),
        ),
        ("sort by a text, descending", 5, Arc::new(move |_| sorted(true))),
        ("total, no filter", 2_000, Arc::new(move |_| total(every(Contact)))),
        ("total of a filter (all)", 5, Arc::new(move |_| total(those(Contact, is("country", "Netherlands".into()))))),
    ]
}

async fn ask(name: &str, world: &World, times: usize, callers: usize, question: Question) {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let (world, question) = (world.clone(), Arc::clone(&question));
        tasks.push(tokio::spawn(async move {
            let mut took = Vec::new();
            for turn in (caller..times).step_by(callers) {
                let asked = Instant::now();
                if let Err(error) = world.store.query_records(&world.caller, &question(turn)).await {
                    println!("{error}");
                }
                took.push(asked.elapsed());
            }
            took
        }));
    }
    let mut took: Vec<Duration> = Vec::new();
    for task in tasks {
        took.extend(task.await.expect("answers"));
    }
    took.sort_unstable();
    let millis = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    println!("{name:42} x{callers:<2} p50 {:9.3} ms  p99 {:9.3} ms  {rate:9.1}/s", millis(50), millis(99));
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory");
    let contacts = arguments.next().map_or(1_000_000, |text| text.parse().expect("a number"));
    let settings = SqliteSettings { query_within: Duration::from_secs(60), ..SqliteSettings::default() };
    let store: SharedStore = Arc::new(SqliteStore::open(directory.as_ref(), &settings).expect("a store"));
    let begun = Instant::now();
    let world = fill(&store, contacts).await;
    world.make_keyed(Contact, "city").await;
    println!("{} contacts, filled in {:?}", world.count(Contact).await, begun.elapsed());
    for (name, times, question) in questions(contacts) {
        ask(name, &world, times.min(200), 1, Arc::clone(&question)).await;
        if times > 100 {
            ask(name, &world, times * 4, 16, question).await;
        }
    }
}
