//! Too many requests, and too many imports. (B-AUTH-16, 20)

use std::thread;
use std::time::{Duration, Instant};

use super::bodies::{body_of_rows, good_body};
use super::case::World;
use crate::support::http::Wire;
use crate::support::request::Request;
use crate::support::server::Launch;

/// High enough for the checks after each case.
const PER_SECOND: usize = 50;

#[test]
fn rate() {
    let world = World::start(Launch::new().with("REFRACT_RATE_LIMIT_PER_SECOND", &PER_SECOND.to_string()));
    ten_times_the_rate(&world);
    key_of_a_limited_call_is_free(&world);
    assert_eq!(world.other_client().import("contact", good_body()).status, 200);
}

/// Ten times the rate for a while: what is over it is told how long to wait, and whoever waits gets through.
fn ten_times_the_rate(world: &World) {
    let client = world.client();
    let request = Request::get(client.path("contact/count")).key(&client.key).bytes();
    let mut wire = Wire::open(world.server.address());
    let started = Instant::now();
    let (mut passed, mut limited) = (0_usize, 0_usize);
    let mut wait = Duration::ZERO;
    while started.elapsed() < Duration::from_secs(3) {
        let answer = wire.exchange(&request, Duration::from_secs(10)).answer();
        match answer.status {
            200 => passed += 1,
            429 => {
                limited += 1;
                assert_eq!(answer.code().as_deref(), Some("rate_limited"));
                let seconds: u64 =
                    answer.header("retry-after").and_then(|text| text.parse().ok()).expect("whole seconds");
                assert!(seconds >= 1, "a wait of {seconds} s");
                wait = Duration::from_secs(seconds);
            }
            status => panic!("status {status}: {}", answer.text()),
        }
        thread::sleep(Duration::from_millis(1));
    }
    let took = started.elapsed().as_secs_f64();
    assert!(limited > 0, "{passed} requests in {took} s and none was too many");
    // The burst at the start, and a rate that nobody exceeds.
    let most = PER_SECOND as f64 * (took + 2.0);
    assert!((passed as f64) <= most, "{passed} passed in {took} s");
    thread::sleep(wait);
    let passed_after =
        (0..PER_SECOND / 2).filter(|_| wire.exchange(&request, Duration::from_secs(10)).answer().status == 200);
    assert_eq!(passed_after.count(), PER_SECOND / 2, "after the wait");
    assert_eq!(world.other_client().get(&world.other_client().path("contact/count")).status, 200, "another key");
}

/// B-AUTH-20.
fn key_of_a_limited_call_is_free(world: &World) {
    let client = world.client();
    let before = client_count_when_let(world);
    let request = client.import_request("contact", good_body()).header("Idempotency-Key", "limited-before");
    let filler = Request::get(client.path("contact/count")).key(&client.key).bytes();
    let mut wire = Wire::open(world.server.address());
    while wire.exchange(&filler, Duration::from_secs(10)).answer().status != 429 {}
    let mut refused = 0;
    let answer = loop {
        let answer = client.send(&request);
        if answer.status != 429 {
            break answer;
        }
        refused += 1;
        thread::sleep(Duration::from_millis(if refused < 3 { 0 } else { 500 }));
    };
    assert!(refused > 0, "the import was not limited");
    assert_eq!((answer.status, answer.header("idempotent-replay")), (200, None), "{}", answer.text());
    assert_eq!(client_count_when_let(world), before + 1);
}

fn client_count_when_let(world: &World) -> u64 {
    thread::sleep(Duration::from_secs(1));
    world.client().count("contact")
}

/// Jobs wait for ever here: a team that has as many as it may is told to wait, and neither its small imports nor another
/// team's jobs are.
#[test]
fn unfinished_jobs() {
    let launch = Launch::new().with("REFRACT_RUN_JOBS", "false").with("REFRACT_QUEUED_JOBS_PER_TEAM_MAX", "2");
    let world = World::start(launch);
    let client = world.client();
    for _ in 0..2 {
        assert_eq!(client.import("contact", body_of_rows(150)).status, 202);
    }
    let small_but_async = client.import_request("contact", good_body()).header("Prefer", "respond-async");
    for request in [client.import_request("contact", body_of_rows(150)), small_but_async] {
        let refused = client.send(&request);
        assert_eq!((refused.status, refused.code().as_deref()), (429, Some("rate_limited")), "{}", refused.text());
        let seconds: u64 = refused.header("retry-after").and_then(|text| text.parse().ok()).expect("whole seconds");
        assert!(seconds >= 1);
    }
    assert_eq!(staged_files_settled(&world), 2, "what was refused is staged no more");
    assert_eq!(client.import("contact", good_body()).status, 200, "an import that is answered at once");
    assert_eq!(world.other_client().import("contact", body_of_rows(150)).status, 202, "another team");
}

fn staged_files_settled(world: &World) -> usize {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let files = world.server.home().staged();
        if files <= 2 || Instant::now() >= deadline {
            return files;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
