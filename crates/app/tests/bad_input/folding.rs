//! Which texts are the same key, with and without `caseInsensitive`. (B-SEM-11)

use serde_json::json;

use super::bodies::{import_of, import_with};
use super::case::{Case, Change, World, script};
use super::runner::run_section;
use crate::support::server::Launch;

/// Two texts, and whether they are one key when case does not count. When it does, only equal texts are one key.
const PAIRS: [(&str, &str, bool); 18] = [
    ("İ", "i", false),
    ("İ", "i\u{307}", true),
    ("ı", "i", false),
    ("I", "i", true),
    ("ß", "SS", true),
    ("ß", "ẞ", true),
    ("ẞ", "ss", true),
    ("Σ", "ς", true),
    ("σ", "ς", true),
    ("Ǆ", "ǆ", true),
    ("ǅ", "Ǆ", true),
    ("\u{212a}", "k", true),
    ("\u{212b}", "å", true),
    ("ﬁ", "FI", true),
    ("cafe\u{301}", "CAFÉ", true),
    ("É", "E", false),
    ("Ａ", "A", false),
    ("Ж", "ж", true),
];

#[test]
fn folding() {
    run_section(
        Launch::new(),
        &[
            script("B-SEM-11 in one import", in_one_import),
            script("B-SEM-11 in two imports", in_two_imports),
            script("B-SEM-11 case counts", case_counts),
            script("B-SEM-11 outer spaces", outer_spaces),
        ] as &[Case],
    );
}

fn row(text: &str) -> String {
    json!({"default": {"full_name": text}}).to_string()
}

/// Texts of a pair, kept apart from those of other pairs.
fn texts(kind: &str, place: usize, pair: (&str, &str, bool)) -> (String, String) {
    (format!("{kind} {place} {}", pair.0), format!("{kind} {place} {}", pair.1))
}

fn in_one_import(world: &mut World) -> Change {
    let mut rows = Vec::new();
    for (place, pair) in PAIRS.into_iter().enumerate() {
        let (one, other) = texts("one", place, pair);
        rows.extend([row(&one), row(&other)]);
    }
    let job = world.client().import_and_wait("contact", import_with(&rows, r#"{"dedupe_by":"full_name"}"#));
    let mut created = 0;
    for (place, pair) in PAIRS.into_iter().enumerate() {
        let (first, second) = (&job["results"][place * 2], &job["results"][place * 2 + 1]);
        assert_eq!(first["created"], true, "{pair:?}: {first}");
        assert_eq!(second["existing"], pair.2, "{pair:?}: {second}");
        assert_eq!(first["id"] == second["id"], pair.2, "{pair:?}: {first} {second}");
        created += 1 + usize::from(!pair.2);
    }
    Change::records("contact", created)
}

/// The same with a record that is there, so that the keys meet in the store.
fn in_two_imports(world: &mut World) -> Change {
    let of = |second: bool| -> Vec<String> {
        let texts = PAIRS.into_iter().enumerate().map(|(place, pair)| texts("two", place, pair));
        texts.map(|(one, other)| row(if second { &other } else { &one })).collect()
    };
    let client = world.client();
    let options = r#"{"dedupe_by":"full_name","caseInsensitive":true}"#;
    let first = client.import_and_wait("contact", import_of(&of(false)));
    let second = client.import_and_wait("contact", import_with(&of(true), options));
    let mut created = PAIRS.len();
    for (place, pair) in PAIRS.into_iter().enumerate() {
        let (there, now) = (&first["results"][place], &second["results"][place]);
        assert_eq!(there["id"] == now["id"], pair.2, "{pair:?}: {there} {now}");
        created += usize::from(!pair.2);
    }
    Change::records("contact", created)
}

fn case_counts(world: &mut World) -> Change {
    let mut rows = Vec::new();
    for (place, pair) in PAIRS.into_iter().enumerate() {
        let (one, other) = texts("exact", place, pair);
        rows.extend([row(&one), row(&other)]);
    }
    let options = r#"{"dedupe_by":"full_name","caseInsensitive":false}"#;
    let client = world.client();
    let job = client.import_and_wait("contact", import_with(&rows, options));
    for (index, result) in job["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["created"], true, "{:?}: {result}", PAIRS[index / 2]);
    }
    // Sent again, every text finds the record that holds it and no other.
    let again = client.import_and_wait("contact", import_with(&rows, options));
    for (index, result) in again["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["existing"], true, "{:?}: {result}", PAIRS[index / 2]);
        assert_eq!(result["id"], job["results"][index]["id"], "{:?}", PAIRS[index / 2]);
    }
    Change::records("contact", rows.len())
}

/// Keys are trimmed in both modes; values are kept as they are.
fn outer_spaces(world: &mut World) -> Change {
    let client = world.client();
    let mut created = 0;
    for (name, options) in [
        ("trim", r#"{"dedupe_by":"full_name"}"#),
        ("trim exactly", r#"{"dedupe_by":"full_name","caseInsensitive":false}"#),
    ] {
        let spaced = format!(" \t{name}\u{a0}\u{2003}");
        let job = client.import_and_wait("contact", import_with(&[row(&spaced), row(name)], options));
        assert_eq!(job["results"][1]["existing"], true, "{name}: {job}");
        let id = job["results"][0]["id"].as_str().unwrap();
        assert_eq!(client.record("contact", id).json()["default"]["full_name"], spaced);
        created += 1;
    }
    Change::records("contact", created)
}
