//! Limits of rows, and rows that are chosen to be slow. (B-JSON-23, 26)

use std::time::{Duration, Instant};

use super::bodies::body_of_rows;
use super::case::{Case, Change, Input, Refused, World, script};
use super::runner::run_section;
use crate::support::server::Launch;

const ROWS_MAX: usize = 20_000;

#[test]
fn limits() {
    let launch = Launch::new().with("REFRACT_ROWS_MAX", "20000").with("REFRACT_ROW_BYTES_MAX", "64KiB");
    run_section(launch, &cases());
}

fn cases() -> Vec<Case> {
    vec![
        Refused::with(&[413], &["payload_too_large"], one_row_too_many).saying("20000").case("B-JSON-23"),
        Refused::with(&[413], &["payload_too_large"], row_too_large).saying("65536").case("B-JSON-23 bytes of a row"),
        script("B-JSON-23 just not too many", as_many_as_may_be),
        script("B-JSON-26", colliding_keys),
    ]
}

fn one_row_too_many(world: &World) -> Vec<Input> {
    let request = world.client().import_request("contact", body_of_rows(ROWS_MAX + 1));
    vec![
        Input::new("one too many", request.bytes()),
        Input::new("one too many, with a key", request.header("Idempotency-Key", "one-too-many").bytes()),
    ]
}

fn row_too_large(world: &World) -> Vec<Input> {
    let large = format!(r#"{{"default":{{"full_name":"{}"}}}}"#, "x".repeat(64 << 10));
    let mut body = body_of_rows(200);
    body.truncate(body.len() - 2);
    let client = world.client();
    vec![
        Input::new("alone", client.import_request("contact", format!(r#"{{"objects":[{large}]}}"#)).bytes()),
        Input::new(
            "after rows that are staged",
            client.import_request("contact", format!("{body},{large}]}}")).bytes(),
        ),
    ]
}

fn as_many_as_may_be(world: &mut World) -> Change {
    let job = world.client().import_and_wait("contact", body_of_rows(ROWS_MAX));
    assert_eq!(job["succeeded"], ROWS_MAX, "{}", job["status"]);
    Change::records("contact", ROWS_MAX)
}

/// Unknown slugs that collide in hash tables without a seed take no longer than unknown slugs that do not.
fn colliding_keys(world: &mut World) -> Change {
    let plain = time_of_unknown_slugs(world, &ordinary_slugs());
    let fx = time_of_unknown_slugs(world, &fx_colliding_slugs());
    let fnv = time_of_unknown_slugs(world, &fnv_colliding_slugs());
    // Quadratic work over these rows would take minutes; what a busy machine adds does not matter here.
    let most = plain * 2 + Duration::from_secs(3);
    assert!(fx <= most && fnv <= most, "ordinary {plain:?}, colliding {fx:?} (Fx), {fnv:?} (FNV)");
    Change::no_records()
}

fn time_of_unknown_slugs(world: &World, slugs: &[String]) -> Duration {
    let members: Vec<String> = slugs.iter().map(|slug| format!(r#""{slug}":1"#)).collect();
    // Three of them in each row, and in every row others.
    let row = |number: usize| {
        let start = number * 3 % (members.len() - 3);
        format!(r#"{{"default":{{{}}}}}"#, members[start..start + 3].join(","))
    };
    let rows: Vec<String> = (0..ROWS_MAX).map(row).collect();
    let body = format!(r#"{{"objects":[{}]}}"#, rows.join(","));
    let started = Instant::now();
    let job = world.client().import_and_wait("contact", body);
    let took = started.elapsed();
    assert_eq!(job["failed"], ROWS_MAX, "{}", job["status"]);
    let results = job["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["error"]["code"] == "unknown_property"));
    took
}

const SLUGS: usize = 1_000;

fn ordinary_slugs() -> Vec<String> {
    (0..SLUGS).map(|number| format!("property{number:08}")).collect()
}

/// Two words a slug, the second chosen so that the state after it is the same for all.
fn fx_colliding_slugs() -> Vec<String> {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let wanted = u64::from_le_bytes(*b"aaaaaaaa");
    let mut slugs = Vec::new();
    for number in 0_u64.. {
        let first = format!("{number:08}");
        let first_word = u64::from_le_bytes(first.as_bytes().try_into().unwrap());
        let state = first_word.wrapping_mul(FACTOR).rotate_left(5);
        let second = (wanted ^ state).to_le_bytes();
        if second.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')) {
            slugs.push(format!("{first}{}", String::from_utf8_lossy(&second)));
        }
        if slugs.len() == SLUGS / 10 {
            break;
        }
    }
    slugs
}

/// Slugs that all fall into one bucket of a table of 4,096.
fn fnv_colliding_slugs() -> Vec<String> {
    let hash = |text: &str| {
        let step = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, step)
    };
    let candidates = (0_u64..).map(|number| format!("p{number:x}"));
    candidates.filter(|slug| hash(slug) % 4_096 == 7).take(SLUGS / 10).collect()
}
