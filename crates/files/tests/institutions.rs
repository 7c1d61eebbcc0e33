//! A real export, damaged cell and all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use refract_files::fuzz::{Outcome, in_pieces};
use refract_files::{HEAD_BYTES_MAX, ReadSettings, TextFormat};

#[test]
fn the_institutions_come_out_whole_whatever_the_pieces() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/institutions.csv");
    let bytes = fs::read(path).unwrap();
    let Outcome { rows, facts, fault } =
        in_pieces(TextFormat::Delimited, &ReadSettings::default(), &bytes, HEAD_BYTES_MAX, |_| usize::MAX);
    assert_eq!((rows.len(), fault), (23_971, None));
    assert_eq!(facts.unwrap().dialect.unwrap().columns, ["Institution", "Domain", "Also known as"]);
    let cells: Vec<Vec<String>> = rows.iter().map(|row| serde_json::from_slice(row).unwrap()).collect();
    assert!(cells.iter().all(|row| row.len() == 3));
    assert_eq!(cells[1], ["DIU", "diu.ac", "Dhaka International University"]);
    // One cell of the export holds NUL characters: it is a matter of that row.
    assert_eq!(cells.iter().filter(|row| row.concat().contains('\0')).count(), 1);
    let again = in_pieces(TextFormat::Delimited, &ReadSettings::default(), &bytes, HEAD_BYTES_MAX, |at| at % 4_099 + 1);
    assert!(rows == again.rows, "the rows differ when cut into pieces");
}

#[test]
fn another_parser_reads_the_same_cells() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/institutions.csv");
    let bytes = fs::read(path).unwrap();
    let outcome = in_pieces(TextFormat::Delimited, &ReadSettings::default(), &bytes, HEAD_BYTES_MAX, |_| usize::MAX);
    let mut other = csv::Reader::from_reader(bytes.as_slice());
    let mut rows = outcome.rows.iter();
    for record in other.records() {
        let cells: Vec<String> = serde_json::from_slice(rows.next().unwrap()).unwrap();
        assert!(record.unwrap().iter().eq(&cells), "{cells:?}");
    }
    assert_eq!(rows.next(), None);
}
