//! Workbooks read in a child process of the real binary, as servers do: what comes of them, and what becomes of those that
//! would take more than their limits.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use refract_workbook::{Code, Settings, SheetChoice, WorkbookError, Workbooks};

fn workbooks() -> Workbooks {
    Workbooks::new(env!("CARGO_BIN_EXE_refract"), [OsString::from("read-workbook")])
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../workbook/tests/fixtures").join(name)
}

/// An uncompressed ODS with these cells, a row each: what is allowed to expand is not asked here.
fn ods(rows: usize, cell: impl Fn(usize) -> String) -> tempfile::NamedTempFile {
    let mut content = String::from("<document-content><body><spreadsheet><table name='a'>");
    for row in 0..rows {
        write!(content, "<table-row><table-cell><p>{}</p></table-cell></table-row>", cell(row)).unwrap();
    }
    content.push_str("</table></spreadsheet></body></document-content>");
    stored(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

/// An archive of parts that are not packed.
fn stored(parts: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let small = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut sum = flate2::Crc::new();
        sum.update(content.as_bytes());
        // Version, flags, method (none), time, sum, sizes, length of the name, no extra field.
        let mut header = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        header.extend_from_slice(&sum.sum().to_le_bytes());
        header.extend_from_slice(&small(content.len()));
        header.extend_from_slice(&small(content.len()));
        header.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        header.extend_from_slice(&[0, 0]);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&header);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&small(file.len()));
        directory.extend_from_slice(name.as_bytes());
        file.extend_from_slice(b"PK\x03\x04");
        file.extend_from_slice(&header);
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(content.as_bytes());
    }
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    let (begin, length) = (small(file.len()), small(directory.len()));
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    file.extend_from_slice(&[count, count].concat());
    file.extend_from_slice(&[length, begin].concat());
    file.extend_from_slice(&[0, 0]);
    let made = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(made.path(), file).unwrap();
    made
}

fn end_of(path: &Path, settings: &Settings) -> WorkbookError {
    match workbooks().open(path, settings) {
        Ok(workbook) => workbook.last().expect("an end that is an error").unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn both_formats_give_their_rows_and_facts() {
    for name in ["people.xlsx", "people.ods"] {
        let mut workbook = workbooks().open(&fixture(name), &Settings::default()).unwrap();
        assert_eq!(workbook.head().sheet, "People");
        let rows: Vec<String> = workbook.by_ref().map(Result::unwrap).collect();
        let first =
            r#"["Ada Lovelace",36,99.5,true,"1985-12-10","2026-11-29T08:30:00","06:45:00","36:15:00",0.25,12.5]"#;
        assert_eq!(rows[0], first, "{name}");
        assert_eq!(workbook.facts().unwrap().rows, 3);
    }
}

#[test]
fn more_rows_than_a_pipe_holds_come_in_their_order() {
    let many = ods(100_000, |row| format!("cell {row}"));
    let workbook = workbooks().open(many.path(), &Settings::default()).unwrap();
    assert_eq!(workbook.head().columns, ["cell 0"]);
    let mut expected = 1;
    for row in workbook {
        assert_eq!(row.unwrap(), format!("[\"cell {expected}\"]"));
        expected += 1;
    }
    assert_eq!(expected, 100_000);
}

#[test]
fn settings_reach_the_child_and_errors_come_back() {
    let settings = |sheet| Settings { sheet, ..Settings::default() };
    let chosen =
        workbooks().open(&fixture("hidden_first.ods"), &settings(SheetChoice::Name("More".to_owned()))).unwrap();
    assert_eq!(chosen.head().sheet_index, 2);
    let unknown = end_of(&fixture("hidden_first.ods"), &settings(SheetChoice::Index(9)));
    assert_eq!(unknown.code, Code::UnknownSheet);
    let unsupported = end_of(&fixture("make.py"), &Settings::default());
    assert_eq!(unsupported.code, Code::UnsupportedMediaType);
}

/// The reader's own limits keep it far from this one, so they are taken away here.
#[test]
fn a_child_that_needs_more_memory_than_allowed_dies_alone() {
    let mut settings = Settings::default();
    settings.limits.row_bytes_max = usize::MAX / 4;
    settings.limits.memory_bytes_max = 96 * 1024 * 1024;
    let large = ods(1, |_| "x".repeat(64 * 1024 * 1024));
    let error = end_of(large.path(), &settings);
    assert_eq!(error.code, Code::InvalidFile);
    assert!(error.message.contains("within its limits") && error.message.contains("96 MiB"), "{error}");
}

#[test]
fn a_child_that_needs_more_processor_time_than_allowed_dies_alone() {
    let mut settings = Settings { header: false, ..Settings::default() };
    settings.limits.processor_seconds_max = 1;
    settings.limits.empty_rows_max = u64::MAX;
    settings.limits.rows_max = u64::MAX;
    // Two rows so far apart that the empty ones between them take long.
    let far = stored(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "content.xml",
            "<document-content><body><spreadsheet><table name='a'><table-row><table-cell><p>a</p></table-cell></table-row>\
             <table-row number-rows-repeated='4000000000'/><table-row><table-cell><p>b</p></table-cell></table-row>\
             </table></spreadsheet></body></document-content>",
        ),
    ]);
    settings.limits.decoded_bytes_max = u64::MAX;
    let error = end_of(far.path(), &settings);
    assert_eq!(error.code, Code::InvalidFile);
    assert!(error.message.contains("more than 1 s of processor time"), "{error}");
}

#[test]
fn the_command_works_from_a_shell_and_help_does_not_list_it() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_refract")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let file = fixture("header_only.xlsx");
    let file = file.to_str().unwrap();
    let (code, out) = run(&["read-workbook", file, r#"{"header":false}"#]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((code, lines.len()), (Some(0), 3), "{out}");
    assert!(lines[0].starts_with(r#"{"head":{"format":"xlsx""#), "{out}");
    assert_eq!(lines[1], r#"["name","email"]"#);
    assert!(lines[2].starts_with(r#"{"facts":{"#), "{out}");
    let (code, out) = run(&["read-workbook", "/nowhere.xlsx"]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with(r#"{"error":{"code":"unavailable""#), "{out}");
    let (_, out) = run(&["read-workbook", file, r#"{"heeder":false}"#]);
    assert!(out.contains("unknown field"), "{out}");
    let (_, help) = run(&["--help"]);
    assert!(help.contains("migrate") && !help.contains("read-workbook"), "{help}");
}
