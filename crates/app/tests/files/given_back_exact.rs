//! Failed rows come back exactly: what was in a cell is in it, and what is wrong stands where an import passes it over, so that a
//! file can be sent again as it is and fails again, and once corrected is taken with the query it came with.

use refract_workbook::{Cell, Format, WorkbookWriter};
use serde_json::{Value, json};

use super::given_back::{failed_as, job_of};
use super::given_back_workbooks::unpacked;
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::Launch;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
/// `Titel` goes to a text, `Betrag` to a number.
const MAPPING: &str = "mapping=%7B%22Titel%22%3A%22name%22%2C%22Betrag%22%3A%22value%22%7D";

fn failed(client: &Client, job: &Value) -> Vec<u8> {
    failed_as(client, job, "*/*").1
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8").trim_start_matches('\u{feff}').to_owned()
}

fn workbook(format: Format, sheet: &str, rows: &[Vec<&str>]) -> Vec<u8> {
    let mut writer = WorkbookWriter::begin(format, sheet, rows[0].len(), Vec::new()).unwrap();
    for row in rows {
        writer.row(row.iter().map(|&text| Cell::Text(text.into()))).unwrap();
    }
    writer.finish().unwrap()
}

/// How a job ended: created, failed.
fn counts(job: &Value) -> (u64, u64) {
    (job["created"].as_u64().expect("a count"), job["failed"].as_u64().expect("a count"))
}

/// The names of the deals that an import made.
fn names(client: &Client, job: &Value) -> Vec<Value> {
    let results = job["results"].as_array().expect("results");
    let id = |result: &Value| result["id"].as_str().expect("a record").to_owned();
    results.iter().map(|result| client.record("deal", &id(result)).json()["default"]["name"].clone()).collect()
}

#[test]
fn quotes_that_are_ordinary_characters_stay_alone() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let import = format!("deal/import?quote=&delimiter=%3B&{MAPPING}");
    let job = job_of(&client, &import, "text/csv", "Titel;Betrag\n5\" pipe;viel\n\"\"both\"\";mehr\n");
    let given = text(&failed(&client, &job));
    let rows: Vec<&str> = given.lines().skip(1).collect();
    assert!(rows[0].starts_with("5\" pipe;viel;1;") && rows[1].starts_with("\"\"both\"\";mehr;2;"), "{given}");
    let corrected = given.replace(";viel;", ";1;").replace(";mehr;", ";2;");
    let job = job_of(&client, &import, "text/csv", corrected);
    assert_eq!(names(&client, &job), ["5\" pipe", "\"\"both\"\""], "{job}");
}

#[test]
fn a_character_that_no_record_keeps_is_given_back_and_refused_again() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let import = format!("deal/import?{MAPPING}");
    let files = [
        // Among much text: a file full of them is none.
        ("text/csv", format!("Titel,Betrag\na\0b,1\n{}", "Acme,viel\n".repeat(200)).into_bytes()),
        (XLSX, workbook(Format::Xlsx, "Leads", &[vec!["Titel", "Betrag"], vec!["a\0b", "1"]])),
    ];
    for (content_type, file) in files {
        let job = job_of(&client, &import, content_type, file);
        let refused = counts(&job);
        assert_eq!(refused.0, 0, "{}", job["status"]);
        let given = failed(&client, &job);
        if content_type == XLSX {
            assert_eq!(unpacked(&given).1[1][0], "a\0b");
        } else {
            assert!(text(&given).contains("a\0b,1,1,"), "{}", text(&given));
        }
        assert_eq!(counts(&job_of(&client, &import, content_type, given)), refused, "{content_type}");
    }
}

#[test]
fn cells_beyond_the_columns_stand_behind_the_report() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let import = format!("deal/import?{MAPPING}");
    let rows = [vec!["Titel", "Betrag"], vec!["Acme", "1", "stray"]];
    let report = ["Titel", "Betrag", "refract_row", "refract_code", "refract_field", "refract_message"];
    for (content_type, format) in [(XLSX, Format::Xlsx), (ODS, Format::Ods)] {
        let mut given = failed(&client, &job_of(&client, &import, content_type, workbook(format, "Leads", &rows)));
        for _ in 0..2 {
            let (_, cells) = unpacked(&given);
            assert_eq!(cells[0], report, "{content_type}");
            assert_eq!((&cells[1][0], &cells[1][3]), (&json!("Acme"), &json!("column_count")), "{content_type}");
            assert_eq!(cells[1][6..], [json!("stray")], "{content_type}");
            let as_it_is = job_of(&client, &import, content_type, given);
            assert_eq!(counts(&as_it_is), (0, 1), "{as_it_is}");
            given = failed(&client, &as_it_is);
        }
        let corrected = workbook(format, "Leads", &[report.to_vec(), vec!["Acme", "1", "1", "column_count"]]);
        assert_eq!(counts(&job_of(&client, &import, content_type, corrected)), (1, 0));
    }

    let mut given = text(&failed(&client, &job_of(&client, &import, "text/csv", "Titel,Betrag\nAcme,1,stray\n")));
    for _ in 0..2 {
        assert_eq!(given.lines().next(), Some(report.join(",").as_str()));
        assert!(given.contains("\r\nAcme,1,1,column_count,,") && given.ends_with(",stray\r\n"), "{given}");
        let as_it_is = job_of(&client, &import, "text/csv", given);
        assert_eq!(counts(&as_it_is), (0, 1), "{as_it_is}");
        given = text(&failed(&client, &as_it_is));
    }
    let corrected = given.replace(",stray", "");
    assert_eq!(counts(&job_of(&client, &import, "text/csv", corrected)), (1, 0));
}

#[test]
fn as_many_columns_as_there_may_be_leave_room_for_the_report() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let names: Vec<String> = (0..999).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = ["Titel"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let mapping = "deal/import?unknown_properties=ignore&mapping=%7B%22c0%22%3A%22value%22%7D";
    let mut row = vec!["x"; 1_000];
    row[0] = "Acme";
    let csv = format!("{}\n{}\n", names.join(","), row.join(","));
    let files = [
        ("text/csv", csv.into_bytes()),
        (XLSX, workbook(Format::Xlsx, "Leads", &[names.clone(), row.clone()])),
        (ODS, workbook(Format::Ods, "Leads", &[names.clone(), row])),
    ];
    for (content_type, file) in files {
        let job = job_of(&client, mapping, content_type, file);
        assert_eq!(counts(&job), (0, 1), "{}", job["status"]);
        let again = job_of(&client, mapping, content_type, failed(&client, &job));
        assert_eq!(counts(&again), (0, 1), "{content_type}: {}", again["status"]);
    }
    // One more is one too many, with or without the report.
    let wide = format!("{},more\n", names.join(","));
    let request = Request::post(client.path(mapping)).key(&client.key).header("Content-Type", "text/csv").body(wide);
    let refused = client.send(&request);
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("too_many_columns")), "{}", refused.text());
}

#[test]
fn a_sheet_keeps_its_name() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let rows = [vec!["Titel", "Betrag"], vec!["Acme", "viel"]];
    let long = "A sheet whose name has more than thirty-one characters";
    for (content_type, format, sheet) in [(XLSX, Format::Xlsx, "Leads "), (ODS, Format::Ods, long)] {
        let import = format!("deal/import?sheet={}&{MAPPING}", sheet.replace(' ', "%20"));
        let job = job_of(&client, &import, content_type, workbook(format, sheet, &rows));
        let again = job_of(&client, &import, content_type, failed(&client, &job));
        assert_eq!((counts(&again), &again["file"]["sheet"]), ((0, 1), &json!(sheet)), "{again}");
    }
}

#[test]
fn lines_with_what_no_value_can_be_get_their_report() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let lines = "{\"Titel\":\"a\",\"Betrag\":1e400}\n{\"Titel\":\"\\ud800\",\"Betrag\":1}\n{\"Titel\":\"c\",\"Betrag\":\"x\"}\n";
    let job = job_of(&client, &format!("deal/import?{MAPPING}"), "application/x-ndjson", lines);
    assert_eq!(counts(&job), (0, 3), "{job}");
    let given = text(&failed(&client, &job));
    for (line, given) in lines.lines().zip(given.lines()) {
        let own = line.trim_end_matches('}');
        assert!(given.starts_with(own) && given.contains("\"refract_code\":"), "{given}");
    }
}

#[test]
fn rows_between_tabs_come_between_commas_where_csv_is_asked_for() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let tabs = "Titel\tBetrag\nAcme, Inc.\tviel\n";
    let job = job_of(&client, &format!("deal/import?{MAPPING}"), "text/tab-separated-values", tabs);
    let (content_type, given) = failed_as(&client, &job, "text/csv");
    assert_eq!(content_type, "text/csv; charset=UTF-8");
    assert!(text(&given).contains("\r\n\"Acme, Inc.\",viel,1,"), "{}", text(&given));
    let (content_type, given) = failed_as(&client, &job, "*/*");
    assert_eq!(content_type, "text/tab-separated-values; charset=UTF-8");
    assert!(text(&given).contains("\r\nAcme, Inc.\tviel\t1\t"), "{}", text(&given));
}
