//! Files as people send them, each with what must come out of it in a `.json` beside it.
//!
//! `why` says what a file is there for where its name does not; `settings` are overrides. A file with a fault may have rows
//! before it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use refract_files::fuzz::{Outcome, in_pieces};
use refract_files::{Fact, Found, HEAD_BYTES_MAX, ReadSettings, TextFormat};
use serde_json::{Map, Value, json};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn character(value: &Value) -> Option<u8> {
    value.as_str().map(|text| text.as_bytes()[0])
}

fn settings_of(golden: &Map<String, Value>, extension: &str) -> ReadSettings {
    let mut settings =
        ReadSettings { default_delimiter: (extension == "tsv").then_some(b'\t'), ..ReadSettings::default() };
    for (name, value) in golden.get("settings").and_then(Value::as_object).into_iter().flatten() {
        match name.as_str() {
            "delimiter" => settings.delimiter = character(value),
            "quote" => settings.quote = Some(character(value)),
            "skip_rows" => settings.skip_rows = value.as_u64(),
            "header" => settings.header = value.as_bool(),
            "encoding" => settings.encoding = value.as_str().map(str::to_owned),
            "columns_max" => settings.columns_max = value.as_u64().unwrap() as usize,
            "row_bytes_max" => settings.row_bytes_max = value.as_u64().unwrap() as usize,
            "rows_max" => settings.rows_max = value.as_u64().unwrap(),
            _ => panic!("no setting is called {name}"),
        }
    }
    settings
}

fn shown<T: Into<Value>>(fact: Fact<T>) -> Value {
    json!([fact.value.into(), fact.found.as_str()])
}

fn shown_mark(mark: Fact<Option<u8>>) -> Value {
    shown(Fact { value: mark.value.map(|mark| char::from(mark).to_string()), found: mark.found })
}

/// What a reading says, in the form of the goldens.
fn outcome_of(format: TextFormat, settings: &ReadSettings, bytes: &[u8], piece: usize) -> Map<String, Value> {
    let Outcome { rows, facts, fault } = in_pieces(format, settings, bytes, HEAD_BYTES_MAX, |_| piece);
    let mut outcome = Map::new();
    if let Some(fault) = fault {
        if let Some(line) = fault.line {
            assert!(fault.message.contains(&format!("ine {line}")), "the message names the line: {fault}");
        }
        outcome.insert("error".into(), json!({"code": fault.code.as_str(), "line": fault.line}));
    }
    let Some(facts) = facts else {
        assert!(rows.is_empty());
        return outcome;
    };
    outcome.insert("encoding".into(), shown(facts.encoding));
    outcome.insert("bom".into(), json!(facts.bom));
    if let Some(dialect) = facts.dialect {
        outcome.insert("delimiter".into(), shown_mark(dialect.delimiter));
        outcome.insert("quote".into(), shown_mark(dialect.quote));
        if dialect.skip_rows != (Fact { value: 0, found: Found::Default }) {
            outcome.insert("skip_rows".into(), shown(dialect.skip_rows));
        }
        outcome.insert("header".into(), shown(dialect.header));
        outcome.insert("columns".into(), json!(dialect.columns));
    }
    let row_of = |row: &Vec<u8>| match format {
        TextFormat::Delimited => serde_json::from_slice(row).unwrap(),
        TextFormat::Ndjson => json!(std::str::from_utf8(row).unwrap()),
    };
    outcome.insert("rows".into(), rows.iter().map(row_of).collect());
    outcome
}

#[test]
fn every_file_of_the_corpus_is_read_as_its_golden_says() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_owned();
        let format = match extension.as_str() {
            "csv" | "tsv" => TextFormat::Delimited,
            "ndjson" => TextFormat::Ndjson,
            _ => continue,
        };
        let bytes = fs::read(&path).unwrap();
        let mut golden: Map<String, Value> =
            serde_json::from_slice(&fs::read(corpus().join(format!("{name}.json"))).unwrap()).unwrap();
        let settings = settings_of(&golden, &extension);
        golden.retain(|key, _| !matches!(key.as_str(), "why" | "settings"));
        for piece in [usize::MAX, 1, 3, 64] {
            let outcome = outcome_of(format, &settings, &bytes, piece);
            if outcome != golden {
                wrong.push(format!("{name}, pieces of {piece}: {}", Value::from(outcome)));
                break;
            }
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{} files are read otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= 122, "the corpus has shrunk to {seen} files");
}

#[test]
fn one_table_in_six_encodings_gives_the_same_rows() {
    let read = |name: &str| {
        let bytes = fs::read(corpus().join(name)).unwrap();
        let Outcome { rows, facts, fault } =
            in_pieces(TextFormat::Delimited, &ReadSettings::default(), &bytes, HEAD_BYTES_MAX, |_| usize::MAX);
        assert_eq!(fault, None);
        (rows, facts.unwrap().dialect)
    };
    let expected = read("german_utf8.csv");
    assert_eq!(expected.0.len(), 2);
    for name in ["windows1252", "utf16le_bom", "utf16be_bom", "utf16le", "utf16be"] {
        assert_eq!(read(&format!("german_{name}.csv")), expected, "{name}");
    }
}
