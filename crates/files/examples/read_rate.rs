//! Reads a file as the server would, and says how fast: `cargo run --release -p refract-files --example read_rate -- FILE`.

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use refract_files::{ReadSettings, TableReader, TextFormat};

/// Bytes pushed at once, as they come from a connection.
const PIECE_BYTES: usize = 64 * 1024;

/// Readings, of which the fastest counts.
const READINGS: usize = 5;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: read_rate FILE")?;
    let is_ndjson = Path::new(&path).extension().is_some_and(|extension| extension == "ndjson");
    let format = if is_ndjson { TextFormat::Ndjson } else { TextFormat::Delimited };
    let bytes = fs::read(&path)?;
    let mut fastest = f64::INFINITY;
    let mut last = None;
    for _ in 0..READINGS {
        let mut out_bytes = 0;
        let mut sink = |row: &[u8]| out_bytes += row.len();
        let begun = Instant::now();
        let mut reader = TableReader::new(format, ReadSettings::default())?;
        for piece in bytes.chunks(PIECE_BYTES) {
            reader.push(piece, &mut sink)?;
        }
        let facts = reader.finish(&mut sink)?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
        last = Some((facts, reader.rows(), out_bytes));
    }
    if let Some((facts, rows, out_bytes)) = last {
        let rows_a_second = rows as f64 / fastest;
        let megabytes_a_second = bytes.len() as f64 / fastest / 1e6;
        println!("{facts:?}");
        println!("{rows} rows, {out_bytes} bytes of rows");
        println!("{rows_a_second:.0} rows/s, {megabytes_a_second:.0} MB/s");
    }
    Ok(())
}
