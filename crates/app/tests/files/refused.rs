//! What is wrong with a file is said before anything is written; what is wrong with a row is said of the row.

use serde_json::{Value, json};

use super::bodies::{FORM, XLSX, form};
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::Launch;

fn send(client: &Client, rest: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
    let request = Request::post(client.path(rest)).key(&client.key).header("Content-Type", content_type).body(body);
    let answer = client.send(&request);
    (answer.status, answer.json())
}

/// Path, type and body; status, code, and a word of the message.
type Case<'c> = (&'c str, &'c str, &'c [u8], u16, &'c str, &'c str);

#[test]
fn a_file_that_cannot_be_read_is_refused_whole_and_says_why() {
    let server = Launch::new().with("REFRACT_ROW_BYTES_MAX", "64KiB").start();
    let client = server.client(&server.tenant());
    let endless = format!("email,full_name\na@x.io,\"{}", "never closed\n".repeat(10));
    let huge = format!("email\n\"{}\"\n", "x".repeat(70_000));
    let cases: [Case<'_>; 12] = [
        ("contact/import", "text/plain", b"a", 415, "unsupported_media_type", "text/csv"),
        ("contact/import", "application/pdf", b"%PDF", 415, "unsupported_media_type", "multipart/form-data"),
        ("contact/import", "text/csv", endless.as_bytes(), 400, "invalid_csv", "line 2"),
        ("contact/import", "text/csv", huge.as_bytes(), 400, "row_too_large", "line 2"),
        ("contact/import", "text/csv", b"", 400, "empty_file", ""),
        ("contact/import", "text/csv; charset=klingon", b"email\na\n", 400, "unsupported_charset", "klingon"),
        ("contact/import", "text/csv; charset=utf-8", b"email\nC\xffaf\n", 400, "unsupported_charset", "Line 2"),
        ("contact/import", "text/csv", b"email,shoe size\na@x.io,43\n", 400, "unmapped_columns", "shoe size"),
        (
            "contact/import?dedupe_by=email",
            "text/csv",
            b"name,city\nAda,London\n",
            400,
            "invalid_request",
            "the file has",
        ),
        (
            "contact/import?mapping=%7B%22x%22%3A%22email%22%7D",
            "text/csv",
            b"mail\na\n",
            400,
            "invalid_request",
            "\\\"x\\\"",
        ),
        ("contact/import?dedupeBy=email", "text/csv", b"email\na\n", 400, "invalid_request", "dedupe_by"),
        (
            "contact/import?sheet=Nowhere",
            "application/vnd.oasis.opendocument.spreadsheet",
            XLSX,
            400,
            "invalid_request",
            "Nowhere",
        ),
    ];
    for (path, content_type, body, status, code, word) in cases {
        let (got, answer) = send(&client, path, content_type, body);
        let text = answer.to_string();
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{path} {content_type}: {text}");
        assert!(text.contains(word), "{path}: {word:?} is not in {text}");
    }
    assert_eq!(client.count("contact"), 0);
}

#[test]
fn what_is_called_a_workbook_must_be_one() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let old = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 600]].concat();
    let cut = &XLSX[..XLSX.len() / 2];
    for (body, status, code) in [
        (&old[..], 415, "unsupported_media_type"),
        (b"%PDF-1.7", 415, "unsupported_media_type"),
        (cut, 400, "invalid_file"),
    ] {
        let (got, answer) = send(&client, "contact/import", workbook, body);
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{answer}");
    }
    assert_eq!(client.count("contact"), 0);
}

#[test]
fn a_fault_of_a_workbooks_columns_names_the_sheet() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for path in ["contact/import?dedupe_by=github", "engagement/import"] {
        let (status, answer) = send(&client, path, workbook, XLSX);
        assert_eq!(status, 400, "{answer}");
        let named = r#"(of the sheet \"Kontakte\"; options.sheet names another)"#;
        assert!(answer.to_string().contains(named), "{path}: {answer}");
    }
}

#[test]
fn a_form_must_hold_one_file_and_say_first_how_it_is_read() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let file = ("file", Some(("p.csv", "text/csv")), &b"email\na@x.io\n"[..]);
    let late = ("delimiter", None, &b";"[..]);
    for (parts, word) in [
        (&[("dedupe_by", None, &b"email"[..])][..], "no file"),
        (&[file, file], "two files"),
        (&[file, late], "before"),
        (&[("options", None, &b"[]"[..]), file], "JSON object"),
    ] {
        let (status, answer) = send(&client, "contact/import", FORM, &form(parts));
        assert_eq!(status, 400, "{answer}");
        assert!(answer.to_string().contains(word), "{word}: {answer}");
    }
    assert_eq!(client.count("contact"), 0);
}

#[test]
fn rows_fail_alone_and_name_their_column() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let csv = b"Titel;Betrag;Abschluss\nGood;12,5;31.12.2026\nRagged;1\nBad;many;2026-02-30\nExtra;1;2026-01-01;x\n";
    let options = "decimal_mark=,&date_format=DD.MM.YYYY&mapping=%7B%22Betrag%22%3A%22value%22%2C%22Abschluss%22%3A%22close_date%22%7D";
    let (status, answer) = send(&client, &format!("deal/import?{options}"), "text/csv", csv);
    assert_eq!((status, &answer["succeeded"], &answer["failed"]), (200, &json!(1), &json!(3)), "{answer}");
    let good = client.record("deal", answer["results"][0]["id"].as_str().unwrap()).json();
    assert_eq!((&good["default"]["value"], &good["default"]["close_date"]), (&json!(12.5), &json!("2026-12-31")));
    let error = |row: usize| &answer["results"][row]["error"];
    assert_eq!((&error(1)["code"], &error(3)["code"]), (&json!("column_count"), &json!("column_count")));
    let faults = error(2)["errors"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{answer}");
    assert_eq!(faults[0]["field"], "default.value");
    assert!(faults[0]["message"].as_str().unwrap().starts_with("column \"Betrag\": "), "{answer}");
}

#[test]
fn lines_of_json_fail_alone() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let lines =
        b"\n{\"email\":\"a@x.io\"}\r\n\r\n{\"email\":\n{\"email\":\"b@x.io\",\"shoes\":1}\n{\"email\":\"c@x.io\"";
    let (status, answer) = send(&client, "contact/import", "application/x-ndjson", lines);
    assert_eq!(status, 200, "{answer}");
    let code = |row: usize| answer["results"][row]["error"]["code"].as_str().unwrap_or("fine").to_owned();
    assert_eq!(
        [code(0), code(1), code(2), code(3)],
        ["fine", "invalid_json", "unknown_property", "invalid_json"],
        "{answer}"
    );
    assert_eq!(client.count("contact"), 1);
}
