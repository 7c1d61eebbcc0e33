//! A server is asked to stop while it is watched.

use std::time::{Duration, Instant};

use crate::bodies::{admit, mixed_contacts};
use crate::support::client::Client;
use crate::support::http::Wire;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::support::watching::{Seen, assert_law, by_waits, open_events, open_wait, read_events, take_in};

/// The server's promise.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
const WATCHERS: usize = 20;
const ROWS: usize = 60_000;

/// In the middle of a job: streams and waits end in order, and the job goes on after a start.
#[test]
fn streams_and_waits_end_with_the_server() {
    let mut server = Launch::new().with("REFRACT_CHUNK_ROWS_MAX", "25").start();
    let client = server.client(&server.tenant());
    let job = admit(&client, &mixed_contacts("a", ROWS));
    let mut streams: Vec<Wire> = (0..WATCHERS).map(|_| open_events(&client, &job, None)).collect();
    // Of one that waits: nobody runs it before the first has ended.
    let waiting = admit(&client, &mixed_contacts("b", ROWS));
    let mut waits: Vec<Wire> = (0..WATCHERS).map(|_| open_wait(&client, &waiting, "60s")).collect();
    std::thread::sleep(Duration::from_millis(300));

    assert_ends_in_order(&mut server);
    for wire in &mut streams {
        let (stream, mut seen) = (read_events(wire), Seen::default());
        assert!(stream.is_whole, "a stream ends in order, too");
        take_in(&mut seen, &stream);
        assert!(seen.steps > 0 && !seen.has_ended(), "it ended before the job: {}", seen.job);
    }
    for wire in &mut waits {
        let answer = wire.receive(Duration::from_secs(1)).answer();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_law(&answer.json());
    }

    server.restart();
    let client = server.client(&server.tenant());
    assert_eq!(by_waits(&client, &job).job["status"], "complete");
}

/// Who asks for megabytes and takes none of them is cut off in time.
#[test]
fn a_server_does_not_wait_for_those_who_read_nothing() {
    let mut server = Launch::new().start();
    let client = server.client(&server.tenant());
    let ended = admit(&client, &mixed_contacts("a", ROWS));
    client.wait_for_job(&ended);
    let unread: Vec<Wire> = (0..WATCHERS).map(|_| open_unread(&client, &ended)).collect();
    std::thread::sleep(Duration::from_millis(300));
    assert_ends_in_order(&mut server);
    for mut wire in unread {
        let (_, _, is_whole) = wire.receive_stream(Duration::from_secs(10));
        assert!(!is_whole, "so much does not lie in the buffers of a connection");
    }
}

fn open_unread(client: &Client, ended: &str) -> Wire {
    let mut wire = Wire::open(client.address);
    wire.send(&Request::get(ended).key(&client.key).bytes()).expect("a living server takes a request");
    wire
}

fn assert_ends_in_order(server: &mut Server) {
    let asked_at = Instant::now();
    server.terminate();
    let status = server.wait(STOPS_WITHIN);
    assert!(status.is_some_and(|status| status.success()), "{status:?} {:?} after SIGTERM", asked_at.elapsed());
}
