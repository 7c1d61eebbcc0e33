//! What the parent makes of its child, whatever the child does. The children are shells here; the real one is tested with the
//! binary, in `crates/app/tests/workbook`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsString;
use std::path::Path;

use refract_workbook::{Code, OpenWorkbook, Settings, WorkbookError, Workbooks};

const HEAD: &str = r#"{"head":{"format":"ods","sheet":"a","sheet_index":0,"columns":["a"],"skip_rows":0,"header_row":1,"first_row":2,"date_1904":false}}"#;
const FACTS: &str = r#"{"facts":{"head":{"format":"ods","sheet":"a","sheet_index":0,"columns":["a"],"skip_rows":0,"header_row":1,"first_row":2,"date_1904":false},"sheets":[],"rows":2}}"#;

fn open(script: &str, settings: &Settings) -> Result<OpenWorkbook, WorkbookError> {
    let script = script.replace("HEAD", &format!("echo '{HEAD}'")).replace("FACTS", &format!("echo '{FACTS}'"));
    Workbooks::new("/bin/sh", ["-c", &script].map(OsString::from)).open(Path::new("some file"), settings)
}

fn all(script: &str) -> Vec<Result<String, WorkbookError>> {
    open(script, &Settings::default()).expect("a head").collect()
}

#[track_caller]
fn assert_ends(script: &str, code: Code, words: &str) {
    let error = all(script).pop().expect("a last one").unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(words), "{error}");
}

#[test]
fn rows_and_facts_come_as_they_are_written() {
    let mut workbook = open("HEAD; echo '[1]'; echo '[\"ä\"]'; FACTS", &Settings::default()).unwrap();
    assert_eq!(workbook.head().columns, ["a"]);
    assert!(workbook.facts().is_none());
    let rows: Vec<String> = workbook.by_ref().map(Result::unwrap).collect();
    assert_eq!(rows, ["[1]", "[\"ä\"]"]);
    assert_eq!(workbook.facts().unwrap().rows, 2);
    assert!(workbook.next().is_none(), "the end stays the end");
}

#[test]
fn a_child_is_told_the_file_and_the_settings_and_nothing_of_its_parents_environment() {
    let script = r#"[ "$0" = "some file" ] || exit 1; case "$1" in '{"sheet":"first_visible","skip_rows":null,"header":true,"limits":{'*) ;; *) exit 2; esac;
        [ -z "$HOME$CARGO$CARGO_MANIFEST_DIR" ] || exit 3; HEAD; FACTS"#;
    assert!(all(script).is_empty());
}

#[test]
fn an_error_of_the_child_is_its_parents() {
    let script = r#"HEAD; echo '[1]'; echo '{"error":{"code":"too_many_rows","message":"more than 1"}}'"#;
    assert_eq!(all(script)[0], Ok("[1]".to_owned()));
    assert_ends(script, Code::TooManyRows, "more than 1");
    let early =
        open(r#"echo '{"error":{"code":"unknown_sheet","message":"none"}}'"#, &Settings::default()).unwrap_err();
    assert_eq!(early.code, Code::UnknownSheet);
}

#[test]
fn a_child_that_dies_says_that_the_workbook_is_beyond_its_limits() {
    assert_ends("HEAD; kill -ABRT $$", Code::InvalidFile, "512 MiB of memory, was ended by signal 6");
    assert_ends("HEAD; echo '[1'; kill -KILL $$", Code::InvalidFile, "was ended by signal 9");
    assert_ends("HEAD; printf '[1'; kill -XCPU $$", Code::InvalidFile, "60 s of processor time");
    assert_ends("HEAD; exit 101", Code::InvalidFile, "the reader failed on it");
    let early = open("kill -SEGV $$", &Settings::default()).unwrap_err();
    assert_eq!(early.code, Code::InvalidFile);
}

#[test]
fn a_child_that_makes_no_sense_is_no_fault_of_the_workbook() {
    assert_ends("HEAD; exit 0", Code::Unavailable, "did not answer as expected");
    assert_ends("HEAD; echo '{'; FACTS", Code::Unavailable, "did not answer as expected");
    assert_ends("HEAD; HEAD; FACTS", Code::Unavailable, "did not answer as expected");
    assert_eq!(open("echo '[1]'", &Settings::default()).unwrap_err().code, Code::Unavailable);
    assert_eq!(open("exit 2", &Settings::default()).unwrap_err().code, Code::Unavailable);
    let missing = Workbooks::new("/nowhere/refract", []).open(Path::new("a"), &Settings::default()).unwrap_err();
    assert_eq!(missing.code, Code::Unavailable);
    // A line without end does not fill the memory.
    let mut settings = Settings::default();
    settings.limits.row_bytes_max = 10;
    let endless = open("exec yes | tr -d '\\n'", &settings).unwrap_err();
    assert_eq!(endless.code, Code::InvalidFile);
}

#[test]
fn a_child_that_takes_too_long_is_ended() {
    let mut settings = Settings::default();
    settings.limits.wall_seconds_max = 1;
    let mut workbook = open("HEAD; echo '[1]'; exec sleep 1000", &settings).unwrap();
    assert_eq!(workbook.next(), Some(Ok("[1]".to_owned())));
    let error = workbook.next().unwrap().unwrap_err();
    assert!(error.message.contains("longer than 1 s"), "{error}");
    assert!(workbook.next().is_none());
}

#[test]
fn a_child_does_not_outlive_what_reads_it() {
    let mut workbook = open("HEAD; echo \"[$$]\"; exec sleep 1000", &Settings::default()).unwrap();
    let pid = workbook.next().unwrap().unwrap();
    let pid: i32 = pid.trim_matches(['[', ']']).parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    assert!(rustix::process::test_kill_process(pid).is_ok());
    drop(workbook);
    assert!(rustix::process::test_kill_process(pid).is_err());
}
