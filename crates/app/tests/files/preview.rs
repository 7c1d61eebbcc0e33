//! A preview says how a file is understood, and writes nothing.

use serde_json::json;

use super::bodies::{FORM, XLSX, delimited, form, utf_16};
use super::support::request::Request;
use super::support::server::Launch;

#[test]
fn a_preview_tells_how_a_file_is_read_and_where_its_columns_go() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let preview = |rest: &str, content_type: &str, body: &[u8]| {
        let target = client.path(&format!("contact/import/preview{rest}"));
        let answer =
            client.send(&Request::post(target).key(&client.key).header("Content-Type", content_type).body(body));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let seen = preview("", "text/csv", &utf_16(&delimited(";"), true, true));
    assert_eq!(seen["file"]["encoding"], "UTF-16LE");
    assert_eq!(
        (&seen["file"]["bom"], &seen["file"]["delimiter"], &seen["file"]["header"]),
        (&json!(true), &json!(";"), &json!(true))
    );
    assert_eq!(
        (&seen["file"]["encoding_found"], &seen["file"]["delimiter_found"]),
        (&json!("bom"), &json!("detected"))
    );
    let target = |place: usize| (seen["columns"][place]["target"].clone(), seen["columns"][place]["reason"].clone());
    assert_eq!(target(0), (json!("email"), json!("slug")));
    assert_eq!(target(3), (json!("description"), json!("synonym")));
    assert_eq!(seen["columns"][0]["examples"][0], "zoe@example.org");
    assert_eq!((&seen["rows_seen"], &seen["problems"]), (&json!(3), &json!([])));
    assert_eq!(seen["rows"][0][1], "Zoë Müller");

    let odd = b"email;amount;when\na@x.io;1.234,50;31.12.2026\nb@x.io;2;1.1.2026\n";
    let seen = preview("?dedupe_by=email", "text/csv", odd);
    assert_eq!(seen["columns"][1]["decimal_mark"], ",");
    assert_eq!(seen["columns"][2]["date_format"], "DD.MM.YYYY");
    assert_eq!(seen["problems"][0]["code"], "unmapped_columns");
    let seen =
        preview("?unknown_properties=ignore&mapping=%7B%22when%22%3A%22first_interaction_date%22%7D", "text/csv", odd);
    assert_eq!(
        (&seen["problems"][0]["code"], &seen["problems"][0]["rows"]),
        (&json!("invalid_value"), &json!(2)),
        "{seen}"
    );

    let seen = preview("", FORM, &form(&[("file", Some(("book.xlsx", "application/octet-stream")), XLSX)]));
    assert_eq!((&seen["file"]["format"], &seen["file"]["sheet"]), (&json!("xlsx"), &json!("Kontakte")));
    assert_eq!(client.count("contact"), 0);
}

#[test]
fn a_preview_reads_no_more_than_it_shows() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let csv = format!("email\n{}", "somebody@example.org\n".repeat(200_000));
    let target = client.path("contact/import/preview");
    let answer = client.send(&Request::post(target).key(&client.key).header("Content-Type", "text/csv").body(csv));
    assert_eq!((answer.status, &answer.json()["rows_seen"]), (200, &json!(1_000)));
}
