//! Every way of writing one data set makes the same records.

use serde_json::{Value, json};

use super::bodies::{FORM, ODS, XLSX, delimited, expected, flat_lines, form, gzip, utf_16, whole_lines, windows_1252};
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::{Launch, Server};

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const OPEN_DOCUMENT: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// An import of a file into a team of its own.
fn imported(server: &Server, name: &str, content_type: &str, body: &[u8]) -> Vec<Value> {
    let client = server.client(&server.make_tenant(name));
    let target = client.path("contact/import?dedupe_by=email");
    let request = Request::post(target).key(&client.key).header("Content-Type", content_type).body(body);
    let answer = client.send(&request);
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    values_of(&client, &answer.json())
}

fn values_of(client: &Client, import: &Value) -> Vec<Value> {
    let results = import["results"].as_array().expect("results");
    let value = |result: &Value| {
        let id = result["id"].as_str().unwrap_or_else(|| panic!("{result}"));
        let mut values = client.record("contact", id).json()["default"].clone();
        let built_in = ["id", "created_at", "updated_at", "name", "source"];
        values
            .as_object_mut()
            .expect("values")
            .retain(|slug, value| !value.is_null() && !built_in.contains(&slug.as_str()));
        values
    };
    results.iter().map(value).collect()
}

#[test]
fn five_encodings_and_five_formats_make_the_same_records() {
    let server = Launch::new().start();
    let (comma, semicolon, tab) = (delimited(","), delimited(";"), delimited("\t"));
    let files: [(&str, &str, Vec<u8>); 17] = [
        ("utf-8", "text/csv", comma.clone().into_bytes()),
        ("utf-8 with a mark", "text/csv", format!("\u{feff}{semicolon}").into_bytes()),
        ("windows-1252", "text/csv", windows_1252(&semicolon)),
        ("windows-1252, stated", "text/csv; charset=windows-1252", windows_1252(&comma)),
        ("utf-16le with a mark", "text/csv", utf_16(&tab, true, true)),
        ("utf-16be with a mark", "text/csv", utf_16(&comma, false, true)),
        ("utf-16le", "text/csv", utf_16(&semicolon, true, false)),
        ("utf-16be", "text/csv", utf_16(&comma, false, false)),
        ("pipes", "text/csv", delimited("|").into_bytes()),
        ("tsv", "text/tab-separated-values", tab.into_bytes()),
        ("gzip", "text/csv", gzip(comma.as_bytes())),
        ("zstd", "text/csv", zstd::encode_all(comma.as_bytes(), 1).unwrap()),
        ("flat lines", "application/x-ndjson", flat_lines().into_bytes()),
        ("whole lines", "application/x-ndjson", whole_lines().into_bytes()),
        ("xlsx", WORKBOOK, XLSX.to_vec()),
        ("ods", OPEN_DOCUMENT, ODS.to_vec()),
        ("xlsx, packed once more", WORKBOOK, gzip(XLSX)),
    ];
    for (name, content_type, body) in files {
        assert_eq!(imported(&server, name, content_type, &body), expected(), "{name}");
    }
}

#[test]
fn a_form_carries_file_and_options_in_any_order() {
    let server = Launch::new().start();
    let csv = delimited(",");
    let file = ("file", Some(("people.csv", "application/vnd.ms-excel")), csv.as_bytes());
    let options = ("options", None, &br#"{"dedupe_by":"email","update_existing":true}"#[..]);
    for (name, parts) in [("before", [options, file]), ("after", [file, options])] {
        let client = server.client(&server.make_tenant(name));
        let request = Request::post(client.path("contact/import")).key(&client.key).header("Content-Type", FORM);
        let first = client.send(&request.clone().body(form(&parts)));
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(values_of(&client, &first.json()), expected(), "{name}");
        let again = client.send(&request.body(form(&parts))).json();
        assert_eq!((&again["succeeded"], &again["results"][0]["existing"]), (&json!(3), &json!(true)), "{again}");
        assert_eq!(client.count("contact"), 3);
    }
}

#[test]
fn a_form_sent_again_with_its_key_is_answered_again_whatever_its_boundary() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let csv = delimited(",");
    let body = form(&[("dedupe_by", None, b"email"), ("file", Some(("p.csv", "text/csv")), csv.as_bytes())]);
    let other = String::from_utf8(body.clone()).unwrap().replace("BOUNDARY", "ANOTHER").into_bytes();
    let request = Request::post(client.path("contact/import")).key(&client.key).header("Idempotency-Key", "once");
    let first = client.send(&request.clone().header("Content-Type", FORM).body(body));
    let again = client.send(&request.header("Content-Type", FORM.replace("BOUNDARY", "ANOTHER")).body(other));
    assert_eq!((first.status, again.header("idempotent-replay")), (200, Some("true")), "{}", again.text());
    assert_eq!(first.body, again.body);
    assert_eq!(client.count("contact"), 3);
}

#[test]
fn a_large_file_becomes_a_job_that_survives_and_its_options_too() {
    let mut server = Launch::new().start();
    let mut client = server.client(&server.tenant());
    let mut csv = String::from("Mail;Betrag\n");
    for row in 0..500 {
        csv.push_str(&format!("p{row}@example.org;{row}\n"));
    }
    let target =
        client.path("contact/import?dedupe_by=email&mapping=%7B%22Mail%22%3A%22email%22%2C%22Betrag%22%3Anull%7D");
    let request = Request::post(target).key(&client.key).header("Content-Type", "text/csv").body(csv);
    let answer = client.send(&request);
    assert_eq!(answer.status, 202, "{}", answer.text());
    server.restart();
    client.address = server.address();
    let job = client.wait_for_job(answer.header("location").expect("a place to look"));
    assert_eq!((&job["total"], &job["succeeded"], &job["failed"]), (&json!(500), &json!(500), &json!(0)));
    assert_eq!(client.count("contact"), 500);
}
