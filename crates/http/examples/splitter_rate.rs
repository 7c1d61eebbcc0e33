//! How fast the splitter is on this machine, one core: rows and bytes a second for an ordinary import, and for a body
//! that is almost nothing but white space.
//!
//! `cargo run --release -p refract-http --example splitter_rate [rows] [piece bytes]`

#![allow(clippy::print_stdout)]

use std::env;
use std::fmt::Write as _;
use std::time::Instant;

use refract_http::extract::splitter::{SplitError, SplitLimits, Splitter};

const ROUNDS: usize = 7;
const LIMITS: SplitLimits =
    SplitLimits { rows_max: 5_000_000, row_bytes_max: 1024 * 1024, options_bytes_max: 64 * 1024 };

fn main() -> Result<(), SplitError> {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<usize>());
    let rows = arguments.next().and_then(Result::ok).unwrap_or(300_000);
    let piece_bytes = arguments.next().and_then(Result::ok).unwrap_or(64 * 1024).max(1);

    let body = import_of(rows);
    println!("{rows} rows of {} bytes, in pieces of {piece_bytes} bytes, best of {ROUNDS}:", body.len() / rows.max(1));
    measure("ordinary rows", &body, piece_bytes)?;

    let spaces = " ".repeat(60 * 1024 * 1024);
    measure("60 MiB of spaces", format!("{spaces}{{\"objects\":[1]}}").as_bytes(), piece_bytes)?;
    let lines = "\r\n\t    ".repeat(60 * 1024 * 1024 / 7);
    measure("60 MiB of mixed white space", format!("{{\"objects\":[{lines}1]}}").as_bytes(), piece_bytes)
}

fn measure(what: &str, body: &[u8], piece_bytes: usize) -> Result<(), SplitError> {
    let mut best_seconds = f64::INFINITY;
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        rows = split(body, piece_bytes)?;
        best_seconds = best_seconds.min(started.elapsed().as_secs_f64());
    }
    let megabytes_a_second = body.len() as f64 / 1e6 / best_seconds;
    println!("{what}: {megabytes_a_second:.0} MB/s, {:.2} M rows/s", rows as f64 / 1e6 / best_seconds);
    Ok(())
}

fn split(body: &[u8], piece_bytes: usize) -> Result<u64, SplitError> {
    let mut bytes_in_rows = 0;
    let mut splitter = Splitter::new(LIMITS);
    for piece in body.chunks(piece_bytes) {
        splitter.push(piece, &mut |row: &[u8]| bytes_in_rows += row.len())?;
    }
    std::hint::black_box(bytes_in_rows);
    Ok(splitter.finish()?.rows)
}

/// Contacts with a dozen properties, some text not ASCII and some escaped.
fn import_of(rows: usize) -> Vec<u8> {
    const CITIES: [&str; 5] = ["Berlin", "København", "São Paulo", "Springfield", "東京"];
    let mut body = String::from("{\"objects\":[");
    for row in 0..rows {
        let comma = if row == 0 { "" } else { "," };
        let number = row.wrapping_mul(2_654_435_761) % 1_000_000;
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            "{comma}{{\"default\":{{\"email\":\"person.{row}@company{number}.example.com\",\"first_name\":\"Jamie\",\
             \"last_name\":\"Example-{number}\",\"job_title\":\"Head of \\\"Field\\\" Operations\",\
             \"company\":\"Company {number} Holding\",\"city\":\"{}\",\"country\":\"DE\",\"employees\":{number},\
             \"score\":{}.5,\"active\":{},\"tags\":[\"import\",\"q3\",\"newsletter\"],\"note\":null,\
             \"signed_up\":\"2024-03-{:02}T08:30:00Z\"}}}}",
            CITIES[row % CITIES.len()],
            row % 100,
            row % 3 == 0,
            row % 28 + 1,
        );
    }
    body.push_str("],\"options\":{\"dedupe_by\":\"email\",\"update_existing\":true}}");
    body.into_bytes()
}
