//! Measures how many rows a second one core judges: `cargo run --release -p refract-domain --example judge_rate`.
//!
//! Rows are contacts of 12 properties and about 380 bytes, made from a counter, matched by e-mail. Prints the median
//! and the best of several rounds for each kind of row.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use refract_domain::ids::TeamId;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedRow, RawChunk};
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;

const ROWS: u32 = 200_000;
const ROWS_PER_CHUNK: u32 = 10_000;
const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = ImportOptions { dedupe_by: Some("email".into()), ..ImportOptions::default() };
    let hasher = KeyHasher::new([42; 16]);
    let schema = Arc::new(Schema::builtin(1));
    let context = JudgeContext::new(TeamId::from_bytes([1; 16]), schema, ObjectType::Contact, options, &hasher)?;
    let mut stdout = std::io::stdout().lock();
    for (name, row_of) in [
        ("plain", plain_row as fn(u32) -> String),
        ("typed (options, date, nulls)", typed_row),
        ("escaped and not ASCII", escaped_row),
        ("faulty (one unknown slug)", faulty_row),
    ] {
        let chunks = chunks_of(row_of);
        let bytes: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        let mut seconds: Vec<f64> = (0..ROUNDS).map(|_| round(&context, &chunks)).collect();
        seconds.sort_by(f64::total_cmp);
        let (median, best) = (seconds[ROUNDS / 2], seconds[0]);
        writeln!(
            stdout,
            "{name}: {:.0} bytes a row, median {:.2} M rows/s, best {:.2} M rows/s, {:.0} MB/s",
            bytes as f64 / f64::from(ROWS),
            f64::from(ROWS) / median / 1e6,
            f64::from(ROWS) / best / 1e6,
            bytes as f64 / median / 1e6,
        )?;
    }
    Ok(())
}

/// Seconds to judge all chunks once.
fn round(context: &JudgeContext, chunks: &[RawChunk]) -> f64 {
    let started = Instant::now();
    let mut good = 0_usize;
    for chunk in chunks {
        let judged = judge_chunk(context, chunk);
        good += judged.rows.iter().filter(|row| matches!(row, JudgedRow::Good(_))).count();
    }
    std::hint::black_box(good);
    started.elapsed().as_secs_f64()
}

fn chunks_of(row_of: fn(u32) -> String) -> Vec<RawChunk> {
    let starts = (0..ROWS).step_by(ROWS_PER_CHUNK as usize);
    let chunk_from = |first_row| {
        let mut chunk = RawChunk::starting_at(first_row);
        for row in first_row..first_row + ROWS_PER_CHUNK {
            chunk.push(row_of(row).as_bytes());
        }
        chunk
    };
    starts.map(chunk_from).collect()
}

fn plain_row(row: u32) -> String {
    format!(
        r#"{{"default":{{"email":"person{row}@company{}.example.com","full_name":"First{row} Last{row}","first_name":"First{row}","last_name":"Last{row}","title":"Senior Engineer","organization":"Company {}","phone":"+49 30 {row:07}","city":"Berlin","country":"Germany","description":"Met at the conference, follow up","linkedin":"https://linkedin.example.com/in/person{row}","twitter":"@person{row}"}}}}"#,
        row % 1000,
        row % 1000,
    )
}

fn typed_row(row: u32) -> String {
    format!(
        r#"{{"default":{{"email":"person{row}@company{}.example.com","full_name":"First{row} Last{row}","seniority":"senior","department":["engineering","Sales"],"first_interaction_date":"2026-07-31","last_interaction_date":"2026-07-31T09:30:00+02:00","title":null,"phone":"+49 30 {row:07}","city":"Berlin","country":null,"description":"Met at the conference, follow up and send the numbers","linkedin":"https://linkedin.example.com/in/person{row}"}}}}"#,
        row % 1000,
    )
}

fn escaped_row(row: u32) -> String {
    format!(
        r#"{{"default":{{"email":"Persön{row}@company{}.example.com","full_name":"First{row} \"Läst{row}\"","first_name":"F\u00efrst{row}","last_name":"Last{row}","title":"Senior Engineer","organization":"Company \\ {}","phone":"+49 30 {row:07}","city":"München","country":"Germany","description":"Met at the conference,\nfollow up","linkedin":"https:\/\/linkedin.example.com\/in\/person{row}","twitter":"@person{row}"}}}}"#,
        row % 1000,
        row % 1000,
    )
}

fn faulty_row(row: u32) -> String {
    plain_row(row).replace("\"twitter\"", "\"twiter\"")
}
