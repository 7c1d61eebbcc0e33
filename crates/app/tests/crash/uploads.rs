//! Kills while a large body arrives, and right after it has: sent again with the same idempotency key, it is one job.

use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;

use crate::support::http::{Answer, Reply, Wire};
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::{bodies, seed};

/// Rows of the body: some three mebibytes, staged in several pieces.
const ROWS: usize = 15_000;
/// How much is sent at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Kills of one upload before it is let through.
const KILLS_EACH: u32 = 6;
/// Longer than any upload may stand still.
const A_WHILE: Duration = Duration::from_secs(7_200);
/// How long a server may live on after the whole body has been sent.
const LIFE_AFTER_MOST: Duration = Duration::from_millis(60);

#[test]
fn an_upload_that_is_killed_and_sent_again_is_one_job() {
    let mut chance = seed::chance("uploads");
    let uploads = seed::kills().div_ceil(15);
    let mut server = Launch::new().with("REFRACT_LEASE", "1s").start();
    for upload in 0..uploads {
        let key = format!("upload-{upload}");
        let request = request_of(&server, &key, &bodies::distinct_contacts(&key, ROWS));
        for attempt in 0..KILLS_EACH {
            send_and_kill(&mut server, &request, attempt, &mut chance);
            server.home().age_uploads(A_WHILE);
            server.restart();
            let jobs_before = u64::from(upload);
            let jobs = server.home().rows_of("job");
            assert!((jobs_before..=jobs_before + 1).contains(&jobs), "{jobs} jobs after {key} was sent once more");
            wait_for_staged_files(&server, 1);
        }
        let first = exchange(&server, &request);
        assert_eq!(first.status, 202, "{}", first.text());
        assert_is_whole(&server, &first, u64::from(upload) + 1);
        let again = exchange(&server, &request);
        assert_eq!(again.header("idempotent-replay"), Some("true"), "what was answered is answered again");
        assert_eq!((again.status, again.header("location")), (202, first.header("location")), "with the same job");
        assert_eq!(server.home().rows_of("job"), u64::from(upload) + 1, "and no further job");
    }
    println!("uploads: {} kills", uploads * KILLS_EACH);
}

fn request_of(server: &Server, key: &str, body: &str) -> Request {
    server.client(&server.tenant()).import_request("contact", body).header("Idempotency-Key", key)
}

/// Sends a part of the request, or all of it, and kills the server then.
fn send_and_kill(server: &mut Server, request: &Request, attempt: u32, chance: &mut StdRng) {
    let bytes = request.bytes();
    // The last attempts send everything, so that the kill strikes between the last byte and the answer, or after it.
    let is_whole = attempt + 2 >= KILLS_EACH;
    let end = if is_whole { bytes.len() } else { chance.random_range(1..bytes.len()) };
    let mut wire = Wire::open(server.address());
    for piece in bytes[..end].chunks(PIECE_BYTES) {
        wire.send(piece).expect("a living server takes the body");
    }
    let life = if is_whole { LIFE_AFTER_MOST } else { LIFE_AFTER_MOST / 10 };
    thread::sleep(chance.random_range(Duration::ZERO..life));
    server.kill();
}

/// The one job of this upload is carried out, with a result for every row, and leaves no staged rows behind.
fn assert_is_whole(server: &Server, admitted: &Answer, uploads: u64) {
    let client = server.client(&server.tenant());
    let job = client.finished(admitted);
    assert_eq!(job["status"], "complete", "{job}");
    let results = job["results"].as_array().expect("results");
    assert_eq!((results.len(), &job["succeeded"]), (ROWS, &ROWS.into()), "every row has a result");
    assert!(results.iter().all(|result| result["created"] == true), "and every row made its record");
    assert_eq!(client.count("contact"), uploads * ROWS as u64, "nothing is there twice");
    wait_for_staged_files(server, 0);
}

/// Rows that no job claims are swept soon after a start, those of a job soon after its end.
fn wait_for_staged_files(server: &Server, most: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.home().staged() > most {
        assert!(Instant::now() < deadline, "staged rows that nobody needs are removed");
        thread::sleep(Duration::from_millis(5));
    }
}

fn exchange(server: &Server, request: &Request) -> Answer {
    match Wire::open(server.address()).exchange(&request.bytes(), Duration::from_secs(60)) {
        Reply::Answer(answer) => answer,
        other => panic!("a living server answers: {other:?}"),
    }
}
