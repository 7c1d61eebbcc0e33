//! Media types, content codings and sizes. (B-ENC)

use std::time::{Duration, Instant};

use super::bodies::{good_body, good_row, gzip, gzip_bomb, import_inputs};
use super::case::{Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::http::{PATIENCE, Wire, exchange};
use crate::support::inspect::usage;
use crate::support::request::chunk;
use crate::support::server::Launch;

/// Low enough for a test to go over it.
const BODY_BYTES_MAX: usize = 64 << 20;

#[test]
fn encoding_and_size() {
    run_section(Launch::new().with("REFRACT_BODY_BYTES_MAX", "64MiB"), &cases());
}

fn cases() -> Vec<Case> {
    vec![
        Refused::with(&[415], &["unsupported_media_type"], media_types).case("B-ENC-01"),
        Refused::with(&[415], &["unsupported_media_type"], charsets).case("B-ENC-02"),
        Refused::with(&[400], &["invalid_json"], not_utf8).saying("byte").case("B-ENC-04"),
        script("B-ENC-05", bombs),
        Refused::with(&[400], &["invalid_encoding"], broken_gzip).case("B-ENC-07"),
        Refused::with(&[415], &["unsupported_encoding"], codings).with_header("accept-encoding").case("B-ENC-08"),
        Refused::with(&[400], &["invalid_encoding"], garbage_after_gzip).case("B-ENC-10"),
        Refused::with(&[413], &["payload_too_large"], one_byte_over).saying("67108864").case("B-ENC-11"),
        script("B-ENC-11 chunked", one_byte_over_in_chunks),
        Refused::with(&[400], &["invalid_json"], empty).case("B-ENC-13"),
        script("B-ENC-14", mostly_spaces),
    ]
}

fn media_types(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).without_header("content-type");
    let types =
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp", "json", "", "*/*"];
    let mut inputs = vec![Input::new("none", request.bytes())];
    inputs.extend(types.iter().map(|of| Input::new(*of, request.clone().header("Content-Type", of).bytes())));
    let twice = request.header("Content-Type", "application/json").header("Content-Type", "text/plain");
    inputs.push(Input::new("two", twice.bytes()));
    inputs
}

fn charsets(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", good_body()).without_header("content-type");
    let charsets = ["utf-16", "UTF-16LE", "iso-8859-1", "utf-7", "\"utf-16\"", "utf8mb4"];
    let input = |charset: &&str| {
        Input::new(
            *charset,
            request.clone().header("Content-Type", format!("application/json; charset={charset}")).bytes(),
        )
    };
    charsets.iter().map(input).collect()
}

fn not_utf8(world: &World) -> Vec<Input> {
    let body = |bytes: &[u8]| [&br#"{"objects":[{"default":{"full_name":""#[..], bytes, br#""}}]}"#].concat();
    import_inputs(
        world,
        vec![
            ("a lone byte", body(b"\xff")),
            ("a cut character", body(b"\xe2\x82")),
            ("an overlong form", body(b"\xc0\xaf")),
            ("an overlong zero", body(b"\xc0\x80")),
            ("a CESU surrogate", body(b"\xed\xa0\xbd\xed\xb8\x80")),
            ("beyond the last character", body(b"\xf4\x90\x80\x80")),
            ("in the envelope", b"{\"objects\":[],\xff\"options\":{}}".to_vec()),
            ("a byte order mark", [b"\xef\xbb\xbf", good_body().as_bytes()].concat()),
            ("UTF-16", good_body().encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ],
    )
}

fn encoded(world: &World, label: &str, coding: &str, body: &[u8]) -> Input {
    Input::new(label, world.client().import_request("contact", body).header("Content-Encoding", coding).bytes())
}

/// A mebibyte that stands for a gibibyte is refused where the limit is, not where the memory ends.
fn bombs(world: &mut World) -> Change {
    let before = usage(&world.server);
    let bomb = gzip_bomb(1_024);
    assert!(bomb.len() < 2 << 20, "{} bytes", bomb.len());
    let request = world.client().import_request("contact", &bomb).header("Content-Encoding", "gzip");
    let answer = exchange(world.server.address(), &request.bytes()).answer();
    assert_eq!((answer.status, answer.code().as_deref()), (413, Some("payload_too_large")), "{}", answer.text());
    assert!(answer.text().contains("67108864"), "it names the limit: {}", answer.text());
    if let (Some(before), Some(after)) = (before, usage(&world.server)) {
        assert!(after.resident_bytes <= before.resident_bytes + (64 << 20), "{after:?} after, {before:?} before");
    }
    Change::nothing()
}

fn broken_gzip(world: &World) -> Vec<Input> {
    let whole = gzip(good_body().as_bytes());
    let length = whole.len();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let large = gzip(super::bodies::body_of_rows(5_000).as_bytes());
    vec![
        encoded(world, "cut in the middle", "gzip", &whole[..length / 2]),
        encoded(world, "cut in the header", "gzip", &whole[..5]),
        encoded(world, "cut before the checksum", "gzip", &whole[..length - 8]),
        encoded(world, "cut in the checksum", "gzip", &whole[..length - 3]),
        encoded(world, "a wrong checksum", "gzip", &flipped(length - 6)),
        encoded(world, "a wrong length", "gzip", &flipped(length - 2)),
        encoded(world, "no gzip at all", "gzip", good_body().as_bytes()),
        encoded(world, "empty", "gzip", b""),
        encoded(world, "a large import, cut", "gzip", &large[..large.len() - 9]),
        encoded(world, "no zstd at all", "zstd", good_body().as_bytes()),
        encoded(world, "gzip said to be zstd", "zstd", &whole),
    ]
}

fn codings(world: &World) -> Vec<Input> {
    let body = good_body();
    let mut inputs: Vec<Input> = ["compress", "br", "deflate", "gzip, gzip", "nonsense"]
        .iter()
        .map(|coding| encoded(world, coding, coding, body.as_bytes()))
        .collect();
    let twice = world
        .client()
        .import_request("contact", &body)
        .header("Content-Encoding", "gzip")
        .header("Content-Encoding", "gzip");
    inputs.push(Input::new("twice", twice.bytes()));
    inputs
}

fn garbage_after_gzip(world: &World) -> Vec<Input> {
    let with = |garbage: &[u8]| [&gzip(good_body().as_bytes())[..], garbage].concat();
    vec![
        encoded(world, "text", "gzip", &with(b"garbage")),
        encoded(world, "one byte", "gzip", &with(b"\x1f")),
        encoded(world, "zeros", "gzip", &with(&[0; 512])),
    ]
}

/// The body is never sent, so an answer shows that nobody waited for it.
fn one_byte_over(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", "").unframed();
    let said = |length: usize| request.clone().header("Content-Length", length.to_string()).head();
    vec![Input::new("by one", said(BODY_BYTES_MAX + 1)), Input::new("by far", said(usize::MAX >> 1))]
}

fn one_byte_over_in_chunks(world: &mut World) -> Change {
    let request = world.client().import_request("contact", "").unframed().header("Transfer-Encoding", "chunked");
    let mut bytes = request.head();
    bytes.extend(chunk(br#"{"objects":["#));
    let spaces = chunk(&vec![b' '; 1 << 20]);
    for _ in 0..=BODY_BYTES_MAX >> 20 {
        bytes.extend_from_slice(&spaces);
    }
    let answer = exchange(world.server.address(), &bytes).answer();
    assert_eq!((answer.status, answer.code().as_deref()), (413, Some("payload_too_large")), "{}", answer.text());
    Change::nothing()
}

fn empty(world: &World) -> Vec<Input> {
    let mut inputs = import_inputs(world, vec![("nothing", Vec::new()), ("white space", b" \r\n\t ".to_vec())]);
    inputs.push(encoded(world, "nothing, as gzip", "gzip", &gzip(b"")));
    inputs
}

/// 60 MiB of spaces around a row: over the size that is answered in the request, so it becomes a job, like any other.
fn mostly_spaces(world: &mut World) -> Change {
    let before = usage(&world.server);
    let mut body = vec![b' '; 60 << 20];
    let row = good_row("contact");
    let parts = [(0, r#"{"objects":["#.to_owned()), (20 << 20, row), (40 << 20, "]".to_owned())];
    for (at, text) in parts {
        body[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    let end = body.len() - 1;
    body[end] = b'}';
    let started = Instant::now();
    let request = world.client().import_request("contact", &body);
    let answer = Wire::open(world.server.address()).exchange(&request.bytes(), PATIENCE * 3).answer();
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert!(started.elapsed() < Duration::from_secs(60), "{:?} for 60 MiB", started.elapsed());
    if let (Some(before), Some(after)) = (before, usage(&world.server)) {
        assert!(after.resident_bytes <= before.resident_bytes + (64 << 20), "{after:?} after, {before:?} before");
    }
    assert_eq!(world.client().finished(&answer)["succeeded"], 1);
    Change::records("contact", 1)
}
