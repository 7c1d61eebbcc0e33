//! Awkward workbooks beside what must be read of them. `fixtures/make.py` makes the workbooks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use refract_workbook::{Code, Head, Settings, SheetChoice, Sink, WorkbookError, WorkbookFacts, read_workbook};

/// Keeps what it is given.
#[derive(Default)]
struct Kept {
    heads: Vec<Head>,
    rows: Vec<String>,
}

impl Sink for Kept {
    fn head(&mut self, head: &Head) -> std::io::Result<()> {
        assert!(self.rows.is_empty(), "the head comes before the rows");
        self.heads.push(head.clone());
        Ok(())
    }

    fn row(&mut self, row: &str) -> std::io::Result<()> {
        self.rows.push(row.to_owned());
        Ok(())
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(name: &str, settings: &Settings) -> (Kept, Result<WorkbookFacts, WorkbookError>) {
    let mut kept = Kept::default();
    let facts = read_workbook(&fixture(name), settings, &mut kept);
    (kept, facts)
}

/// All that is read of a workbook, as text: the head, the rows, the end.
fn shown(name: &str) -> String {
    let mut settings = Settings { header: !name.starts_with("no_header"), ..Settings::default() };
    if name.starts_with("endless") {
        settings.limits.rows_max = 2;
    }
    let (kept, facts) = read(name, &settings);
    let mut out = String::new();
    for head in &kept.heads {
        writeln!(out, "{}", serde_json::to_string(head).unwrap()).unwrap();
    }
    for row in &kept.rows {
        let cells: Vec<serde_json::Value> = serde_json::from_str(row).expect("a row is a JSON array");
        assert!(cells.len() >= kept.heads[0].columns.len(), "{name}: {row}");
        writeln!(out, "{row}").unwrap();
    }
    match facts {
        Ok(facts) => {
            assert_eq!(kept.heads, [facts.head], "{name}: one head, the same before and after");
            assert_eq!(facts.rows, kept.rows.len() as u64);
            writeln!(out, "{} rows of {}", facts.rows, serde_json::to_string(&facts.sheets).unwrap()).unwrap();
        }
        Err(error) => writeln!(out, "{:?}: {error}", error.code).unwrap(),
    }
    out
}

fn names_in(folder: &str) -> Vec<String> {
    let entries =
        std::fs::read_dir(fixture(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| name.ends_with(".xlsx") || name.ends_with(".ods")).collect();
    names.sort();
    names.into_iter().map(|name| format!("{folder}{name}")).collect()
}

#[test]
fn every_workbook_is_read_as_written_beside_it() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for name in names_in("").into_iter().chain(names_in("libreoffice/")) {
        seen += 1;
        let found = shown(&name);
        let golden = fixture(&format!("{name}.golden"));
        if std::env::var_os("REFRACT_WRITE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{name}:\n{found}--- instead of\n{expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 41, "only {seen} workbooks are there");
}

#[test]
fn one_data_set_gives_the_same_rows_from_both_formats() {
    for name in ["people", "merged", "hidden_first", "titles"] {
        let (xlsx, _) = read(&format!("{name}.xlsx"), &Settings::default());
        let (ods, _) = read(&format!("{name}.ods"), &Settings::default());
        assert!(!xlsx.rows.is_empty());
        assert_eq!(xlsx.rows, ods.rows, "{name}");
        assert_eq!(xlsx.heads[0].columns, ods.heads[0].columns, "{name}");
        assert_eq!(xlsx.heads[0].sheet_index, ods.heads[0].sheet_index, "{name}");
    }
}

#[test]
fn rows_above_the_table_are_passed_over_as_told() {
    for name in ["titles.xlsx", "titles.ods"] {
        let of = |skip_rows, header| {
            let (kept, facts) = read(name, &Settings { skip_rows, header, ..Settings::default() });
            (kept.heads[0].clone(), facts.unwrap().rows)
        };
        let (found, rows) = of(None, true);
        assert_eq!((found.skip_rows, found.header_row, found.first_row, rows), (3, Some(4), Some(5), 2), "{name}");
        let (told, rows) = of(Some(3), true);
        assert_eq!((&told, rows), (&found, 2), "{name}");
        let (denied, rows) = of(Some(0), true);
        assert_eq!((denied.skip_rows, denied.header_row, rows), (0, Some(1), 5), "{name}");
        let (in_the_rows, rows) = of(Some(4), true);
        assert_eq!(in_the_rows.columns, ["Ada", "ada@example.org", "2023-12-10", "3"], "{name}");
        assert_eq!((in_the_rows.header_row, rows), (Some(5), 1), "{name}");
        let (without, rows) = of(Some(4), false);
        assert_eq!((without.header_row, without.first_row, rows), (None, Some(5), 2), "{name}");
        let (all, rows) = of(None, false);
        assert_eq!((all.skip_rows, all.first_row, rows), (0, Some(1), 6), "{name}");
        let (beyond, rows) = of(Some(100), true);
        assert_eq!((beyond.columns.len(), beyond.header_row, rows), (0, None, 0), "{name}");
    }
}

#[test]
fn a_sheet_is_chosen_by_name_and_by_place_also_a_hidden_one() {
    for format in ["xlsx", "ods"] {
        let name = format!("hidden_first.{format}");
        let choose = |sheet| read(&name, &Settings { sheet, ..Settings::default() });
        let columns = |sheet| choose(sheet).0.heads[0].columns.clone();
        assert_eq!(columns(SheetChoice::FirstVisible), ["a", "b"]);
        assert_eq!(columns(SheetChoice::Name("More".to_owned())), ["c"]);
        assert_eq!(columns(SheetChoice::Index(0)), ["not this one"]);
        for unknown in [SheetChoice::Name("data".to_owned()), SheetChoice::Index(3)] {
            let (kept, facts) = choose(unknown);
            let error = facts.unwrap_err();
            assert_eq!(error.code, Code::UnknownSheet);
            assert!(error.message.ends_with("it has: Notes, Data, More"), "{error}");
            assert!(kept.heads.is_empty());
        }
    }
}

#[test]
fn reading_stops_at_each_limit() {
    let stopped = |name: &str, change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        let (kept, facts) = read(name, &settings);
        (facts.unwrap_err().code, kept.rows.len())
    };
    for name in ["people.xlsx", "people.ods"] {
        assert_eq!(stopped(name, &|settings| settings.limits.rows_max = 2), (Code::TooManyRows, 2));
        assert_eq!(stopped(name, &|settings| settings.limits.columns_max = 9), (Code::TooManyColumns, 0));
        assert_eq!(stopped(name, &|settings| settings.limits.decoded_bytes_max = 300), (Code::PayloadTooLarge, 0));
    }
    assert_eq!(stopped("inline.xlsx", &|settings| settings.limits.row_bytes_max = 20).0, Code::RowTooLarge);
    assert_eq!(stopped("repeated.ods", &|settings| settings.limits.empty_rows_max = 1).0, Code::InvalidFile);
    assert_eq!(stopped("shared.xlsx", &|settings| settings.limits.shared_text_bytes_max = 40).0, Code::PayloadTooLarge);
    let (facts, rows) = stopped("endless.ods", &|settings| settings.limits.decoded_bytes_max = 1 << 20);
    assert_eq!(facts, Code::PayloadTooLarge);
    assert!(rows < 600, "{rows} rows of 2 kB are a megabyte");
}

#[test]
fn a_sink_that_takes_no_more_ends_the_reading() {
    struct Full(usize);
    impl Sink for Full {
        fn head(&mut self, _: &Head) -> std::io::Result<()> {
            Ok(())
        }
        fn row(&mut self, _: &str) -> std::io::Result<()> {
            self.0 += 1;
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut full = Full(0);
    let error = read_workbook(&fixture("people.xlsx"), &Settings::default(), &mut full).unwrap_err();
    assert_eq!((error.code, full.0), (Code::Unavailable, 1));
}
