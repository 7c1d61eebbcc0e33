//! HTTP transport: framing, sizes of heads, methods, paths, and clients that leave. (B-HTTP)

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::bodies::{body_of_rows, good_body};
use super::case::{CANARY, Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::http::{PATIENCE, Reply, Wire, exchange};
use crate::support::request::{Request, chunk};
use crate::support::server::Launch;

#[test]
fn transport() {
    run_section(Launch::new().with("REFRACT_BODY_BYTES_MAX", "64MiB"), &cases());
}

fn cases() -> Vec<Case> {
    let mut cases = framing();
    cases.extend([
        script("B-HTTP-13", cut_mid_chunk),
        script("B-HTTP-14", shorter_than_said),
        Refused::with(&[431], &["headers_too_large"], too_many_headers).case("B-HTTP-16"),
        Refused::with(&[414], &["uri_too_long"], long_uri).case("B-HTTP-17"),
        Refused::with(&[413], &["payload_too_large"], expects_continue).case("B-HTTP-19"),
        script("B-HTTP-20", streams_opened_and_reset),
        script("B-HTTP-22", http2_headers),
        Refused::with(&[405, 501], &["method_not_allowed"], methods).with_header("allow").case("B-HTTP-23"),
        Refused::with(&[400, 404], &["not_found", "unknown_object_type", "bad_request"], paths_inside_team)
            .case("B-HTTP-25 inside the team's path"),
        // What stands in the team's place is no uuid: answered like any other team (B-AUTH-10), before the path.
        Refused::with(
            &[400, 403, 404],
            &["not_found", "unknown_object_type", "forbidden", "bad_request"],
            paths_around_team,
        )
        .case("B-HTTP-25 in the team's place"),
    ]);
    cases
}

fn framing() -> Vec<Case> {
    const CODES: &[&str] = &["bad_request"];
    vec![
        Refused::with(&[400], CODES, two_lengths).case("B-HTTP-07"),
        Refused::with(&[400], CODES, odd_lengths).case("B-HTTP-08"),
        Refused::with(&[400, 501], CODES, transfer_encodings).or_closed().case("B-HTTP-10"),
        Refused::with(&[400], CODES, chunk_sizes).or_closed().case("B-HTTP-11"),
    ]
}

/// An import whose body the case frames itself.
fn unframed(world: &World) -> Request {
    world.client().import_request("contact", good_body()).unframed()
}

fn two_lengths(world: &World) -> Vec<Input> {
    let length = good_body().len();
    let orders = [(length, length + 1), (length + 1, length), (0, length)];
    let request = |(one, other): (usize, usize)| {
        unframed(world).header("Content-Length", one.to_string()).header("Content-Length", other.to_string())
    };
    orders.into_iter().map(|pair| Input::new(format!("{pair:?}"), request(pair).bytes())).collect()
}

fn odd_lengths(world: &World) -> Vec<Input> {
    let length = good_body().len();
    let texts = [
        format!("+{length}"),
        format!("{length},{length}"),
        format!("0x{length:x}"),
        "3 4".to_owned(),
        format!("-{length}"),
        format!("{length}.0"),
        String::new(),
        "18446744073709551616".to_owned(),
    ];
    let request = |text: &String| unframed(world).header("Content-Length", text);
    texts.iter().map(|text| Input::new(text, request(text).bytes())).collect()
}

fn transfer_encodings(world: &World) -> Vec<Input> {
    let lists: [&[&str]; 7] = [
        &["xchunked"],
        &["identity, chunked"],
        &["identity"],
        &["chunked, chunked"],
        &["chunked", "chunked"],
        &["gzip, chunked"],
        &["chunked", "identity"],
    ];
    let input = |values: &&[&str]| {
        let mut bytes = values
            .iter()
            .fold(unframed(world).body(""), |request, value| request.header("Transfer-Encoding", value))
            .bytes();
        bytes.extend(chunk(good_body().as_bytes()));
        bytes.extend(chunk(b""));
        Input { ends: true, ..Input::new(format!("{values:?}"), bytes) }
    };
    lists.iter().map(input).collect()
}

fn chunk_sizes(world: &World) -> Vec<Input> {
    let sizes = [
        "10000000000000000",
        "fffffffffffffffff",
        "1ffffffffffffffff",
        "-1",
        "0x10",
        "g",
        "",
        "FFFFFFFFFFFFFFFFFFFFFFFFF",
    ];
    let input = |size: &&str| {
        let mut bytes = unframed(world).body("").header("Transfer-Encoding", "chunked").bytes();
        bytes.extend_from_slice(format!("{size}\r\n").as_bytes());
        bytes.extend_from_slice(good_body().as_bytes());
        bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        Input { ends: true, ..Input::new(format!("size {size:?}"), bytes) }
    };
    sizes.iter().map(input).collect()
}

/// A body that is cut off leaves nothing, and the key it came with can be used again.
fn cut_mid_chunk(world: &mut World) -> Change {
    let body = body_of_rows(20_000);
    let request = world.client().import_request("contact", &body).header("Idempotency-Key", "cut-mid-chunk");
    let mut wire = Wire::open(world.server.address());
    let head = request.clone().body("").unframed().header("Transfer-Encoding", "chunked");
    wire.send(&head.bytes()).unwrap();
    let (most, _) = body.as_bytes().split_at(body.len() - 100);
    for piece in most.chunks(32 << 10) {
        wire.send(&chunk(piece)).unwrap();
    }
    wire.send(b"ffff\r\n{\"default\"").unwrap();
    wire.end_sending();
    expect_no_success(wire.receive(PATIENCE));
    leaves_nothing_and_key_is_free(world, &request, 20_000)
}

fn shorter_than_said(world: &mut World) -> Change {
    let body = body_of_rows(20_000);
    let request = world.client().import_request("contact", &body).header("Idempotency-Key", "shorter-than-said");
    let (most, _) = request.parted(1_000);
    let mut wire = Wire::open(world.server.address());
    wire.send(&most).unwrap();
    wire.end_sending();
    expect_no_success(wire.receive(PATIENCE));
    leaves_nothing_and_key_is_free(world, &request, 20_000)
}

fn expect_no_success(reply: Reply) {
    match reply {
        Reply::Closed(bytes) => assert!(bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes)),
        Reply::Answer(answer) => assert_eq!(answer.status, 400, "{}", answer.text()),
        Reply::Silence(_) => panic!("neither answered nor closed"),
    }
}

fn leaves_nothing_and_key_is_free(world: &World, request: &Request, rows: usize) -> Change {
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.server.home().staged() > 0 {
        assert!(Instant::now() < deadline, "rows of the cut body are still staged");
        thread::sleep(Duration::from_millis(50));
    }
    let client = world.client();
    let answer = client.send(request);
    assert_eq!(answer.status, 202, "the key can be used again: {}", answer.text());
    assert_eq!(answer.header("idempotent-replay"), None);
    assert_eq!(client.finished(&answer)["succeeded"], rows);
    Change::records("contact", rows)
}

fn too_many_headers(world: &World) -> Vec<Input> {
    let client = world.client();
    let with_headers = |count: usize| {
        // Host, key, type and length are headers too.
        let request = client.import_request("contact", good_body());
        (4..count).fold(request, |request, number| request.header(&format!("X-Filler-{number}"), "v")).bytes()
    };
    let large = client.import_request("contact", good_body()).header("X-Filler", "v".repeat(17 << 10));
    vec![
        Input::new("101 headers", with_headers(101)),
        Input::new("1,000 headers", with_headers(1_000)),
        Input::new("a header of 17 KiB", large.bytes()),
    ]
}

fn long_uri(world: &World) -> Vec<Input> {
    let client = world.client();
    let query = format!("{}?q={}", client.path("contact/import"), "a".repeat(9 << 10));
    let path = client.path(&format!("contact/{}", "a".repeat(9 << 10)));
    let input = |target: String, label: &str| {
        Input::new(label, client.import_request("contact", good_body()).target(target).bytes())
    };
    vec![input(query, "in the query"), input(path, "in the path")]
}

/// The client waits to be told to send its body; it must be refused instead.
fn expects_continue(world: &World) -> Vec<Input> {
    let over = (64 << 20) + 1;
    let request = unframed(world).header("Expect", "100-continue").header("Content-Length", over.to_string());
    vec![Input::new("a byte over the limit", request.head())]
}

/// The server speaks HTTP/1.1 only (docs/decisions/0005-http-1-only.md): whoever begins in HTTP/2 is told so with GOAWAY,
/// whatever follows, and a good client beside it does not notice.
fn http2_is_sent_away(world: &World, frames: &[u8]) {
    const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY_HTTP_1_1_REQUIRED: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13];
    let bytes = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &EMPTY_SETTINGS[..], frames].concat();
    match exchange(world.server.address(), &bytes) {
        Reply::Closed(bytes) => assert_eq!(bytes, [&EMPTY_SETTINGS[..], &GOAWAY_HTTP_1_1_REQUIRED].concat()),
        other => panic!("not sent away: {other:?}"),
    }
}

fn http2_headers(world: &mut World) -> Change {
    http2_is_sent_away(world, &[]);
    // A HEADERS frame that says it holds a mebibyte, and does.
    let mut frame = vec![0x10, 0, 0, 1, 4, 0, 0, 0, 1];
    frame.extend(std::iter::repeat_n(0x41, 1 << 20));
    http2_is_sent_away(world, &frame);
    Change::nothing()
}

fn streams_opened_and_reset(world: &mut World) -> Change {
    let mut frames = Vec::new();
    for stream in (1_u32..20_000).step_by(2) {
        let id = stream.to_be_bytes();
        // HEADERS (`:method: GET`, `:path: /`, `:scheme: http`) and RST_STREAM.
        frames.extend([&[0, 0, 3, 1, 5][..], &id, &[0x82, 0x84, 0x86]].concat());
        frames.extend([&[0, 0, 4, 3, 0][..], &id, &[0, 0, 0, 8]].concat());
    }
    let client = world.client();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let good = scope.spawn(|| {
            let started = Instant::now();
            loop {
                assert_eq!(client.get(&client.path("contact/count")).status, 200);
                if is_over.load(Ordering::Relaxed) || started.elapsed() > PATIENCE {
                    break;
                }
            }
        });
        for _ in 0..10 {
            http2_is_sent_away(world, &frames);
        }
        is_over.store(true, Ordering::Relaxed);
        good.join().expect("a good client beside it is answered");
    });
    Change::nothing()
}

fn methods(world: &World) -> Vec<Input> {
    let client = world.client();
    let of_import = ["TRACE", "FOO", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let request = |method: &str| Request::new(method, client.path("contact/import")).key(&client.key);
    let mut inputs: Vec<Input> = of_import.iter().map(|method| Input::new(*method, request(method).bytes())).collect();
    inputs.push(Input::new("CONNECT", request("CONNECT").target("example.org:443").bytes()));
    inputs.push(Input::new("TRACE of health", Request::new("TRACE", "/healthz").bytes()));
    inputs
}

fn paths_inside_team(world: &World) -> Vec<Input> {
    let (own, other) = (&world.own.team, &world.other.team);
    inputs_of_targets(
        world,
        &[
            format!("/v2/prism/{own}/../{other}/contact/import"),
            format!("/v2/prism/{own}/%2e%2e/{other}/contact/import"),
            format!("/v2/prism/{own}/..%2f{other}/contact/import"),
            format!("/v2/prism/{own}//contact/import"),
            format!("/v2/prism/{own}/contact//import"),
            format!("/v2/prism/{own}/contact%2fimport"),
            format!("/v2/prism/{own}/contact/import;x"),
            format!("/v2/prism/{own}/contact;x/import"),
            format!("/v2/prism/{own}/contact%00/import"),
            format!("/v2/prism/{own}/contact/import%00"),
            format!("/v2/prism/{own}/contact/import/"),
            format!("/v2/prism/{own}/CONTACT/import"),
            format!("/v2/prism/{own}/contact/%69mport%2f"),
            format!("/v2/prism/{own}/contact%/import"),
            format!("/v2/prism/{own}/%ff%fe/import"),
        ],
    )
}

fn paths_around_team(world: &World) -> Vec<Input> {
    let (own, other) = (&world.own.team, &world.other.team);
    inputs_of_targets(
        world,
        &[
            format!("/v2/prism/{own}%2f..%2f{other}/contact/import"),
            format!("/v2/prism//{other}/contact/import"),
            format!("/v2/prism/{other};x/contact/import"),
            format!("/v2/prism/{own}%00/contact/import"),
            format!("/v2/prism/{own}%00{other}/contact/import"),
            format!("/v2/prism/%2e%2e/prism/{other}/contact/import"),
            format!("/v2/prism/{{{other}}}/contact/import"),
            format!("/v2/prism/{}/contact/import", other.replace('-', "")),
        ],
    )
}

fn inputs_of_targets(world: &World, targets: &[String]) -> Vec<Input> {
    let request = |target: &String| world.client().import_request("contact", good_body()).target(target);
    targets.iter().map(|target| Input::new(target, request(target).bytes())).collect()
}

/// An ordinary chunked body is an ordinary body: what the cases above are refused for is not that they are chunked.
#[test]
fn a_chunked_import_is_taken() {
    let world = World::start(Launch::new());
    let mut bytes = unframed(&world).body("").header("Transfer-Encoding", "Chunked").bytes();
    for piece in good_body().as_bytes().chunks(7) {
        bytes.extend(chunk(piece));
    }
    bytes.extend(chunk(b""));
    let answer = exchange(world.server.address(), &bytes).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["results"][0]["id"].as_str().unwrap().to_owned();
    assert!(world.client().record("contact", &id).text().contains(CANARY));
}
