//! Every rule of the splitter by example. All bodies are split whole and cut after every byte.

use super::*;

const LIMITS: SplitLimits = SplitLimits { rows_max: 100, row_bytes_max: 1024, options_bytes_max: 256 };

fn split_cut_by(
    body: &[u8],
    limits: SplitLimits,
    piece_bytes: usize,
) -> (Vec<String>, Result<Envelope, SplitError>) {
    let mut rows = Vec::new();
    let mut splitter = Splitter::new(limits);
    for piece in body.chunks(piece_bytes) {
        let pushed = splitter.push(piece, &mut |row: &[u8]| rows.push(String::from_utf8(row.to_vec()).expect("UTF-8")));
        if let Err(error) = pushed {
            return (rows, Err(error));
        }
    }
    (rows, splitter.finish())
}

fn split_with(body: &[u8], limits: SplitLimits) -> (Vec<String>, Result<Envelope, SplitError>) {
    let whole = split_cut_by(body, limits, usize::MAX);
    for piece_bytes in 1..=9 {
        assert_eq!(split_cut_by(body, limits, piece_bytes), whole, "in pieces of {piece_bytes}");
    }
    whole
}

fn rows_of(body: &str) -> Vec<String> {
    let (rows, envelope) = split_with(body.as_bytes(), LIMITS);
    assert_eq!(envelope.expect(body).rows, rows.len() as u64);
    rows
}

fn options_of(body: &str) -> Option<String> {
    let envelope = split_with(body.as_bytes(), LIMITS).1.expect(body);
    envelope.options.map(|options| String::from_utf8(options).expect("UTF-8"))
}

fn error_of(body: impl AsRef<[u8]>) -> SplitError {
    let body = body.as_ref();
    split_with(body, LIMITS).1.expect_err(&String::from_utf8_lossy(body))
}

fn invalid_json(body: impl AsRef<[u8]>) -> (u64, JsonFault) {
    match error_of(&body) {
        SplitError::InvalidJson { offset, fault } => (offset, fault),
        other => panic!("{other:?} for {}", String::from_utf8_lossy(body.as_ref())),
    }
}

fn invalid_request(body: &str) -> (u64, RequestFault) {
    match error_of(body) {
        SplitError::InvalidRequest { offset, fault } => (offset, fault),
        other => panic!("{other:?} for {body}"),
    }
}

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
    assert_eq!(
        error_of(r#"{"objects":[1],"options":{"dedupe_by":"a","dedupe_by":"b"}}"#),
        duplicate("dedupe_by", 42)
    );
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
    assert_eq!(invalid_request(r#" {"options":{} } "#), (14, RequestFault::ObjectsMissing));
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
fn a_body_that_is_empty_cut_off_or_followed_by_more_is_refused() {
    assert_eq!(invalid_json(""), (0, JsonFault::Empty));
    assert_eq!(invalid_json(" \n\t"), (3, JsonFault::Empty));
    assert_eq!(invalid_json("{}{}"), (2, JsonFault::TrailingData));
    assert_eq!(invalid_json(r#"{"objects":[]} x"#), (15, JsonFault::TrailingData));
    assert_eq!(invalid_json("\u{feff}{}"), (0, JsonFault::ByteOrderMark));

    let body = r#"{"objects":[{"a":"\u00e9","b":[tr]},1.5,nul],"options":{"a":1}} "#.replace("tr", "true").replace("nul]", "null]");
    assert_eq!(rows_of(&body).len(), 3);
    for length in 1..body.len() - 1 {
        assert_eq!(invalid_json(&body[..length]), (length as u64, JsonFault::UnexpectedEnd), "{}", &body[..length]);
    }
}

#[test]
fn what_the_grammar_does_not_know_is_refused_where_it_stands() {
    let cases: [(&str, u64); 36] = [
        ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("0x10", 1), ("01", 1), ("-01", 2), (".5", 0), ("+1", 0),
        ("1.", 2), ("1.e5", 2), ("1e", 2), ("1e+", 3), ("-", 1), ("--1", 1), ("1.2.3", 3), ("1_000", 1),
        ("nul", 3), ("nulL", 3), ("True", 0), ("truex", 4), ("t rue", 1), ("'a'", 0), ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5), ("\"\\u 123\"", 3), ("\"\\U0041\"", 2), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3),
        ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("[}", 1), ("{\"a\":[1}", 7), ("/**/1", 0),
    ];
    for (row, place) in cases {
        let (offset, _) = invalid_json(format!("{{\"objects\":[{row}]}}"));
        assert_eq!(offset, 12 + place, "{row}");
        let (offset, _) = invalid_json(format!("{{\"objects\":[],\"options\":{row}}}"));
        assert_eq!(offset, 24 + place, "{row} as options");
    }
    for (body, place) in [
        ("x", 0), ("{x", 1), ("{,", 1), ("{\"objects\" []}", 11), ("{\"objects\":x}", 11), ("{\"objects\":[] ]", 14),
        ("{\"objects\":[],}", 14), ("{\"objects\":[1,]}", 14), ("{\"objects\":[,]}", 12), ("{\"objects\":[1}", 13),
        ("{\"obj\u{1}ects\":[]}", 5), ("{\"obj\\qects\":[]}", 6), ("{\"objects\":[]\u{a0}}", 13),
    ] {
        assert_eq!(invalid_json(body).0, place, "{body}");
    }
}

#[test]
fn control_characters_in_strings_are_refused_and_others_are_not() {
    for byte in 0..0x20_u8 {
        let found = invalid_json([b"{\"objects\":[\"ab", [byte].as_slice(), b"\"]}"].concat());
        assert_eq!(found, (15, JsonFault::ControlCharacter { found: byte }));
    }
    assert_eq!(rows_of("{\"objects\":[\"\u{7f}\u{80}\u{2028}\"]}").len(), 1);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_offset() {
    let broken: [&[u8]; 11] = [
        b"\x80", b"\xff", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\xaf",
        b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xc3",
    ];
    for bytes in broken {
        for (before, after) in [
            (&b"{\"objects\":[1,{\"a\":\"\xc3\xa9"[..], &b"\"}]}"[..]),
            (b"{\"objects\":[1,{\"a\":\"\xc3\xa9", b"\" nonsense"),
            (b"{\"options\":{\"a\":\"", b"\"},\"objects\":[]}"),
            (b"{\"", b"objects\":[]}"),
        ] {
            let body = [before, bytes, after].concat();
            assert_eq!(invalid_json(&body), (before.len() as u64, JsonFault::InvalidUtf8), "{body:x?}");
        }
    }
    // Cut off in the middle of a character: the end is the fault. Behind a byte that is wrong for sure: that byte is.
    assert_eq!(invalid_json(b"{\"objects\":[\"\xe2\x82"), (15, JsonFault::UnexpectedEnd));
    assert_eq!(invalid_json(b"{\"objects\":[\"\xff abc"), (13, JsonFault::InvalidUtf8));
    assert_eq!(invalid_json(b"{\"objects\":[\xe2"), (12, JsonFault::UnexpectedByte { found: 0xE2, expected: "a value" }));
}

#[test]
fn half_a_surrogate_pair_is_refused_in_the_envelope_only() {
    assert_eq!(invalid_json(r#"{"options":{"a":"\ud800"},"objects":[]}"#), (16, JsonFault::LoneSurrogate));
    assert_eq!(invalid_json(r#"{"\ud800":1,"objects":[]}"#), (1, JsonFault::LoneSurrogate));
    assert_eq!(rows_of(r#"{"objects":["\ud800","\ud800\ud800"]}"#).len(), 2);
}

#[test]
fn rows_may_be_as_deep_as_they_are_long_and_options_may_not() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(rows_of(&format!(r#"{{"objects":[{}]}}"#, nested(512))), [nested(512)]);
    assert_eq!(
        options_of(&format!(r#"{{"options":{},"objects":[]}}"#, nested(OPTIONS_DEPTH_MAX))),
        Some(nested(OPTIONS_DEPTH_MAX))
    );
    let too_deep = format!(r#"{{"options":{},"objects":[]}}"#, nested(OPTIONS_DEPTH_MAX + 1));
    let place = 11 + OPTIONS_DEPTH_MAX as u64;
    assert_eq!(invalid_json(too_deep), (place, JsonFault::TooDeep { limit: OPTIONS_DEPTH_MAX }));

    let deep = nested(512 * 1024);
    let limits = SplitLimits { row_bytes_max: deep.len(), ..LIMITS };
    let (rows, envelope) = split_cut_by(format!("{{\"objects\":[{deep}]}}").as_bytes(), limits, 64 * 1024);
    assert!(envelope.is_ok() && rows == [deep]);
}

#[test]
fn one_row_more_than_allowed_is_refused() {
    let limits = SplitLimits { rows_max: 3, ..LIMITS };
    assert_eq!(split_with(br#"{"objects":[1,2,3]}"#, limits).1.expect("at the limit").rows, 3);
    let (rows, error) = split_with(br#"{"objects":[1,2,3,4]}"#, limits);
    assert_eq!(rows, ["1", "2", "3"]);
    assert_eq!(error, Err(SplitError::TooManyRows { limit: 3, measured: 4 }));
}

#[test]
fn one_byte_more_than_a_row_may_have_is_refused_with_the_row() {
    let limits = SplitLimits { row_bytes_max: 8, ..LIMITS };
    for row in ["12345678", "\"123456\"", "[1,2,34]", "{\"a\":\"\"}"] {
        for end in ["", " ", ",1"] {
            let (rows, envelope) = split_with(format!("{{\"objects\":[0, {row}{end}]}}").as_bytes(), limits);
            assert!(envelope.is_ok(), "{row}");
            assert_eq!(rows[1], row);
        }
    }
    for row in ["123456789", "\"1234567\"", "[1,2,345]", "[1,     2]", "\"1234567890123456789"] {
        let (rows, error) = split_with(format!("{{\"objects\":[0, {row}]}}").as_bytes(), limits);
        assert_eq!(rows, ["0"]);
        assert_eq!(error, Err(SplitError::RowTooLarge { limit: 8, measured: 9, row: 1 }));
    }
}

#[test]
fn one_byte_more_than_options_may_have_is_refused() {
    let limits = SplitLimits { options_bytes_max: 8, ..LIMITS };
    assert!(split_with(br#"{"options":{"a": 1},"objects":[]}"#, limits).1.is_ok());
    for body in [&br#"{"options":{"a": 12},"objects":[]}"#[..], br#"{"objects":[],"options":{"a":        1}}"#] {
        assert_eq!(split_with(body, limits).1, Err(SplitError::OptionsTooLarge { limit: 8, measured: 9 }));
    }
}

#[test]
fn a_row_that_lies_whole_in_a_piece_is_not_copied() {
    let body = br#"{"objects":[{"a":1},{"b":2}]}"#;
    let within = body.as_ptr_range();
    let mut rows = 0;
    let pushed = Splitter::new(LIMITS).push(body, &mut |row: &[u8]| {
        rows += 1;
        assert!(within.contains(&row.as_ptr()));
    });
    assert_eq!((pushed, rows), (Ok(()), 2));
}

#[test]
fn white_space_without_end_is_not_kept() {
    let spaces = vec![b' '; 64 * 1024];
    let mut splitter = Splitter::new(LIMITS);
    let mut rows = 0;
    for part in [&b"{"[..], b"\"objects\"", b":", b"[", b"1", b",", b"2", b"]", b"}"] {
        for _ in 0..100 {
            splitter.push(&spaces, &mut |_: &[u8]| rows += 1).expect("white space");
        }
        splitter.push(part, &mut |_: &[u8]| rows += 1).expect("valid");
        assert!(splitter.capture.held_bytes() < 1024, "{} bytes held", splitter.capture.held_bytes());
    }
    assert_eq!(splitter.finish().expect("valid").rows, 2);
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
        (
            br#"{"objects":null}"#,
            "\"objects\" must be an array of rows, but it begins as null (at byte 11)",
        ),
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
