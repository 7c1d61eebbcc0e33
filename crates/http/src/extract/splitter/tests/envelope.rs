//! The shape of the envelope, and the words of its errors.

use super::*;

#[test]
fn rows_of_every_kind_come_out_as_sent() {
    let rows = [
        r#"{"default":{"email":"a@b.c"}}"#,
        "null",
        "true",
        "false",
        "0",
        "-0.5e+10",
        "12345678901234567890123",
        "1e400",
        r#""text \" \\ \/ \u00e9""#,
        "[]",
        "{}",
        r#"[ 1 , [ { "a" : [ ] } ] ]"#,
        r#""\ud800""#,
        r#"{"\udc00":"\ud83d\ude00"}"#,
        r#""é 東京 😀""#,
        r#""\u0000""#,
    ];
    assert_eq!(rows_of(&format!(r#"{{"objects":[{}]}}"#, rows.join(","))), rows);
    assert_eq!(rows_of(&format!(" {{ \"objects\" : [\r\n\t{} ] }} \n", rows.join(" ,\n "))), rows);
    assert_eq!(rows_of(r#"{"objects":[]}"#), [""; 0]);
}

#[test]
fn options_may_stand_before_or_after_the_rows_or_not_at_all() {
    assert_eq!(options_of(r#"{"objects":[1]}"#), None);
    assert_eq!(options_of(r#"{"objects":[1],"options":{"a": 1}}"#).as_deref(), Some(r#"{"a": 1}"#));
    assert_eq!(options_of(r#"{"options": null ,"objects":[1]}"#).as_deref(), Some("null"));
    assert_eq!(options_of(r#"{"options":12,"objects":[]}"#).as_deref(), Some("12"));
    assert_eq!(options_of(r#"{"options":[{}],"objects":[]}"#).as_deref(), Some("[{}]"));
}

#[test]
fn names_may_be_written_with_escapes() {
    assert_eq!(rows_of(r#"{"\u006fbjects":[7],"o\u0070tions":{}}"#), ["7"]);
    assert_eq!(
        error_of(r#"{"objects":[],"\u006fbjects":[]}"#),
        SplitError::DuplicateKey { name: "objects".into(), offset: 14 }
    );
}

#[test]
fn a_name_given_twice_is_refused() {
    let duplicate = |name: &str, offset| SplitError::DuplicateKey { name: name.into(), offset };
    assert_eq!(error_of(r#"{"objects":[1],"objects":[1]}"#), duplicate("objects", 15));
    assert_eq!(error_of(r#"{"options":{},"objects":[1],"options":{}}"#), duplicate("options", 28));
    assert_eq!(error_of(r#"{"objects":[1],"options":{"dedupe_by":"a","dedupe_by":"b"}}"#), duplicate("dedupe_by", 42));
    // In a row it is data, as the row's judge will see it.
    assert_eq!(rows_of(r#"{"objects":[{"a":1,"a":2}]}"#).len(), 1);
}

#[test]
fn an_unknown_name_at_the_top_is_named() {
    let unknown = |name: &str| RequestFault::UnknownName { name: name.into() };
    assert_eq!(invalid_request(r#"{"object":[1]}"#), (1, unknown("object")));
    assert_eq!(invalid_request(r#"{"objects":[1], "Options":{}}"#), (16, unknown("Options")));
    assert_eq!(invalid_request(r#"{"":1}"#), (1, unknown("")));
    assert_eq!(invalid_request(r#"{"ob\u00e9":1}"#), (1, unknown("obé")));
    let long = "n".repeat(3_000);
    assert_eq!(invalid_request(&format!("{{\"{long}\":1}}")), (1, unknown(&format!("{}…", "n".repeat(64)))));
}

#[test]
fn objects_must_be_there_and_an_array() {
    assert_eq!(invalid_request("{}"), (1, RequestFault::ObjectsMissing));
    assert_eq!(invalid_request(r#" {"options":{} } "#), (15, RequestFault::ObjectsMissing));
    let kinds = [
        ("null", "null"),
        ("{}", "an object"),
        ("\"[]\"", "a string"),
        ("-1", "a number"),
        ("7", "a number"),
        ("true", "a boolean"),
        ("false", "a boolean"),
    ];
    for (value, found) in kinds {
        let body = format!("{{\"objects\": {value}}}");
        assert_eq!(invalid_request(&body), (12, RequestFault::ObjectsNotArray { found }));
        if value != "{}" {
            assert_eq!(invalid_request(value), (0, RequestFault::BodyNotObject { found }));
        }
    }
    assert_eq!(invalid_request("[{}]"), (0, RequestFault::BodyNotObject { found: "an array" }));
}

#[test]
fn messages_say_where_what_and_what_to_do() {
    let cases = [
        (&br#"{"objects":[1,}"#[..], "the body is not valid JSON at byte 14: expected a value, found `}`"),
        (b"", "the body is not valid JSON at byte 0: the body is empty; send {\"objects\": [ … ]}"),
        (
            b"{\"objects\":[\"\n\"]}",
            "the body is not valid JSON at byte 13: a string holds a raw control character; write it as the escape \\u000a",
        ),
        (
            b"{\"objects\":[\"\xff\"]}",
            "the body is not valid JSON at byte 13: the bytes are not UTF-8; encode the body as UTF-8",
        ),
        (
            br#"{"rows":[]}"#,
            "unknown name \"rows\" at the top of the body; it takes only \"objects\" (the rows) and \"options\" (the \
             settings) (at byte 1)",
        ),
        (br#"{"objects":null}"#, "\"objects\" must be an array of rows, but it begins as null (at byte 11)"),
    ];
    for (body, message) in cases {
        assert_eq!(error_of(body).to_string(), message);
    }
    let too_large = SplitError::RowTooLarge { limit: 8, measured: 9, row: 70_000 };
    assert_eq!(
        too_large.to_string(),
        "row 70000 (counted from 0) has at least 9 bytes, and 8 are allowed; shorten its values or split it"
    );
}
