//! Measures how many rows a second one core judges: `cargo run --release -p refract-domain --example judge_rate`.
//!
//! Rows are contacts of 12 properties and about 380 bytes, made from a counter, matched by e-mail. Prints the median and
//! the best of several rounds for each kind of row. Rows of tables hold the same values as the JSON rows of their name; the
//! two take turns, round by round, and the ratio is the median of the rounds'.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use refract_domain::ids::TeamId;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedRow, RawChunk};
use refract_domain::import::table::{CellRules, Column, DateFormat, TableFormat, TableInput, Target, TextForm};
use refract_domain::json::{members, push_text, unquote};
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;

const ROWS: u32 = 200_000;
const ROWS_PER_CHUNK: u32 = 10_000;
const ROUNDS: usize = 15;

/// A kind of row, and how long its rounds took.
struct Kind {
    name: &'static str,
    context: JudgeContext,
    chunks: Vec<RawChunk>,
    /// The place among the kinds of the JSON rows with the same values.
    beside: Option<usize>,
    seconds: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let day_first = || CellRules { date_format: DateFormat::parse("DD.MM.YYYY"), ..CellRules::default() };
    let mut kinds = vec![
        kind("plain", plain_row, None)?,
        kind("typed (options, date, nulls)", typed_row, None)?,
        kind("escaped and not ASCII", escaped_row, None)?,
        kind("faulty (one unknown slug)", faulty_row, None)?,
        kind("plain, as cells", |row| cells_of(&plain_row(row)), Some((TableFormat::Csv, CellRules::default(), 0)))?,
        kind("typed, as cells", |row| cells_of(&typed_row(row)), Some((TableFormat::Csv, CellRules::default(), 1)))?,
        kind("typed, local dates", local_cells, Some((TableFormat::Csv, day_first(), 1)))?,
        kind(
            "escaped, as cells",
            |row| cells_of(&escaped_row(row)),
            Some((TableFormat::Csv, CellRules::default(), 2)),
        )?,
        kind("plain, whole lines", plain_row, Some((TableFormat::Ndjson, CellRules::default(), 0)))?,
        kind("plain, flat lines", flat_line, Some((TableFormat::NdjsonFlat, CellRules::default(), 0)))?,
    ];
    for _ in 0..ROUNDS {
        for kind in &mut kinds {
            let seconds = round(&kind.context, &kind.chunks);
            kind.seconds.push(seconds);
        }
    }
    let mut stdout = std::io::stdout().lock();
    for kind in &kinds {
        let bytes: usize = kind.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        let (median, best) = (median_of(kind.seconds.clone()), kind.seconds.iter().copied().fold(f64::MAX, f64::min));
        write!(
            stdout,
            "{}: {:.0} bytes a row, median {:.2} M rows/s, best {:.2} M rows/s, {:.0} MB/s",
            kind.name,
            bytes as f64 / f64::from(ROWS),
            f64::from(ROWS) / median / 1e6,
            f64::from(ROWS) / best / 1e6,
            bytes as f64 / median / 1e6,
        )?;
        if let Some(json) = kind.beside.and_then(|place| kinds.get(place)) {
            let ratios = kind.seconds.iter().zip(&json.seconds).map(|(table, json)| table / json);
            write!(stdout, ", {:.2} times the time of {}", median_of(ratios.collect()), json.name)?;
        }
        writeln!(stdout)?;
    }
    Ok(())
}

fn median_of(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn kind(
    name: &'static str,
    row_of: fn(u32) -> String,
    table: Option<(TableFormat, CellRules, usize)>,
) -> Result<Kind, Box<dyn std::error::Error>> {
    let beside = table.as_ref().map(|(_, _, beside)| *beside);
    let table = table.map(|(format, rules, beside)| {
        let json = [plain_row, typed_row, escaped_row][beside](0);
        let column = |(slug, _): (std::borrow::Cow<'_, str>, &str)| Column {
            name: format!("The {slug}"),
            target: Target::Property(slug.into_owned()),
        };
        let columns = members(values_of(&json)).map(column).collect();
        Arc::new(TableInput { format, columns, rules, text: TextForm::default() })
    });
    let options = ImportOptions { dedupe_by: Some("email".into()), table, ..ImportOptions::default() };
    let (team_id, schema) = (TeamId::from_bytes([1; 16]), Arc::new(Schema::builtin(1)));
    let context = JudgeContext::new(team_id, schema, ObjectType::Contact, options, &KeyHasher::new([42; 16]))?;
    let chunks = chunks_of(row_of);
    // A kind that is refused would be measured at saying why.
    let good = judge_chunk(&context, &chunks[0]).rows.iter().filter(|row| matches!(row, JudgedRow::Good(_))).count();
    if (good == 0) != name.starts_with("faulty") {
        return Err(format!("{name}: {good} of {ROWS_PER_CHUNK} rows are good").into());
    }
    Ok(Kind { name, context, chunks, beside, seconds: Vec::new() })
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

/// The values of a JSON row as the cells of a text file.
fn cells_of(json_row: &str) -> String {
    let mut cells = String::from("[");
    for (place, (_, raw)) in members(values_of(json_row)).enumerate() {
        if place > 0 {
            cells.push(',');
        }
        match raw {
            "null" => cells.push_str("\"\""),
            array if array.starts_with('[') => {
                let texts: Vec<_> = refract_domain::json::elements(array).map(unquote).collect();
                push_text(&mut cells, &texts.join("; "));
            }
            text => push_text(&mut cells, &unquote(text)),
        }
    }
    cells.push(']');
    cells
}

fn local_cells(row: u32) -> String {
    cells_of(&typed_row(row)).replace("\"2026-07-31\"", "\"31.07.2026\"")
}

/// The values of a JSON row under the names of their columns.
fn flat_line(row: u32) -> String {
    let mut line = String::from("{");
    for (slug, raw) in members(values_of(&plain_row(row))) {
        if line.len() > 1 {
            line.push(',');
        }
        line.push_str(&format!("\"The {slug}\":{raw}"));
    }
    line.push('}');
    line
}

/// What stands under `default`.
fn values_of(json_row: &str) -> &str {
    members(json_row).next().map_or("{}", |(_, values)| values)
}
