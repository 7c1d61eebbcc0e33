//! The entry point for fuzzing: takes any bytes, and panics if the reader breaks a promise.
//!
//! The promises: rows, facts and faults do not depend on how the file is cut into pieces; every row is valid UTF-8, and of
//! a delimited file a JSON array of strings; no limit is passed, and no more is held than the limits allow; a fault stays.

use crate::{Facts, FileError, HEAD_BYTES_MAX, ReadSettings, TableReader, TextFormat};

/// What came out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The rows handed out.
    pub rows: Vec<Vec<u8>>,
    /// How the file was read, if that became known.
    pub facts: Option<Facts>,
    /// Why it was not read to its end.
    pub fault: Option<FileError>,
}

/// Reads `data` in many ways and compares.
///
/// # Panics
/// When a promise is broken; that is its purpose.
pub fn read(data: &[u8]) {
    let tight = ReadSettings { row_bytes_max: 40, rows_max: 5, columns_max: 4, ..ReadSettings::default() };
    let tabs = ReadSettings { default_delimiter: Some(b'\t'), header: Some(false), ..ReadSettings::default() };
    let below = ReadSettings { skip_rows: Some(2), ..ReadSettings::default() };
    for settings in [ReadSettings::default(), tight, tabs, below] {
        for format in [TextFormat::Delimited, TextFormat::Ndjson] {
            // Held back whole, and mostly read as it comes.
            for head in [HEAD_BYTES_MAX, 16] {
                let whole = in_pieces(format, &settings, data, head, |_| usize::MAX);
                let cut = in_pieces(format, &settings, data, head, |_| 1);
                assert_eq!(whole, cut, "the outcome differs when cut after every byte");
                let mut seed = data.iter().fold(data.len() as u64, |hash, &byte| mix(hash ^ u64::from(byte)));
                let cut = in_pieces(format, &settings, data, head, |_| {
                    seed = mix(seed);
                    (seed % 23) as usize + 1
                });
                assert_eq!(whole, cut, "the outcome differs when cut at random");
            }
        }
    }
}

/// Reads `data` after holding back `head` bytes, the length of each piece given by a function of the position.
///
/// # Panics
/// When a row or the memory held breaks a promise.
pub fn in_pieces(
    format: TextFormat,
    settings: &ReadSettings,
    data: &[u8],
    head: usize,
    mut piece_length: impl FnMut(usize) -> usize,
) -> Outcome {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut reader = match TableReader::with_head(format, settings.clone(), head) {
        Ok(reader) => reader,
        Err(fault) => return Outcome { rows, facts: None, fault: Some(fault) },
    };
    let mut at = 0;
    let mut fault = None;
    while at < data.len() && fault.is_none() {
        let end = at.saturating_add(piece_length(at).max(1)).min(data.len());
        let piece = data.get(at..end).unwrap_or_default();
        fault = reader.push(piece, &mut |row: &[u8]| rows.push(row.to_vec())).err();
        assert!(reader.held_bytes() <= head.max(settings.row_bytes_max), "too much is held");
        assert!(rows.is_empty() || reader.facts().is_some(), "rows came before the facts");
        at = end;
    }
    if fault.is_some() {
        assert_eq!(reader.push(b"a,b\n", &mut |_: &[u8]| ()).err(), fault, "a fault must stay");
    }
    let end = reader.finish(&mut |row: &[u8]| rows.push(row.to_vec()));
    assert!(fault.is_none() || end.as_ref().err() == fault.as_ref(), "a fault must stay to the end");
    assert_eq!(reader.rows(), rows.len() as u64, "rows are counted");
    check(format, settings, &rows);
    Outcome { rows, facts: reader.facts().cloned(), fault: end.err() }
}

fn check(format: TextFormat, settings: &ReadSettings, rows: &[Vec<u8>]) {
    assert!(rows.len() as u64 <= settings.rows_max, "too many rows");
    for row in rows {
        assert!(row.len() <= settings.row_bytes_max, "a row is too long");
        assert!(std::str::from_utf8(row).is_ok(), "a row is no text");
        if format == TextFormat::Delimited {
            let cells = serde_json::from_slice::<Vec<String>>(row);
            assert!(cells.is_ok_and(|cells| cells.len() <= settings.columns_max), "a row is no array of cells");
        }
    }
}

/// Scrambles the bits of a number (splitmix64).
fn mix(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
