//! Promises of judging that hold for any input: proptest over JSON and bytes, and seeded mutations of good rows.

mod common;

use std::sync::Arc;

use common::{Seen, context, judge_bytes, seen, with_list};
use proptest::prelude::*;
use refract_domain::import::judge::fuzz::{
    EVERY_TYPE, check_promises, check_promises_of, fuzz_judge, table_of_every_type,
};
use refract_domain::import::judge::{judge_chunk, judge_row};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::policy::{OnMissingKey, PropertyRule, WriteWord};
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_domain::value::{exact_texts, for_each_key_text, same};
use serde_json::Value;

/// Texts that mean something to some type, and texts that mean nothing.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[ +-]?[0-9]{1,20}(\\.[0-9]{1,4})?(e[0-9]{1,3})?",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z|[+-]0[0-9]:00))?",
        "[A-Za-z.+]{1,6}@(gmail\\.com|X\\.org)",
        "(red|BLUE| Bright red |green|true|FALSE|QQ==|)",
        "[\\x00-\\x1f\"\\\\é]{0,5}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(any_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_slug() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => (0..EVERY_TYPE.len()).prop_map(|index| EVERY_TYPE[index].0.to_owned()),
        1 => any_text(),
    ]
}

fn any_row() -> impl Strategy<Value = Value> {
    let group = || proptest::collection::btree_map(any_slug(), any_json(), 0..4);
    let stage = proptest::option::of(prop_oneof![Just("won".to_owned()), any_text()]);
    (group(), stage, proptest::option::of(any_json())).prop_map(|(values, stage, id)| {
        let mut row = serde_json::Map::new();
        row.insert("default".into(), Value::Object(values.into_iter().collect()));
        if let Some(stage) = stage {
            row.insert("list".into(), serde_json::json!({ "app_stage": stage }));
        }
        if let Some(id) = id {
            row.insert("id".into(), id);
        }
        Value::Object(row)
    })
}

fn any_options() -> impl Strategy<Value = ImportOptions> {
    let keys: Vec<_> =
        EVERY_TYPE.iter().filter(|(_, kind)| kind.can_be_key()).map(|(slug, _)| (*slug).to_owned()).collect();
    let words = (0..EVERY_TYPE.len(), proptest::sample::select(WriteWord::ALL.to_vec()));
    let write = proptest::collection::btree_map(words.0, words.1, 0..4);
    (proptest::option::of(proptest::sample::select(keys)), any::<[bool; 6]>(), write).prop_map(
        |(dedupe_by, flags, write)| {
            let rule = |(index, write): (usize, WriteWord)| {
                let (slug, property_type) = EVERY_TYPE[index];
                let write = if property_type.is_multiple() { write } else { WriteWord::FillIfEmpty };
                PropertyRule { in_list: false, slug: slug.to_owned(), write }
            };
            ImportOptions {
                on_missing_key: if flags[5] && dedupe_by.is_some() { OnMissingKey::Fail } else { OnMissingKey::Create },
                write: write.into_iter().map(rule).collect(),
                dedupe_by,
                case_insensitive: flags[0],
                update_existing: flags[1],
                create_missing_options: flags[2],
                require_list_stage: flags[3] && flags[4],
                list_id: with_list().list_id.filter(|_| flags[4]),
                ..ImportOptions::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn promises_hold_for_rows(row in any_row(), options in any_options()) {
        let context = context(options);
        let raw = row.to_string();
        check_promises(&context, raw.as_bytes());
        if let Ok(good) = judge_bytes(&context, raw.as_bytes()) {
            let body: Result<Value, _> = serde_json::from_str(&good.body);
            prop_assert!(body.as_ref().is_ok_and(Value::is_object), "{}", good.body);
            // White space and the order of the row's keys say nothing.
            let pretty = serde_json::to_string_pretty(&row).expect("JSON");
            let again = judge_bytes(&context, pretty.as_bytes()).expect("the same row");
            prop_assert_eq!(good.body, again.body);
            prop_assert_eq!(good.match_keys, again.match_keys);
            prop_assert_eq!(good.extra, again.extra);
        }
    }

    #[test]
    fn promises_hold_for_any_json(json in any_json()) {
        check_promises(&context(with_list()), json.to_string().as_bytes());
        fuzz_judge(json.to_string().as_bytes());
    }

    /// Values of any JSON, and texts that mean something, in the cells of a table, or beside the names of its columns.
    #[test]
    fn promises_hold_for_rows_of_tables(
        cells in proptest::collection::vec(prop_oneof![any_json(), any_text().prop_map(Value::from)], 17..18),
        number in 0..30_usize,
        options in any_options(),
    ) {
        let table = table_of_every_type(number);
        let staged = if table.format.has_cells() {
            Value::from(cells)
        } else {
            let names = table.columns.iter().map(|column| column.name.clone());
            Value::Object(names.zip(cells).filter(|(_, value)| !value.is_null()).collect())
        };
        let plain = context(options.clone());
        let of_table = context(ImportOptions { table: Some(Arc::new(table)), ..options });
        check_promises_of(&of_table, &plain, staged.to_string().as_bytes());
    }

    #[test]
    fn promises_hold_for_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_judge(&bytes);
    }

    #[test]
    fn a_value_is_the_same_as_itself_and_sameness_means_the_same_keys(
        index in 0..EVERY_TYPE.len(), left in any_json(), right in any_json(),
    ) {
        let (slug, property_type) = EVERY_TYPE[index];
        let canonical = |json: &Value| match seen(slug, &json.to_string()) {
            Seen::Value(canonical) => Some(canonical),
            _ => None,
        };
        let (Some(left), Some(right)) = (canonical(&left), canonical(&right)) else { return Ok(()) };
        prop_assert!(same(property_type, &left, &left));
        prop_assert_eq!(same(property_type, &left, &right), same(property_type, &right, &left));
        if same(property_type, &left, &right) {
            let sorted = |raw: &str| {
                let mut texts = exact_texts(property_type, raw);
                texts.sort();
                texts
            };
            prop_assert_eq!(sorted(&left), sorted(&right));
        }
        let mut texts = Vec::new();
        for_each_key_text(property_type, &left, &mut |text| texts.push(text.to_owned()));
        prop_assert!(texts.iter().all(|text| !text.is_empty() && text.trim() == text));
        prop_assert!(property_type.can_be_key() || texts.is_empty());
    }

    #[test]
    fn verdicts_do_not_depend_on_the_rows_before(rows in proptest::collection::vec(any_row(), 0..8), options in any_options()) {
        let context = context(options);
        let mut chunk = RawChunk::starting_at(0);
        let mut alone = JudgedChunk { schema_version: context.schema().version, ..JudgedChunk::default() };
        for row in &rows {
            chunk.push(row.to_string().as_bytes());
            judge_row(&context, row.to_string().as_bytes(), &mut alone);
        }
        prop_assert_eq!(format!("{:?}", judge_chunk(&context, &chunk)), format!("{alone:?}"));
    }
}

#[test]
fn sameness_follows_the_type() {
    let of = |slug: &str| EVERY_TYPE.iter().find(|(name, _)| *name == slug).map(|(_, kind)| *kind).expect("a slug");
    assert!(same(of("multiselect"), r#"["a","b"]"#, r#"["b","a"]"#));
    assert!(!same(of("multiselect"), r#"["a","b"]"#, r#"["a"]"#));
    assert!(same(of("multi_ref"), r#"["a","b"]"#, r#"["b","a"]"#));
    assert!(same(of("emails"), r#"["a@b","c@d"]"#, r#"["c@d","a@b"]"#));
    assert!(!same(of("multi_str"), r#"["a","b"]"#, r#"["b","a"]"#));
    assert!(same(of("date"), "\"2026-07-31\"", "\"2026-07-31T02:00:00+02:00\""));
    assert!(same(of("date"), "\"2026-07-31T00:00:00.50Z\"", "\"2026-07-31T00:00:00.5Z\""));
    assert!(!same(of("date"), "\"2026-07-31\"", "\"2026-07-31T00:00:00.001Z\""));
    assert!(!same(of("str"), "\"2026-07-31\"", "\"2026-07-31T00:00:00Z\""));
    assert!(!same(of("str"), "\"a\"", "\"A\""));
}

/// A generator of its own, so that a failure can be repeated from the number printed.
fn next_random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap_or_default()
}

const SEEDS: [&str; 5] = [
    r#"{"id":"0b8f2d6e-0000-4000-8000-00000000000a","default":{"str":"a\u0041\ud83d\ude00","num":-12.50e1,"bool":"TRUE"}}"#,
    r#"{"default":{"date":"2026-07-31T09:30:00.5+02:00","byte":"QUJD","select":"Bright Red","multiselect":["red","blue"]}}"#,
    r#"{"default":{"multi_str":["a","b",1,true],"jsonb":{"b":[1,{"c":null}],"a":"x\n"},"emails":["a.b+c@gmail.com"]}}"#,
    r#"{"list":{"app_stage":"Won"},"default":{"ref":"0b8f2d6e-0000-4000-8000-00000000000a","text":"Straße"},"extended":{}}"#,
    r#" { "crm" : null , "default" : { "multi_ref" : [ "0b8f2d6e00004000800000000000000a" ] , "num" : "9007199254740993" } } "#,
];

#[test]
fn promises_hold_for_mutations_of_good_rows() {
    const PIECES: [&[u8]; 14] = [
        b"\"",
        b"\\",
        b"\\ud800",
        b"\\u0000",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"1e999",
        b"\xff",
        b"\xc3\xa9",
    ];
    // Bytes that leave many rows well formed, so that values and not only syntax are reached.
    const TAME_BYTES: &[u8] = b"aZ019 .-+@_TzeE\x80\x00";
    for (number, seed) in SEEDS.iter().enumerate() {
        assert!(judge_bytes(&context(with_list()), seed.as_bytes()).is_ok(), "seed {number} should be good");
    }
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut good_rows = 0;
    let list_context = context(ImportOptions { create_missing_options: true, ..with_list() });
    for round in 0..12_000 {
        let mut row = SEEDS[next_random(&mut state) % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=next_random(&mut state) % 3 {
            let at = next_random(&mut state) % row.len();
            match next_random(&mut state) % 4 {
                0 => row[at] = TAME_BYTES[next_random(&mut state) % TAME_BYTES.len()],
                1 => drop(row.remove(at)),
                2 => drop(row.splice(at..at, PIECES[next_random(&mut state) % PIECES.len()].iter().copied())),
                _ => {
                    let end = at + next_random(&mut state) % (row.len() - at);
                    let piece = row[at..end].to_vec();
                    drop(row.splice(at..at, piece));
                }
            }
        }
        let caught = std::panic::catch_unwind(|| fuzz_judge(&row));
        assert!(caught.is_ok(), "round {round}: {}", String::from_utf8_lossy(&row));
        check_promises(&list_context, &row);
        good_rows += usize::from(judge_bytes(&list_context, &row).is_ok());
    }
    assert!(good_rows > 500, "mutations should leave some rows good, not {good_rows} of 12,000");
}

#[test]
fn a_row_of_the_largest_size_is_judged_in_time_that_grows_with_it() {
    // Anything quadratic in these would take minutes: distinct elements, nesting, escapes, keys of a map.
    let elements: Vec<String> = (0..150_000).map(|number| format!("\"a{number}\"")).collect();
    let members: Vec<String> = (0..90_000).map(|number| format!("\"k{number}\":1")).collect();
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    for (slug, value) in [
        ("multi_str", format!("[{}]", elements.join(","))),
        ("multiselect", format!("[{}]", elements.join(","))),
        ("jsonb", format!("{{{}}}", members.join(","))),
        ("jsonb", deep),
        ("str", format!("\"{}\"", "\\u0041".repeat(170_000))),
        ("num", format!("1.{}e5", "0".repeat(1_000_000))),
        ("date", format!("\"2026-07-31T00:00:00.{}Z\"", "0".repeat(1_000_000))),
    ] {
        let started = std::time::Instant::now();
        let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
        drop(judge_bytes(&context(options), format!("{{\"default\":{{\"{slug}\":{value}}}}}").as_bytes()));
        assert!(started.elapsed().as_secs() < 10, "{slug} took {:?}", started.elapsed());
    }
}
