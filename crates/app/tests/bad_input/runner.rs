//! Runs the cases of a section against one server and checks after each of them that nothing else happened.
//!
//! After every case: health answers, the counts are as they must be, another team imports as ever, the log has its lines
//! and no secret, error bodies have their shape. After the section: memory and open files are back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bodies::{body_of_rows, good_body, good_row, import_of};
use super::case::{Act, Case, Change, Input, Refused, Row, World, bad_rows, good_rows, script};
use super::checks::{check_error_body, check_logged, check_nothing_leaked};
use crate::support::home::is_on_postgres;
use crate::support::http::{PATIENCE, Reply, Wire, exchange};
use crate::support::inspect::{Footprint, Usage, usage};
use crate::support::request::Request;
use crate::support::server::Launch;

/// How much more memory and how many more files a server may hold after a section than before it.
const RESIDENT_BYTES_MORE_MAX: u64 = 64 << 20;
const OPEN_FILES_MORE_MAX: usize = 4;
/// Connections to a database are kept, up to `database_connections_max`.
const CONNECTIONS_KEPT_MAX: usize = 16;
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// Runs all cases; fails once, at the end, with everything that was wrong.
pub(crate) fn run_section(launch: Launch, cases: &[Case]) {
    let faults = faults_of_section(launch, cases);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn faults_of_section(launch: Launch, cases: &[Case]) -> Vec<String> {
    let mut world = World::start(with_memory_measurable(launch));
    warm_up(&world);
    let baseline = usage(&world.server);
    let mut faults = Vec::new();
    for case in cases {
        let started = Instant::now();
        // A failed assertion of a script is a fault of its case and no more.
        let ran = catch_unwind(AssertUnwindSafe(|| run_case(&mut world, case)));
        let found = ran.unwrap_or_else(|panic| vec![words_of(&*panic)]);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", case.id)));
        eprintln!("{} {} ms", case.id, started.elapsed().as_millis());
    }
    faults.extend(baseline.and_then(|baseline| unsettled(&world, baseline)));
    faults
}

/// What a server holds should be what it needs. The store fills its cache as it goes, which is no leak: a small one is soon
/// full. And pages of two megabytes would make every byte that the allocator keeps count as a whole one of them.
pub(crate) fn with_memory_measurable(launch: Launch) -> Launch {
    launch.with("REFRACT_STORE_CACHE_BYTES", "4MiB")
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// Memory that is touched once in a server's life must not count as a case's.
fn warm_up(world: &World) {
    for client in [world.client(), world.other_client()] {
        assert_eq!(client.import("contact", body_of_rows(50)).status, 200);
        client.import_and_wait("contact", body_of_rows(300));
    }
}

fn run_case(world: &mut World, case: &Case) -> Vec<String> {
    let tenants = [world.own.clone(), world.other.clone()];
    let before = Footprint::of(&world.server, &tenants);
    let mark = world.server.log().mark();
    let mut faults = Vec::new();
    let change = match &case.act {
        Act::Refused(refused) => run_refused(world, refused, mark, &mut faults),
        Act::BadRows { object_type, rows, code } => run_rows(world, object_type, &rows(), Some(code), &mut faults),
        Act::GoodRows { object_type, rows } => run_rows(world, object_type, &rows(), None, &mut faults),
        Act::Script(act) => act(world),
    };
    check_health(world, &mut faults);
    let difference = settled_difference(world, &before, &change);
    faults.extend(difference);
    let good = world.other_client().import("contact", body_of_rows(10));
    if good.status != 200 || good.json()["succeeded"] != 10 {
        faults.push(format!("another team's import is answered {}: {}", good.status, good.text()));
    }
    faults.extend(check_nothing_leaked(world, mark).err());
    faults
}

fn run_refused(world: &World, refused: &Refused, mark: usize, faults: &mut Vec<String>) -> Change {
    for input in (refused.inputs)(world) {
        let reply = if input.ends {
            let mut wire = Wire::open(world.server.address());
            let _ = wire.send(&input.bytes);
            wire.end_sending();
            wire.receive(PATIENCE)
        } else {
            exchange(world.server.address(), &input.bytes)
        };
        if let Err(fault) = check_refusal(world, refused, &reply, &input.bytes, mark) {
            faults.push(format!("[{}] {fault}", input.label));
        }
    }
    Change::nothing()
}

fn check_refusal(world: &World, refused: &Refused, reply: &Reply, sent: &[u8], mark: usize) -> Result<(), String> {
    let answer = match reply {
        Reply::Answer(answer) => answer,
        Reply::Closed(bytes) if refused.or_closed && bytes.is_empty() => return Ok(()),
        Reply::Closed(bytes) => return Err(format!("closed after {:?}", String::from_utf8_lossy(bytes))),
        Reply::Silence(_) => return Err("no answer in time".to_owned()),
    };
    let seen = || format!("seen {} {}", answer.status, answer.text().chars().take(400).collect::<String>());
    if !refused.statuses.contains(&answer.status) {
        return Err(format!("expected {:?}, {}", refused.statuses, seen()));
    }
    if let Some(code) = answer.code()
        && !refused.codes.contains(&code.as_str())
    {
        return Err(format!("expected {:?}, {}", refused.codes, seen()));
    }
    if let Some(name) = refused.with_header
        && answer.header(name).is_none()
    {
        return Err(format!("expected the header {name}, {}", seen()));
    }
    if let Some(text) = refused.saying
        && !answer.text().contains(text)
    {
        return Err(format!("expected {text:?} in it, {}", seen()));
    }
    if !answer.interim.is_empty() {
        return Err(format!("interim answers {:?} before a refusal", answer.interim));
    }
    check_error_body(world, answer, sent)?;
    check_logged(world, mark, answer)
}

/// Sends the rows with a good row before, between and after them.
fn run_rows(
    world: &World,
    object_type: &'static str,
    rows: &[Row],
    code: Option<&str>,
    faults: &mut Vec<String>,
) -> Change {
    let mut all = vec![good_row(object_type)];
    for row in rows {
        all.extend([row.raw.clone(), good_row(object_type)]);
    }
    let job = world.client().import_and_wait(object_type, import_of(&all));
    let results = job["results"].as_array().cloned().unwrap_or_default();
    if results.len() != all.len() || job["status"] != "complete" || job["total"] != all.len() {
        faults.push(format!("{} rows came back as {} results: {job}", all.len(), results.len()));
        return Change::no_records();
    }
    let mut succeeded = 0;
    for (index, result) in results.iter().enumerate() {
        succeeded += usize::from(result["created"] == true);
        let row = index.checked_sub(1).filter(|place| place % 2 == 0).and_then(|place| rows.get(place / 2));
        let expected = row.and(code);
        if let Err(fault) = check_result(result, index, expected) {
            faults.push(format!("[{}] {fault}", row.map_or("a good row", |row| &row.label)));
        }
    }
    if job["succeeded"] != succeeded || job["failed"] != results.len() - succeeded {
        faults.push(format!("the job's counters do not fit its results: {job}"));
    }
    Change::records(object_type, succeeded)
}

fn check_result(result: &Value, index: usize, expected: Option<&str>) -> Result<(), String> {
    if result["input_index"] != index {
        return Err(format!("expected index {index}: {result}"));
    }
    match expected {
        None if result["created"] == true && result["id"].is_string() && result.get("error").is_none() => Ok(()),
        None => Err(format!("expected a new record: {result}")),
        Some(code) if result["error"]["code"] != code => Err(format!("expected {code}: {result}")),
        Some(_) if result["id"].is_null() && result["created"] == false => {
            let message = result["error"]["message"].as_str().unwrap_or_default();
            let is_fine = !message.is_empty() && message.len() < 1_000;
            if is_fine { Ok(()) } else { Err(format!("a message of {} bytes: {result}", message.len())) }
        }
        Some(_) => Err(format!("a failed row with a record: {result}")),
    }
}

fn check_health(world: &World, faults: &mut Vec<String>) {
    let started = Instant::now();
    for path in ["/healthz", "/readyz"] {
        let reply = Wire::open(world.server.address()).exchange(&Request::get(path).bytes(), Duration::from_secs(10));
        match reply {
            Reply::Answer(answer) if answer.status == 200 => {}
            other => faults.push(format!("{path} is answered {other:?}")),
        }
    }
    // A second is the rule; what a busy machine adds is not the server's.
    let took = started.elapsed();
    if took > Duration::from_secs(5) {
        faults.push(format!("health took {took:?}"));
    }
}

/// What differs from what should be there. An upload that was cut off is swept a moment later, so it is looked at again.
fn settled_difference(world: &World, before: &Footprint, change: &Change) -> Option<String> {
    let tenants = [world.own.clone(), world.other.clone()];
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let after = Footprint::of(&world.server, &tenants);
        let difference = difference(before, &after, change, &world.own.team);
        if difference.is_none() || Instant::now() >= deadline {
            return difference;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn difference(before: &Footprint, after: &Footprint, change: &Change, own_team: &str) -> Option<String> {
    for ((team, object_type), count) in &before.records {
        let more = if team == own_team { change.own_records.get(object_type).copied().unwrap_or(0) } else { 0 };
        let found = after.records.get(&(team.clone(), *object_type)).copied().unwrap_or(0);
        if found != count + more {
            return Some(format!("{object_type} of team {team}: {found} records, expected {count} + {more}"));
        }
    }
    if !change.more && before.tables != after.tables {
        return Some(format!("tables changed from {:?} to {:?}", before.tables, after.tables));
    }
    (after.staged > before.staged)
        .then(|| format!("{} imports with staged rows, {} before", after.staged, before.staged))
}

fn unsettled(world: &World, baseline: Usage) -> Option<String> {
    let deadline = Instant::now() + SETTLES_WITHIN;
    let connections = if is_on_postgres() { CONNECTIONS_KEPT_MAX } else { 0 };
    loop {
        let now = usage(&world.server)?;
        let is_back = now.resident_bytes <= baseline.resident_bytes + RESIDENT_BYTES_MORE_MAX
            && now.open_files <= baseline.open_files + OPEN_FILES_MORE_MAX + connections;
        if is_back {
            eprintln!("after the section {now:?}, before it {baseline:?}");
            return None;
        }
        if Instant::now() >= deadline {
            return Some(format!("after the section {now:?}, before it {baseline:?}"));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// A runner that finds nothing would let everything pass.
#[test]
fn what_is_wrong_is_found() {
    let good = |world: &World| vec![Input::new("good", world.client().import_request("contact", good_body()).bytes())];
    let cases = [
        Refused::with(&[400], &["invalid_json"], good).case("taken, not refused"),
        Refused::with(&[200], &[], good).case("a record too many"),
        Refused::with(&[401], &["forbidden"], |_| vec![Input::new("", Request::get("/v2/prism/x/y").bytes())])
            .case("another code"),
        bad_rows("a good row among bad ones", "contact", "invalid_row", || vec![Row::of("{}")]),
        bad_rows("a row with another fault", "contact", "invalid_value", || vec![Row::of("1")]),
        good_rows("a bad row among good ones", "contact", || vec![Row::of("1")]),
        script("a record too few", |_| Change::records("contact", 1)),
        script("an assertion", |_| panic!("on purpose")),
        script("another team's record", |world| {
            world.other_client().import("deal", import_of(&[good_row("deal")]));
            Change::nothing()
        }),
        script("a secret in the log", |world| {
            world.secrets.push("/v2/prism/{team_id}/{object_type}/count".to_owned());
            Change::nothing()
        }),
    ];
    let faults = faults_of_section(Launch::new(), &cases);
    for case in &cases {
        assert!(faults.iter().any(|fault| fault.starts_with(case.id)), "{} is not found in {faults:#?}", case.id);
    }
}
