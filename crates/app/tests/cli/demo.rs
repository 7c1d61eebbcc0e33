//! `refract demo`, end to end.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use super::program::{Program, ended_within, signal};

/// 23,971 rows; one holds U+0000 and fails; of the others 26 have no name, and 22,209 names are distinct.
const COUNTS: [&str; 4] = ["23,971", "22,235", "1,735", "1"];

#[test]
fn every_row_of_the_example_is_accounted_for() {
    let temporary = tempfile::tempdir().unwrap();
    let shown = Program::new("demo --exit").env("TMPDIR", temporary.path()).run().code(0).stdout;
    let counts = shown.lines().skip_while(|line| !line.contains("created")).nth(1).unwrap_or_default();
    let cells: Vec<&str> = counts.split_whitespace().take(4).collect();
    assert_eq!(cells, COUNTS, "{shown}");
    assert!(shown.contains("Row 1 made a record: Daffodil International Academy | daffodil.ac"), "{shown}");
    assert!(shown.contains("matched the record that row 137 made"), "{shown}");
    assert!(shown.contains("failed, and only that row") && shown.contains("U+0000"), "{shown}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the store's folder is gone");
}

#[test]
fn it_serves_on_until_ctrl_c() {
    let temporary = tempfile::tempdir().unwrap();
    let program = Program::new("demo").env("TMPDIR", temporary.path());
    let (mut child, _home) = program.spawn(Stdio::null(), Stdio::piped(), Stdio::null());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let curl = lines.find(|line| line.trim_start().starts_with("curl ")).expect("a curl line");
    let answer = std::process::Command::new("sh").args(["-c", &curl]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("the curl line works");
    assert_eq!(answer["succeeded"], 2, "{answer}");
    signal(&child, "INT");
    assert_eq!(ended_within(&mut child, Duration::from_secs(10)), Some(0));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the store's folder is gone");
}

#[test]
fn a_taken_address_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    Program::new(&format!("demo --exit --listen {address}")).run().code(1).tells("cannot listen on").tells("--listen");
    Program::new("demo --exit --listen here").run().code(78).tells("listen");
}

#[test]
fn a_plain_progress_is_written_where_there_is_no_terminal() {
    let (mut child, _home) = Program::new("demo --exit").spawn(Stdio::null(), Stdio::null(), Stdio::piped());
    let mut progress = String::new();
    child.stderr.take().unwrap().read_to_string(&mut progress).unwrap();
    assert_eq!(ended_within(&mut child, Duration::from_secs(60)), Some(0));
    assert!(progress.starts_with("processing 23,971 rows\n") && !progress.contains('\x1b'), "{progress:?}");
}
