//! Rows that failed come back as a file of their kind, can be corrected and sent again, or be tried again with another
//! mapping.

use serde_json::{Value, json};

use super::bodies::{utf_16, windows_1252};
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::Launch;

pub(super) fn job_of(client: &Client, rest: &str, content_type: &str, body: impl AsRef<[u8]>) -> Value {
    let request = Request::post(client.path(rest)).key(&client.key).header("Content-Type", content_type).body(body);
    let answer = client.send(&request.header("Prefer", "respond-async"));
    assert_eq!(answer.status, 202, "{}", answer.text());
    client.wait_for_job(answer.header("location").expect("a place to look"))
}

/// The failed rows of a job in the form that `Accept` asks for: their type, and the file.
pub(super) fn failed_as(client: &Client, job: &Value, accept: &str) -> (String, Vec<u8>) {
    let path = client.path(&format!("imports/{}/failed", job["job_id"].as_str().expect("a job")));
    let answer = client.send(&Request::get(path).key(&client.key).header("Accept", accept));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer.header("content-type").expect("a type").to_owned(), answer.body)
}

fn failed(client: &Client, job: &Value) -> (String, Vec<u8>) {
    failed_as(client, job, "*/*")
}

const DEALS: &str = "Titel;Betrag;Notiz\nGut;12;ja\nSchlecht;zwölf;\"nein; doch\"\nKurz;1\n";

#[test]
fn failed_rows_of_a_table_are_corrected_and_sent_again() {
    let mut server = Launch::new().start();
    let mut client = server.client(&server.tenant());
    let mapping = "mapping=%7B%22Betrag%22%3A%22value%22%7D";
    let import = format!("deal/import?{mapping}");
    let job = job_of(&client, &import, "text/csv", windows_1252(DEALS));
    assert_eq!((&job["created"], &job["failed"]), (&json!(1), &json!(2)), "{job}");
    assert_eq!((&job["file"]["format"], &job["file"]["encoding"]), (&json!("csv"), &json!("windows-1252")), "{job}");
    assert_eq!(job["file"]["columns"][1], json!({"name": "Betrag", "target": "value"}), "{job}");
    server.restart();
    client.address = server.address();
    let (content_type, bytes) = failed(&client, &job);
    assert_eq!(content_type, "text/csv; charset=windows-1252");
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Titel;Betrag;Notiz;refract_row;refract_code;refract_field;refract_message");
    assert!(lines[1].starts_with("Schlecht;zwölf;\"nein; doch\";2;invalid_value;Betrag;"), "{text}");
    assert!(lines[2].starts_with("Kurz;1;;3;column_count;"), "{text}");
    // What is wrong stands beside the rows, is passed over when they come again, and is said anew.
    let as_it_is = job_of(&client, &format!("{import}&dry_run=true"), "text/csv", bytes.clone());
    assert_eq!(as_it_is["failed"], 1, "the row that was short is filled up: {as_it_is}");
    let (_, again) = failed(&client, &as_it_is);
    let again: String = again.iter().map(|byte| char::from(*byte)).collect();
    assert_eq!(again.lines().next(), Some(lines[0]));
    let corrected = text.replace("zwölf", "12");
    let again = job_of(&client, &import, "text/csv", windows_1252(&corrected));
    assert_eq!((&again["created"], &again["failed"]), (&json!(2), &json!(0)), "{again}");
    assert_eq!(client.count("deal"), 3);
}

#[test]
fn a_retry_may_map_columns_anew_and_read_cells_otherwise() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let csv = "Name;A;B\nEins;1,5;31.12.2026\nZwei;2,5;30.11.2026\n";
    let mapping = "mapping=%7B%22A%22%3A%22close_date%22%2C%22B%22%3A%22value%22%7D";
    let job = job_of(&client, &format!("deal/import?{mapping}"), "text/csv", utf_16(csv, true, true));
    assert_eq!(job["failed"], 2, "{job}");
    let retry = |job: &Value, options: Value| {
        let target = client.path(&format!("imports/{}/retry", job["job_id"].as_str().expect("a job")));
        client.send(&Request::post(target).key(&client.key).json(json!({ "options": options }).to_string()))
    };
    for (options, word) in [
        (json!({"mapping": {"C": "value"}}), "no column"),
        (json!({"mapping": {"A": "amount_x"}}), "no such property"),
        (json!({"delimiter": ","}), "before"),
    ] {
        let refused = retry(&job, options);
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(word), "{word}: {}", refused.text());
    }
    let mapping =
        json!({"mapping": {"A": "value", "B": "close_date"}, "decimal_mark": ",", "date_format": "DD.MM.YYYY"});
    let accepted = retry(&job, mapping);
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let again = client.wait_for_job(accepted.header("location").expect("a place to look"));
    assert_eq!(
        (&again["kind"], &again["created"], &again["failed"]),
        (&json!("retry"), &json!(2), &json!(0)),
        "{again}"
    );
    let first = client.record("deal", again["results"][0]["id"].as_str().expect("a record")).json();
    assert_eq!((&first["default"]["value"], &first["default"]["close_date"]), (&json!(1.5), &json!("2026-12-31")));
}

#[test]
fn failed_lines_come_back_as_lines() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let lines = "{\"mail\":\"a@x.io\",\"city\":[\"x\",\"y\"]}\n{\"mail\":\"b@x.io\"}\n";
    let job = job_of(&client, "contact/import?mapping=%7B%22mail%22%3A%22email%22%7D", "application/x-ndjson", lines);
    let (content_type, bytes) = failed(&client, &job);
    assert_eq!(content_type, "application/x-ndjson");
    let line: Value = serde_json::from_slice(bytes.trim_ascii()).expect("one line");
    assert_eq!((&line["mail"], &line["city"]), (&json!("a@x.io"), &json!(["x", "y"])));
    assert_eq!((&line["refract_row"], &line["refract_code"]), (&json!("1"), &json!("invalid_value")));
}
