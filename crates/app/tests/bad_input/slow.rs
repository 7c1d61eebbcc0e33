//! Clients that are slow on purpose, and too many of them. (B-HTTP-01, 02, 04, 05, 26)
//!
//! They wait for the server's own time-outs, which are shorter here than by default, side by side against one server.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::bodies::{body_of_rows, good_body};
use super::case::World;
use super::runner::with_memory_measurable;
use crate::support::client::Client;
use crate::support::http::{Reply, Wire};
use crate::support::inspect::usage;
use crate::support::request::Request;
use crate::support::server::Launch;

const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(4);
const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// What a busy machine may add to a time-out.
const SLACK: Duration = Duration::from_secs(15);

/// Two tests that open hundreds of sockets must not run out of them together.
static MANY_SOCKETS: Mutex<()> = Mutex::new(());

#[test]
fn slow_clients_are_given_up_and_others_do_not_notice() {
    let _alone = MANY_SOCKETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let launch = Launch::new()
        .with("REFRACT_HEADER_READ_TIMEOUT", "4s")
        .with("REFRACT_BODY_IDLE_TIMEOUT", "4s")
        .with("REFRACT_WRITE_TIMEOUT", "5s");
    let world = World::start(with_memory_measurable(launch));
    let client = world.client();
    let address = world.server.address();
    assert_eq!(client.import("contact", good_body()).status, 200);
    let baseline = usage(&world.server);
    let job = job_with_large_results(&client);
    let alone = latency_of_good_imports(&client, Duration::from_secs(2));

    thread::scope(|scope| {
        scope.spawn(|| head_at_a_crawl(address));
        scope.spawn(|| body_at_a_crawl(&world));
        scope.spawn(|| answer_nobody_reads(&world, &job));
        let crowd = scope.spawn(|| crowd_of_slow_heads(address));
        // The crowd is there for some seconds; the good client must not notice.
        let beside = latency_of_good_imports(&world.other_client(), Duration::from_secs(4));
        assert!(beside <= alone * 2 + Duration::from_millis(500), "alone {alone:?}, beside the crowd {beside:?}");
        crowd.join().expect("the crowd is sent home");
    });

    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(client.import("contact", good_body()).status, 200);
    if let Some(baseline) = baseline {
        let now = usage(&world.server).unwrap();
        assert!(now.open_files <= baseline.open_files + 4, "{now:?} after, {baseline:?} before");
        assert!(now.resident_bytes <= baseline.resident_bytes + (64 << 20), "{now:?} after, {baseline:?} before");
    }
}

/// B-HTTP-01: bytes that keep coming do not put the end off.
fn head_at_a_crawl(address: SocketAddr) {
    let mut wire = Wire::open(address);
    let started = Instant::now();
    let mut head = b"POST /v2/prism/x/contact/import HTTP/1.1\r\n".iter();
    let reply = loop {
        let byte = head.next().expect("given up before the head is over");
        if wire.send(&[*byte]).is_err() {
            break wire.receive(Duration::from_secs(1));
        }
        match wire.receive(Duration::from_secs(1)) {
            Reply::Silence(_) => assert!(started.elapsed() < HEADER_READ_TIMEOUT + SLACK, "never given up"),
            reply => break reply,
        }
    };
    expect_timed_out(&reply, "a head at a crawl");
    assert!(started.elapsed() >= HEADER_READ_TIMEOUT / 2, "given up after {:?}", started.elapsed());
}

/// B-HTTP-02: half of them send a byte now and then, half none at all.
fn crowd_of_slow_heads(address: SocketAddr) {
    const CROWD: usize = 500;
    let mut crowd: Vec<Wire> = (0..CROWD).map(|_| Wire::open(address)).collect();
    let started = Instant::now();
    for byte in b"GET " {
        for wire in crowd.iter_mut().step_by(2) {
            // Sent home already is what should happen to it.
            let _ = wire.send(&[*byte]);
        }
        thread::sleep(Duration::from_millis(1_000));
    }
    for mut wire in crowd {
        let left = (HEADER_READ_TIMEOUT + SLACK).saturating_sub(started.elapsed()).max(Duration::from_secs(1));
        expect_timed_out(&wire.receive(left), "one of the crowd");
    }
}

/// B-HTTP-04: 10 MB are announced, and after what is staged already 10 bytes a second come.
fn body_at_a_crawl(world: &World) {
    let body = body_of_rows(20_000);
    let request = world
        .client()
        .import_request("contact", "")
        .unframed()
        .header("Idempotency-Key", "body-at-a-crawl")
        .header("Content-Length", "10000000");
    let mut wire = Wire::open(world.server.address());
    wire.send(&request.head()).unwrap();
    let (start, _) = body.as_bytes().split_at(body.len() - 2);
    wire.send(start).unwrap();
    let started = Instant::now();
    let reply = loop {
        if wire.send(b",{}       ").is_err() {
            break wire.receive(Duration::from_secs(1));
        }
        match wire.receive(Duration::from_secs(1)) {
            Reply::Silence(_) => assert!(started.elapsed() < BODY_IDLE_TIMEOUT + SLACK, "never given up"),
            reply => break reply,
        }
    };
    expect_timed_out(&reply, "a body at a crawl");
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.server.home().staged() > 0 {
        assert!(Instant::now() < deadline, "rows of the slow body are still staged");
        thread::sleep(Duration::from_millis(50));
    }
}

fn expect_timed_out(reply: &Reply, what: &str) {
    match reply {
        Reply::Closed(bytes) => assert!(bytes.is_empty(), "{what}: {:?}", String::from_utf8_lossy(bytes)),
        Reply::Answer(answer) => {
            assert_eq!(answer.status, 408, "{what}: {}", answer.text());
            assert!(answer.body.is_empty() || answer.code().as_deref() == Some("request_timeout"), "{}", answer.text());
        }
        Reply::Silence(_) => panic!("{what}: neither answered nor closed"),
    }
}

/// A job whose results are larger than what lies in the buffers of a connection.
fn job_with_large_results(client: &Client) -> String {
    let answer = client.import("organization", format!(r#"{{"objects":[{}]}}"#, vec!["{}"; 100_000].join(",")));
    let location = answer.header("location").expect("a job").to_owned();
    client.wait_for_job(&location);
    location
}

/// B-HTTP-05.
fn answer_nobody_reads(world: &World, location: &str) {
    let mark = world.server.log().mark();
    let before = usage(&world.server);
    let mut wire = Wire::open(world.server.address());
    wire.send(&Request::get(location).key(&world.own.key).bytes()).unwrap();
    let is_cut_off = |line: &str| line.contains("answer cut off");
    let cut_off = world.server.log().wait_for(mark, WRITE_TIMEOUT + SLACK, is_cut_off);
    assert!(cut_off.is_some(), "an answer that nobody reads is never given up");
    let after = usage(&world.server);
    if let (Some(before), Some(after)) = (before, after) {
        assert!(
            after.resident_bytes < before.resident_bytes + (64 << 20),
            "{after:?} with an unread answer, {before:?} before"
        );
    }
    assert!(
        !matches!(wire.receive(Duration::from_secs(10)), Reply::Answer(_)),
        "the answer was cut off, yet it is whole"
    );
}

/// The slowest but one in a hundred of imports sent one after the other for a while.
fn latency_of_good_imports(client: &Client, during: Duration) -> Duration {
    let started = Instant::now();
    let mut latencies = Vec::new();
    while started.elapsed() < during {
        let sent = Instant::now();
        assert_eq!(client.import("contact", body_of_rows(10)).status, 200);
        latencies.push(sent.elapsed());
        thread::sleep(Duration::from_millis(20));
    }
    latencies.sort_unstable();
    let place = latencies.len().saturating_sub(1) * 99 / 100;
    latencies.get(place).copied().expect("at least one import")
}

/// B-HTTP-26.
#[test]
fn more_sockets_than_files_do_no_harm() {
    let _alone = MANY_SOCKETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let world = World::start(Launch::new().open_files_max(256).with("REFRACT_CONNECTIONS_MAX", "130"));
    let before = world.client().count("contact");
    let crowd: Vec<Wire> = (0..400).map_while(|_| Wire::try_open(world.server.address()).ok()).collect();
    thread::sleep(Duration::from_millis(500));
    drop(crowd);
    let released = Instant::now();
    let request = Request::get("/healthz").bytes();
    loop {
        let reply =
            Wire::try_open(world.server.address()).map(|mut wire| wire.exchange(&request, Duration::from_secs(1)));
        if let Ok(Reply::Answer(answer)) = reply
            && answer.status == 200
        {
            break;
        }
        assert!(released.elapsed() < Duration::from_secs(5) + SLACK, "the server does not come back");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(world.client().import("contact", body_of_rows(10)).json()["succeeded"], 10);
    assert_eq!(world.client().count("contact"), before + 10);
}
