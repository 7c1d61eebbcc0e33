//! Lines above a table, the name of a report and the like, are passed over: found out, or as told.

use serde_json::{Value, json};

use super::bodies::{FORM, form};
use super::given_back::job_of;
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::Launch;

const XLSX: &[u8] = include_bytes!("../../../workbook/tests/fixtures/titles.xlsx");
const XLSX_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const REPORT: &str =
    "Contacts\n\"as of 1 March, 2024\"\n\nname,e-mail,stars\nAda,ada@example.org,3\nBob,bob@example.org,no\n";
/// `stars` goes to a number.
const MAPPING: &str = "mapping=%7B%22stars%22%3A%7B%22create%22%3A%7B%22type%22%3A%22num%22%7D%7D%7D";

fn answer(client: &Client, rest: &str, content_type: &str, body: impl AsRef<[u8]>) -> (u16, Value) {
    let request = Request::post(client.path(rest)).key(&client.key).header("Content-Type", content_type).body(body);
    let answer = client.send(&request);
    (answer.status, answer.json())
}

#[test]
fn titles_above_a_header_are_found_out_and_told() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    for (content_type, body) in [("text/csv", REPORT.as_bytes()), (XLSX_TYPE, XLSX)] {
        let (status, seen) = answer(&client, "contact/import/preview", content_type, body);
        let file = &seen["file"];
        assert_eq!(
            (status, &file["skip_rows"], &file["skip_rows_found"]),
            (200, &json!(3), &json!("detected")),
            "{seen}"
        );
        assert_eq!((&seen["rows_seen"], &seen["columns"][0]["name"]), (&json!(2), &json!("name")), "{seen}");
        let (_, told) = answer(&client, "contact/import/preview?skip_rows=3", content_type, body);
        assert_eq!(told["file"]["skip_rows_found"], "given", "{told}");
        assert_eq!(told["rows"], seen["rows"]);
        let (_, denied) = answer(&client, "contact/import/preview?skip_rows=0", content_type, body);
        assert_eq!((&denied["file"]["skip_rows"], &denied["file"]["skip_rows_found"]), (&json!(0), &json!("given")));
        let message = denied["problems"][0]["message"].as_str().expect("the columns cannot be mapped");
        assert!(message.contains("options.skip_rows"), "{message}");
    }

    let job = job_of(&client, &format!("contact/import?dedupe_by=email&{MAPPING}"), "text/csv", REPORT);
    assert_eq!(
        (&job["created"], &job["failed"], &job["file"]["skip_rows"]),
        (&json!(1), &json!(1), &json!(3)),
        "{job}"
    );
    let id = job["job_id"].as_str().expect("a job");
    let failed = client.get(&client.path(&format!("imports/{id}/failed"))).text();
    assert!(failed.trim_start_matches('\u{feff}').starts_with("name,e-mail,stars,refract_row"), "{failed}");
    let corrected = failed.replace(",no,", ",4,");
    let again = job_of(&client, &format!("contact/import?dedupe_by=email&{MAPPING}"), "text/csv", corrected);
    assert_eq!((&again["created"], &again["file"]["skip_rows"]), (&json!(1), &json!(0)), "{again}");

    let rest = "contact/import?dedupe_by=email&unknown_properties=ignore";
    let job = job_of(&client, rest, XLSX_TYPE, XLSX);
    assert_eq!(
        (&job["total"], &job["existing"], &job["file"]["skip_rows"]),
        (&json!(2), &json!(2), &json!(3)),
        "{job}"
    );
    assert_eq!(client.count("contact"), 2);
}

#[test]
fn the_number_of_lines_is_told_where_it_is_in_doubt() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let texts = "Contacts,,\nname,e-mail,city\nAda,,Rome\nBob,,Bonn\n";
    let (status, refused) = answer(&client, "contact/import", "text/csv", texts);
    assert_eq!((status, &refused["code"]), (400, &json!("unmapped_columns")), "{refused}");
    assert!(refused["message"].as_str().is_some_and(|message| message.contains("options.skip_rows")), "{refused}");
    let (status, taken) = answer(&client, "contact/import?skip_rows=1", "text/csv", texts);
    assert_eq!((status, &taken["created"], &taken["file"]["skip_rows"]), (200, &json!(2), &json!(1)), "{taken}");

    // What was found out is told where it may be wrong.
    let found = "Contacts\n\nname,e-mail,stars\nAda,ada@example.org,3\n";
    let (status, refused) = answer(&client, "contact/import", "text/csv", found);
    assert_eq!(status, 400, "{refused}");
    let message = refused["message"].as_str().unwrap_or_default();
    assert!(message.contains("\"stars\" (below the first 2 lines, which options.skip_rows 0 would read)"), "{message}");

    // In a form it stands before the file, as all that says how a file is read.
    let file = ("file", Some(("report.csv", "text/csv")), texts.as_bytes());
    let (status, taken) = answer(&client, "contact/import", FORM, form(&[("skip_rows", None, b"1"), file]));
    assert_eq!((status, &taken["created"]), (200, &json!(2)), "{taken}");
    let (status, late) = answer(&client, "contact/import", FORM, form(&[file, ("skip_rows", None, b"1")]));
    assert_eq!(status, 400, "{late}");
    assert!(late.to_string().contains("before the part"), "{late}");

    for (content_type, body) in [("text/csv", texts.as_bytes()), (XLSX_TYPE, XLSX)] {
        let (status, beyond) = answer(&client, "contact/import?skip_rows=70", content_type, body);
        assert_eq!((status, &beyond["code"]), (400, &json!("empty_file")), "{beyond}");
        assert!(beyond.to_string().contains("skip_rows"), "{beyond}");
        for odd in ["-1", "1.5", "many", "99999999"] {
            let (status, refused) = answer(&client, &format!("contact/import?skip_rows={odd}"), content_type, body);
            assert_eq!(status, 400, "{refused}");
            assert_eq!(refused["error"]["errors"][0]["field"], ".body.options.skip_rows", "{refused}");
        }
    }
    assert_eq!(client.count("contact"), 4);
}
