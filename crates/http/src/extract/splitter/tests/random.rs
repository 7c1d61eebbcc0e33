//! Generated bodies, cut anywhere: the rows are serde_json's, and arbitrary damage is judged as serde_json judges it.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::extract::fuzz;

const LIMITS: SplitLimits =
    SplitLimits { rows_max: u64::MAX, row_bytes_max: usize::MAX, options_bytes_max: usize::MAX };

/// A JSON string as text: plain characters, characters that need escapes, escapes that need none, half pairs.
fn string_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z0-9 @.]{1,20}",
        1 => any::<char>().prop_map(|character| {
            let quoted = serde_json::to_string(&character).expect("a character");
            quoted[1..quoted.len() - 1].to_owned()
        }),
        1 => any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        1 => any::<u16>().prop_map(|unit| format!("\\u{unit:04X}")),
        1 => prop::sample::select(vec!["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn whitespace() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\n", "\t", "\r\n  ", "                            "])
}

fn value_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        string_text(),
        prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        let list = |open: char, items: Vec<String>, space: &str, close: char| {
            format!("{open}{space}{}{space}{close}", items.join(&format!("{space},{space}")))
        };
        let member = (string_text(), whitespace(), inner.clone())
            .prop_map(|(name, space, value)| format!("{name}{space}:{space}{value}"));
        prop_oneof![
            (prop::collection::vec(inner, 0..6), whitespace())
                .prop_map(move |(items, space)| list('[', items, space, ']')),
            (prop::collection::vec(member, 0..6), whitespace())
                .prop_map(move |(members, space)| list('{', members, space, '}')),
        ]
    })
}

/// A valid body, and the rows and options it was made of.
fn body() -> impl Strategy<Value = (String, Vec<String>, Option<String>)> {
    let options = prop::option::of(prop::sample::select(vec![
        "null",
        "{}",
        r#"{"dedupe_by":"email", "update_existing":true}"#,
        r#"{"a":[{"b":"\u00e9"}]}"#,
    ]));
    (prop::collection::vec(value_text(), 0..12), options, any::<bool>(), whitespace()).prop_map(
        |(rows, options, options_first, space)| {
            let objects =
                format!("\"objects\"{space}:{space}[{space}{}{space}]", rows.join(&format!("{space},{space}")));
            let mut members = vec![objects];
            if let Some(options) = options {
                let at = if options_first { 0 } else { 1 };
                members.insert(at, format!("\"options\":{space}{options}"));
            }
            let text = format!("{space}{{{space}{}{space}}}{space}", members.join(","));
            (text, rows, options.map(str::to_owned))
        },
    )
}

fn split_at(body: &[u8], cuts: &[prop::sample::Index]) -> (Vec<String>, Result<Envelope, SplitError>) {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    let mut rows = Vec::new();
    let mut splitter = Splitter::new(LIMITS);
    for place in places.windows(2) {
        let pushed = splitter.push(&body[place[0]..place[1]], &mut |row: &[u8]| {
            rows.push(String::from_utf8(row.to_vec()).expect("UTF-8"));
        });
        if let Err(error) = pushed {
            return (rows, Err(error));
        }
    }
    (rows, splitter.finish())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn valid_bodies_give_their_rows_wherever_they_are_cut(
        (text, rows, options) in body(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let (found, envelope) = split_at(text.as_bytes(), &cuts);
        let envelope = envelope.expect("a valid body");
        prop_assert_eq!(envelope.options, options.map(String::into_bytes));
        for row in &found {
            prop_assert!(serde_json::from_str::<&RawValue>(row).is_ok());
        }
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn damaged_bodies_are_judged_as_the_reference_does(
        (text, _, _) in body(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte, kind) in damage {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        fuzz::split(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_break_a_promise(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz::split(&bytes);
        let within_a_row = [b"{\"objects\":[\"", bytes.as_slice(), b"\"]}"].concat();
        fuzz::split(&within_a_row);
    }
}
