//! `refract imports` against a real server: a messy file is imported, explained, corrected, tried again and undone.

use std::fs;

use refract_workbook::{Cell, Format, WorkbookWriter};
use serde_json::Value;

use super::program::Program;
use super::support::server::{Launch, Server};

fn run(server: &Server, arguments: &str) -> Program {
    Program::new(arguments).client_of(server, &server.tenant())
}

const MESSY: &str = "Titel;Betrag;Notiz\nGut;12,5;ja\nSchlecht;zwölf;nein\nKurz;1\n";
const READING: &str = "--type deal --map Betrag=value --decimal-mark ,";

#[test]
fn a_messy_file_is_imported_corrected_and_undone() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let folder = tempfile::tempdir().unwrap();
    let (file, failed) = (folder.path().join("deals.csv"), folder.path().join("failed.csv"));
    fs::write(&file, MESSY).unwrap();
    let import = run(&server, &format!("import {READING} --output json")).arg("--failed-to").arg(&failed).arg(&file);
    let first = import.run().code(3).tells("failed.csv").json();
    let job = first["job_id"].as_str().expect("a file becomes a job").to_owned();
    assert_eq!((&first["created"], &first["rejected"]), (&1.into(), &2.into()), "{first}");

    let summary = run(&server, &format!("imports summary {job}")).run().code(0).stdout;
    assert!(summary.contains("1 × invalid_value (default.value)") && summary.contains("rows 2"), "{summary}");
    let results = run(&server, &format!("imports results {job} --outcome failed")).run().code(0).stdout;
    assert_eq!(results.lines().count(), 2, "{results}");
    let text = fs::read_to_string(&failed).unwrap();
    assert!(text.contains("Schlecht;zwölf;nein;2;invalid_value;Betrag;"), "{text}");

    fs::write(&failed, text.replace("zwölf", "12")).unwrap();
    let corrected = run(&server, &format!("import {READING} --output json")).arg(&failed).run().code(0).json();
    assert_eq!(corrected["created"], 2, "{corrected}");
    assert_eq!(client.count("deal"), 3);

    let listed: Value = run(&server, "imports list --output json").run().code(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    let shown = run(&server, "imports list --type deal").run().code(0).stdout;
    assert!(shown.starts_with("JOB") && shown.contains(&job), "{shown}");

    run(&server, &format!("imports undo {job}")).run().code(2).tells("--yes");
    let undone =
        run(&server, &format!("imports undo {job} --yes --output json")).run().code(0).tells("undo accepted").json();
    assert_eq!(
        (&undone["total"], &undone["removed"], &undone["unchanged"]),
        (&3.into(), &1.into(), &2.into()),
        "{undone}"
    );
    assert_eq!(client.count("deal"), 2);
}

#[test]
fn failed_rows_of_a_workbook_come_in_the_format_of_the_files_name() {
    let server = Launch::new().start();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut workbook =
        WorkbookWriter::begin(Format::Xlsx, "Deals", 2, fs::File::create(at("deals.xlsx")).unwrap()).unwrap();
    for row in [["Titel", "Betrag"], ["Gut", "12"], ["Schlecht", "zwölf"]] {
        workbook.row(row.map(|text| Cell::Text(text.into()))).unwrap();
    }
    workbook.finish().unwrap();
    let import = |from: &str, to: &str| {
        let import = run(&server, "import --type deal --map Betrag=value --output json --failed-to").arg(at(to));
        import.arg(at(from)).run().code(3).json()["job_id"].as_str().expect("a file becomes a job").to_owned()
    };
    let job = import("deals.xlsx", "failed.xlsx");
    assert!(fs::read(at("failed.xlsx")).unwrap().starts_with(b"PK"));
    import("failed.xlsx", "failed.csv");
    let text = fs::read_to_string(at("failed.csv")).unwrap();
    assert!(text.contains("Schlecht,zwölf,1,invalid_value,Betrag,"), "{text}");
    let failed = format!("imports failed {job} --to");
    run(&server, &failed).arg(at("failed.ods")).run().code(0).tells("spreadsheetml.sheet, whatever its name says");
    let piped = run(&server, &format!("imports failed {job}")).run().code(0);
    assert!(piped.stdout.starts_with("PK"));
}

#[test]
fn rows_are_tried_again_with_another_mapping() {
    let server = Launch::new().start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deals.csv");
    fs::write(&file, "Name,Sum\nA,many\nB,2\n").unwrap();
    let first = run(&server, "import --type deal --map Sum=value --output json").arg(&file).run().code(3).json();
    let job = first["job_id"].as_str().expect("a job").to_owned();
    run(&server, &format!("imports retry {job} --map Sum=valeu")).run().code(1).tells("\"value\"");
    let again = run(&server, &format!("imports retry {job} --map Sum=description --output json")).run().code(0).json();
    assert_eq!((&again["total"], &again["created"]), (&1.into(), &1.into()), "{again}");
    run(&server, &format!("imports cancel {job}")).run().code(1).tells("409");
    run(&server, "imports watch 7d1e").run().code(2).tells("imports list");
    let unknown = "0b8f2d6e-0000-4000-8000-000000000001";
    let corrected = folder.path().join("failed.csv");
    fs::write(&corrected, "corrected by hand").unwrap();
    run(&server, &format!("imports failed {unknown} --to")).arg(&corrected).run().code(1).tells("404");
    assert_eq!(fs::read_to_string(&corrected).unwrap(), "corrected by hand");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    Program::new("man").arg(&pages).run().code(0);
    let names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    for name in ["refract.1", "refract-import.1", "refract-imports-undo.1", "refract-serve.1"] {
        assert!(names.iter().any(|page| page == name), "{name}: {names:?}");
    }
}

#[test]
fn a_dry_run_is_read_and_applied() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.csv");
    fs::write(&file, "email,full_name\na@x.io,Ada\nb@x.io,Bob\n,Nobody\n").unwrap();
    let options = "--type contact --dedupe-by email --update-existing --option on_missing_key=skip";
    run(&server, &format!("import {options}")).arg(&file).run().code(0);
    fs::write(&file, "email,full_name\na@x.io,Ada Lovelace\nb@x.io,Bob\nc@x.io,Cleo\n,Nobody\n").unwrap();

    let said = run(&server, &format!("import {options} --dry-run")).arg(&file).run().code(0).tells("imports apply");
    assert!(said.stdout.contains("nothing was written"), "{}", said.stdout);
    assert!(said.stdout.contains("row 1: default.full_name: \"Ada\" → \"Ada Lovelace\""), "{}", said.stdout);
    assert!(said.stdout.contains("  skipped              1\n"), "{}", said.stdout);
    assert_eq!(client.count("contact"), 2);
    let plan = said.stderr.rsplit("imports apply ").next().unwrap().trim().to_owned();
    let done =
        run(&server, &format!("imports apply {plan} --output json")).run().code(0).tells("apply accepted").json();
    assert_eq!((&done["created"], &done["updated"], &done["skipped"]), (&1.into(), &1.into(), &1.into()), "{done}");
    assert_eq!(client.count("contact"), 3);
    run(&server, &format!("imports apply {plan}")).run().code(1).tells("applied once");

    fs::write(&file, "email,full_name\nd@x.io,Dora\n").unwrap();
    let both = run(&server, &format!("import {options} --dry-run --yes")).arg(&file).run().code(0).stdout;
    assert!(both.contains("contact dry run") && both.contains("apply job"), "{both}");
    assert_eq!(client.count("contact"), 4);
    // What would change nothing is not asked about, nor done.
    let same =
        run(&server, &format!("import {options} --dry-run --yes")).arg(&file).run().code(0).tells("nothing to do");
    assert!(!same.stdout.contains("apply job"), "{}", same.stdout);
    run(&server, &format!("import {options} --yes")).arg(&file).run().code(2).tells("--dry-run");
    run(&server, &format!("import {options} --option atomic")).arg(&file).run().code(2).tells("NAME=VALUE");
}
