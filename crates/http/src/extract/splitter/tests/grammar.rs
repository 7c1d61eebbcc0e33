//! What is not JSON is refused where it stands.

use super::*;

#[test]
fn a_body_that_is_empty_cut_off_or_followed_by_more_is_refused() {
    assert_eq!(invalid_json(""), (0, JsonFault::Empty));
    assert_eq!(invalid_json(" \n\t"), (3, JsonFault::Empty));
    assert_eq!(invalid_json("{}{}"), (2, JsonFault::TrailingData));
    assert_eq!(invalid_json(r#"{"objects":[]} x"#), (15, JsonFault::TrailingData));
    assert_eq!(invalid_json("\u{feff}{}"), (0, JsonFault::ByteOrderMark));

    let body = r#"{"objects":[{"a":"\u00e9","b":[true]},1.5,null],"options":{"a":1}}"#;
    assert_eq!(rows_of(body).len(), 3);
    for length in 1..body.len() {
        assert_eq!(invalid_json(&body[..length]), (length as u64, JsonFault::UnexpectedEnd), "{}", &body[..length]);
    }
}

#[test]
fn what_the_grammar_does_not_know_is_refused_where_it_stands() {
    let cases: [(&str, u64); 36] = [
        ("NaN", 0),
        ("Infinity", 0),
        ("-Infinity", 1),
        ("0x10", 1),
        ("01", 1),
        ("-01", 2),
        (".5", 0),
        ("+1", 0),
        ("1.", 2),
        ("1.e5", 2),
        ("1e", 2),
        ("1e+", 3),
        ("-", 1),
        ("--1", 1),
        ("1.2.3", 3),
        ("1_000", 1),
        ("nul", 3),
        ("nulL", 3),
        ("True", 0),
        ("truex", 4),
        ("t rue", 1),
        ("'a'", 0),
        ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\\u 123\"", 3),
        ("\"\\U0041\"", 2),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("{\"a\"}", 4),
        ("{\"a\":}", 5),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("[}", 1),
        ("{\"a\":[1}", 7),
        ("/**/1", 0),
    ];
    for (row, place) in cases {
        let (offset, _) = invalid_json(format!("{{\"objects\":[{row}]}}"));
        assert_eq!(offset, 12 + place, "{row}");
        let (offset, _) = invalid_json(format!("{{\"objects\":[],\"options\":{row}}}"));
        assert_eq!(offset, 24 + place, "{row} as options");
    }
}

#[test]
fn a_number_that_goes_wrong_is_called_a_number() {
    for (number, place) in [("01", 1), ("-00", 2), ("1.", 2), ("-", 1), ("2E-", 3)] {
        let found = invalid_json(format!("{{\"objects\":[{number}]}}"));
        assert_eq!(found, (12 + place, JsonFault::InvalidNumber), "{number}");
    }
}

#[test]
fn what_the_envelope_does_not_know_is_refused_where_it_stands() {
    for (body, place) in [
        ("x", 0),
        ("{x", 1),
        ("{,", 1),
        ("{\"objects\" []}", 11),
        ("{\"objects\":x}", 11),
        ("{\"objects\":[] ]", 14),
        ("{\"objects\":[],}", 14),
        ("{\"objects\":[1,]}", 14),
        ("{\"objects\":[,]}", 12),
        ("{\"objects\":[1}", 13),
        ("{\"obj\u{1}ects\":[]}", 5),
        ("{\"obj\\qects\":[]}", 6),
        ("{\"objects\":[]\u{a0}}", 13),
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
        b"\x80",
        b"\xff",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\xaf",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\xc3",
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
    assert_eq!(
        invalid_json(b"{\"objects\":[\xe2"),
        (12, JsonFault::UnexpectedByte { found: 0xE2, expected: "a value" })
    );
}

#[test]
fn half_a_surrogate_pair_is_refused_in_the_envelope_only() {
    assert_eq!(invalid_json(r#"{"options":{"a":"\ud800"},"objects":[]}"#), (16, JsonFault::LoneSurrogate));
    assert_eq!(invalid_json(r#"{"\ud800":1,"objects":[]}"#), (1, JsonFault::LoneSurrogate));
    assert_eq!(rows_of(r#"{"objects":["\ud800","\ud800\ud800"]}"#).len(), 2);
}
