//! Every line of import-semantics "Values" that concerns one value, and every type against every kind of JSON.

mod common;

use common::{Seen, judge, kept, seen, seen_with};
use refract_domain::error::RowCode;
use refract_domain::import::judge::fuzz::EVERY_TYPE;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{LateOption, LateValue};
use refract_domain::limits::{VALUE_DEPTH_MAX, VALUE_EXCERPT_CHARS_MAX};

const INVALID: Seen = Seen::Refused(RowCode::InvalidValue);
const NO_OPTION: Seen = Seen::Refused(RowCode::InvalidOption);
const ID: &str = "\"0b8f2d6e-0000-4000-8000-00000000000a\"";

#[track_caller]
fn check(slug: &str, cases: &[(&str, Seen)]) {
    for (raw, expected) in cases {
        assert_eq!(&seen(slug, raw), expected, "{slug}: {raw}");
    }
}

#[test]
fn every_type_against_every_kind_of_json() {
    // null, bool, integer, decimal, text, array, object; a value where the type takes it as it is or without loss.
    let kinds = ["null", "true", "7", "2.5", "\"plain\"", "[\"a\",\"b\"]", "{\"k\":1}"];
    let (yes, no) = (|text: &str| kept(text), || INVALID);
    for (slug, expected) in [
        ("str", [yes("\"true\""), yes("\"7\""), yes("\"2.5\""), yes("\"plain\""), no(), no()]),
        ("text", [yes("\"true\""), yes("\"7\""), yes("\"2.5\""), yes("\"plain\""), no(), no()]),
        ("num", [no(), yes("7"), yes("2.5"), no(), no(), no()]),
        ("bool", [yes("true"), no(), no(), no(), no(), no()]),
        ("date", [no(), no(), no(), no(), no(), no()]),
        ("byte", [no(), no(), no(), no(), no(), no()]),
        ("select", [no(), no(), no(), NO_OPTION, no(), no()]),
        ("multiselect", [no(), no(), no(), NO_OPTION, NO_OPTION, no()]),
        (
            "multi_str",
            [yes("[\"true\"]"), yes("[\"7\"]"), yes("[\"2.5\"]"), yes("[\"plain\"]"), yes("[\"a\",\"b\"]"), no()],
        ),
        ("jsonb", [yes("true"), yes("7"), yes("2.5"), yes("\"plain\""), yes("[\"a\",\"b\"]"), yes("{\"k\":1}")]),
        ("ref", [no(), no(), no(), no(), no(), no()]),
        ("multi_ref", [no(), no(), no(), no(), no(), no()]),
        ("emails", [no(), no(), no(), no(), no(), no()]),
    ] {
        let expected = std::iter::once(Seen::Cleared).chain(expected);
        for (raw, expected) in kinds.iter().zip(expected) {
            assert_eq!(seen(slug, raw), expected, "{slug}: {raw}");
        }
    }
}

#[test]
fn null_clears_and_empty_text_clears_all_but_text() {
    for (slug, property_type) in EVERY_TYPE {
        assert_eq!(seen(slug, "null"), Seen::Cleared, "{slug}");
        let expected = if property_type.keeps_empty_text() { kept("\"\"") } else { Seen::Cleared };
        assert_eq!(seen(slug, "\"\""), expected, "{slug}");
    }
    for slug in ["multiselect", "multi_str", "multi_ref", "emails"] {
        assert_eq!(seen(slug, "[]"), Seen::Cleared, "{slug}");
    }
    check("jsonb", &[("[]", kept("[]")), ("{}", kept("{}")), ("\" \"", kept("\" \""))]);
}

#[test]
fn text_is_kept_verbatim_in_one_way_of_writing_it() {
    check(
        "str",
        &[
            ("\"  Ada \"", kept("\"  Ada \"")),
            (r#""\u0041\/\n\u00e9\ud83d\ude00""#, kept("\"A/\\né😀\"")),
            (r#""=1+1""#, kept("\"=1+1\"")),
            ("\"\u{7f}\u{2028}\"", kept("\"\u{7f}\u{2028}\"")),
            // A number stays as it was written, but must be one that every store could keep.
            ("5.0", kept("\"5.0\"")),
            ("1e400", INVALID),
            ("9223372036854775808", INVALID),
            (r#""a\u0000b""#, INVALID),
            (r#""\ud800""#, INVALID),
        ],
    );
}

#[test]
fn numbers_are_exact_or_refused() {
    check(
        "num",
        &[
            ("5.0", kept("5")),
            ("-0", kept("0")),
            ("9007199254740993", kept("9007199254740993")),
            ("9223372036854775807", kept("9223372036854775807")),
            ("9223372036854775808", INVALID),
            ("-9223372036854775809", INVALID),
            ("1e400", INVALID),
            ("1.10", kept("1.1")),
            ("1E3", kept("1000")),
            ("\" 42 \"", kept("42")),
            ("\"\\t5.0\\n\"", kept("5")),
            ("\"1e400\"", INVALID),
            ("\"0x10\"", INVALID),
            ("\"01\"", INVALID),
            ("\"+1\"", INVALID),
            ("\"1,5\"", INVALID),
            ("\"NaN\"", INVALID),
            ("\" \"", INVALID),
            ("\"\\u0034\"", kept("4")),
            ("[1]", INVALID),
        ],
    );
}

#[test]
fn bools_are_true_and_false_and_their_words() {
    check(
        "bool",
        &[
            ("false", kept("false")),
            ("\"TRUE\"", kept("true")),
            ("\"False\"", kept("false")),
            ("\"yes\"", INVALID),
            ("1", INVALID),
            ("0", INVALID),
            ("\"1\"", INVALID),
            ("[true]", INVALID),
        ],
    );
}

#[test]
fn dates_are_kept_as_sent() {
    let midnight = "\"2026-07-31T00:00:00.000Z\"";
    check(
        "date",
        &[
            ("\"2026-07-31\"", kept("\"2026-07-31\"")),
            (midnight, kept(midnight)),
            ("\"2026-07-31T09:30:00+02:00\"", kept("\"2026-07-31T09:30:00+02:00\"")),
            (r#""2026\u002d07-31""#, kept("\"2026-07-31\"")),
            // B-JSON-29
            ("\"2026-02-30\"", INVALID),
            ("\"2026-07-31T24:00:00Z\"", INVALID),
            ("\"0000-01-01\"", INVALID),
            ("\"9999999\"", INVALID),
            ("\"2016-12-31T23:59:60Z\"", INVALID),
            ("\"2026-07-31T09:30:00\"", INVALID),
            ("20260731", INVALID),
        ],
    );
}

#[test]
fn bytes_are_padded_base64() {
    check(
        "byte",
        &[("\"QQ==\"", kept("\"QQ==\"")), ("\"QQ\"", INVALID), (r#""\/\/\/\/""#, kept("\"////\"")), ("1234", INVALID)],
    );
}

#[test]
fn options_are_meant_by_slug_id_or_value() {
    let red_id = "\"00000000-0000-0000-0000-000000000002\"";
    check(
        "select",
        &[
            ("\"red\"", kept("\"red\"")),
            (red_id, kept("\"red\"")),
            ("\"  bRIGHT rED \"", kept("\"red\"")),
            ("\"RED\"", NO_OPTION),
            ("\"green\"", NO_OPTION),
            ("\"  \"", NO_OPTION),
            ("[\"red\",\"blue\"]", INVALID),
            ("[\"red\"]", INVALID),
            ("3", INVALID),
        ],
    );
    check(
        "multiselect",
        &[
            ("\"blue\"", kept("[\"blue\"]")),
            (&format!("[\"blue\",{red_id},\"Blue\",\"red\"]"), kept("[\"blue\",\"red\"]")),
            ("[null]", INVALID),
            ("[\"\"]", INVALID),
            ("[[\"red\"]]", INVALID),
            ("[\"red\",\"green\"]", NO_OPTION),
        ],
    );
}

#[test]
fn unknown_options_wait_to_be_made_when_asked() {
    let options = || ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    let late = |slug: &str, multiple, options: &[LateOption]| {
        Seen::Late(LateValue {
            slug: slug.into(),
            rule: refract_domain::change::WriteRule::Replace,
            multiple,
            options: options.to_vec(),
        })
    };
    let (known, missing) =
        (|slug: &str| LateOption::Known(slug.into()), |value: &str| LateOption::Missing(value.into()));
    assert_eq!(seen_with(options(), "select", "\" Dark Green \""), late("select", false, &[missing("Dark Green")]));
    assert_eq!(seen_with(options(), "select", "\"red\""), kept("\"red\""));
    assert_eq!(
        seen_with(options(), "multiselect", "[\"Green\",\"red\",\"GREEN \",\"Bright Red\",\"grey\"]"),
        late("multiselect", true, &[missing("Green"), known("red"), missing("grey")]),
    );
    // A blank could only make an option without a name.
    assert_eq!(seen_with(options(), "select", "\"  \""), NO_OPTION);
    assert_eq!(seen_with(options(), "select", "\"a\\u0000\""), INVALID);
}

#[test]
fn texts_of_an_array_are_distinct_and_filled() {
    check(
        "multi_str",
        &[
            ("[\"b\",\"a\",\"b\",\"\\u0061\"]", kept("[\"b\",\"a\"]")),
            ("[\"\",\"a\",\"\"]", kept("[\"a\"]")),
            ("[\"\"]", Seen::Cleared),
            ("[1,true,2.50,\"1\"]", kept("[\"1\",\"true\",\"2.50\"]")),
            ("[null]", INVALID),
            ("[[]]", INVALID),
            ("[{}]", INVALID),
            ("[1e400]", INVALID),
            ("[\"\\ud800\"]", INVALID),
        ],
    );
}

#[test]
fn addresses_are_normalised_and_distinct() {
    check(
        "emails",
        &[
            ("[\"Ada+x@Example.com\",\" ada@example.com\"]", kept("[\"ada@example.com\"]")),
            ("\"A.d.a@gmail.com\"", kept("[\"ada@gmail.com\"]")),
            ("[\"\",\"a@b\"]", kept("[\"a@b\"]")),
            ("[\"ada\"]", INVALID),
            ("[\"a@b@c\"]", INVALID),
            ("[7]", INVALID),
            ("[null]", INVALID),
        ],
    );
}

#[test]
fn references_are_ids_to_be_checked() {
    check(
        "ref",
        &[
            ("\"0B8F2D6E-0000-4000-8000-00000000000A\"", kept(ID)),
            ("\"0b8f2d6e00004000800000000000000a\"", kept(ID)),
            ("\"ada\"", INVALID),
            (&format!("[{ID}]"), INVALID),
            (&format!("{{\"id\":{ID},\"properties\":{{}}}}"), kept(ID)),
            ("{\"properties\":{}}", INVALID),
        ],
    );
    let row = format!("{{\"default\":{{\"multi_ref\":[{ID},\"0B8F2D6E00004000800000000000000A\"],\"ref\":{ID}}}}}");
    let good = judge(ImportOptions::default(), &row).expect("good");
    assert_eq!(good.body, format!("{{\"multi_ref\":[{ID}],\"ref\":{ID}}}"));
    let slugs: Vec<_> = good.extra.references.iter().map(|reference| reference.slug.as_str()).collect();
    assert_eq!(slugs, ["multi_ref", "ref"]);
    check("multi_ref", &[(ID, kept(&format!("[{ID}]"))), ("[\"\"]", INVALID), ("[null]", INVALID)]);
}

#[test]
fn documents_have_one_form() {
    check(
        "jsonb",
        &[
            (r#" { "b" : [ 1.0 , null ] , "a" : { } , "b" : "\u0041" } "#, kept(r#"{"a":{},"b":"A"}"#)),
            (r#"{"\u0062":1,"a":2,"b":3,"a":4}"#, kept(r#"{"a":4,"b":3}"#)),
            (r#"{"a":1e400}"#, INVALID),
            (r#"[9223372036854775808]"#, INVALID),
            (r#"{"\u0000":1}"#, INVALID),
            (r#"["\ud800"]"#, INVALID),
        ],
    );
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    check(
        "jsonb",
        &[
            (&nested(VALUE_DEPTH_MAX), kept(&nested(VALUE_DEPTH_MAX))),
            (&nested(VALUE_DEPTH_MAX + 1), INVALID),
            (&nested(100_000), INVALID),
        ],
    );
    for (slug, _) in EVERY_TYPE {
        assert_eq!(seen(slug, &nested(VALUE_DEPTH_MAX + 1)), INVALID, "{slug}");
    }
}

#[test]
fn messages_name_property_value_type_and_remedy() {
    let message_of = |slug: &str, raw: &str| {
        let faults =
            judge(ImportOptions::default(), &format!("{{\"default\":{{\"{slug}\":{raw}}}}}")).expect_err("faulty");
        faults[0].message.clone()
    };
    let number = message_of("num", "\"many\"");
    for part in ["\"num\"", "\"many\"", "a number", "42"] {
        assert!(number.contains(part), "{part} in {number}");
    }
    assert!(message_of("select", "\"reed\"").contains("did you mean \"red\"?"));
    assert!(message_of("date", "\"2026-07-31T09:30:00\"").contains("zone"));
    let long = message_of("num", &format!("\"{}\"", "é".repeat(5_000)));
    assert!(long.contains('…') && long.chars().count() < VALUE_EXCERPT_CHARS_MAX + 150, "{long}");
}
