//! Matching through the store: which record a row's key means (import-semantics, Matching).

use refract_domain::error::RowCode;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{self, Contact, Deal, Identity, Organization};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, contact, row, updating};

fn exact(slug: &str) -> ImportOptions {
    ImportOptions { case_insensitive: false, ..by(slug) }
}

/// Imports in every way, each into a team of its own, and checks the words.
async fn expect(base: &World, object_type: ObjectType, options: &ImportOptions, rows: &[Value], words: &[&str]) {
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, object_type, options, rows).await;
        assert_eq!(import.words(), words, "{way:?}");
        let created = words.iter().filter(|word| **word == "created").count();
        assert_eq!(world.count(object_type).await, created as u64, "{way:?}");
    }
}

/// Without `dedupe_by` equal rows are several records, also once the property is keyed.
pub async fn rows_without_a_key_property_always_create(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("a@x.io")];
    expect(&base, Contact, &ImportOptions::default(), &rows, &["created", "created"]).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "email").await;
        let import = world.import(way, Contact, &ImportOptions::default(), &rows).await;
        assert_eq!(import.words(), ["created", "created"]);
    }
}

/// The first of equal rows creates, later ones meet its record.
pub async fn a_key_matches_within_a_chunk(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("b@x.io"), contact("a@x.io"), contact("a@x.io")];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["created", "created", "existing", "existing"], "{way:?}");
        assert_eq!(import.groups(), [Some(0), Some(1), Some(0), Some(0)], "{way:?}");
    }
}

/// What an earlier import made is met by a later one, in any way.
pub async fn a_key_matches_across_chunks_and_imports(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for first_way in [Way::Inline, Way::Queued(1)] {
        for second_way in Way::ALL {
            let world = base.another_team().await;
            let first = world.import(first_way, Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io")]).await;
            let rows = [contact("b@x.io"), contact("c@x.io"), contact("a@x.io")];
            let second = world.import(second_way, Contact, &by("email"), &rows).await;
            assert_eq!(second.words(), ["existing", "created", "existing"], "{first_way:?} then {second_way:?}");
            assert_eq!((second.id(0), second.id(2)), (first.id(1), first.id(0)));
            assert_eq!(world.count(Contact).await, 3);
        }
    }
}

/// Case and Unicode form do not count by default; what was stored stays as it was sent.
pub async fn the_same_in_every_case_and_form(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = ["Straße", "STRASSE", "strasse ", "Cafe\u{301}", "CAFÉ"].map(|name| row(json!({ "name": name })));
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Organization, &by("name"), &rows).await;
        assert_eq!(import.words(), ["created", "existing", "existing", "created", "existing"], "{way:?}");
        assert_eq!(world.body(Organization, import.id(0)).await, json!({ "name": "Straße" }));
        assert_eq!(world.body(Organization, import.id(3)).await, json!({ "name": "Cafe\u{301}" }));
    }
}

/// Absent, null, empty and white values are no keys, so such rows always create.
pub async fn blanks_match_nothing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [
        row(json!({})),
        row(json!({ "email": null })),
        contact(""),
        contact(" \t\u{a0}"),
        row(json!({ "city": "Oslo" })),
        contact(""),
    ];
    expect(&base, Contact, &by("email"), &rows, &["created"; 6]).await;
    expect(&base, Contact, &exact("email"), &rows, &["created"; 6]).await;
    expect(&base, Contact, &updating("email"), &rows, &["created"; 6]).await;
}

/// With `caseInsensitive: false` bytes count, though the keys are the same.
pub async fn exact_matching_tells_cases_apart(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = ["a@x.io", "A@x.io", "a@x.io", "A@x.io", "A@X.io"].map(contact);
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &exact("email"), &rows).await;
        assert_eq!(import.words(), ["created", "created", "existing", "existing", "created"], "{way:?}");
        assert_eq!(import.groups(), [Some(0), Some(1), Some(0), Some(1), Some(4)], "{way:?}");
        let folded = world.import(way, Contact, &by("email"), &[contact("a@x.io")]).await;
        assert_eq!(folded.words(), ["multiple_matches"], "{way:?}: three records hold the folded key");
    }
}

/// Exact matching looks past holders whose values fold alike but differ.
pub async fn exact_matching_sees_other_holders(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let holders = world.import(way, Contact, &exact("email"), &[contact("ANN@x.io"), contact("Ann@x.io")]).await;
        let rows = [contact("Ann@x.io"), contact("ann@x.io"), contact("ann@x.io"), contact("ANN@x.io")];
        let import = world.import(way, Contact, &exact("email"), &rows).await;
        assert_eq!(import.words(), ["existing", "created", "existing", "existing"], "{way:?}");
        assert_eq!((import.id(0), import.id(3)), (holders.id(1), holders.id(0)));
        world.delete(Contact, holders.id(0)).await;
        let after = world.import(way, Contact, &exact("email"), &[contact("Ann@x.io"), contact("ANN@x.io")]).await;
        assert_eq!(after.words(), ["existing", "created"], "{way:?}");
    }
}

/// Keys are trimmed in both modes, values are kept as sent.
pub async fn trimming_holds_in_both_modes(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [contact("  a@x.io "), contact("a@x.io"), contact("\ta@x.io")];
    for options in [by("email"), exact("email")] {
        for way in Way::ALL {
            let world = base.another_team().await;
            let import = world.import(way, Contact, &options, &rows).await;
            assert_eq!(import.words(), ["created", "existing", "existing"], "{way:?}");
            assert_eq!(world.body(Contact, import.id(0)).await, json!({ "email": "  a@x.io " }));
        }
    }
}

/// A key that several records hold means none of them: up to five candidates are named, nothing is written.
pub async fn several_holders_are_an_error(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let mut ids = Vec::new();
        for _ in 0..7 {
            ids.push(world.create(Contact, &json!({ "email": "a@x.io" })).await.id);
        }
        let rows = [row(json!({ "email": "a@x.io", "city": "Oslo" })), contact("b@x.io")];
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["multiple_matches", "created"], "{way:?}");
        let message = &import.error(0).first.message;
        assert_eq!(ids.iter().filter(|id| message.contains(&id.to_string())).count(), 5, "{message}");
        for id in &ids {
            assert_eq!(world.get(Contact, *id).await.unwrap().version, 1);
        }
        for id in &ids[1..] {
            world.delete(Contact, *id).await;
        }
        let alone = world.import(way, Contact, &by("email"), &[contact("a@x.io")]).await;
        assert_eq!((alone.words(), alone.id(0)), (vec!["existing"], ids[0]), "{way:?}");
    }
}

/// A key of several values matches on any of them; values that lead to different records are an error.
pub async fn any_value_of_a_list_matches(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let domains = |values: &[&str]| row(json!({ "domains": values }));
    for way in Way::ALL {
        let world = base.another_team().await;
        let rows = [
            domains(&["a.io", "b.io"]),
            domains(&["B.io", "z.io"]),
            domains(&["c.io"]),
            domains(&["x.io", "c.io"]),
            domains(&["a.io", "c.io"]),
            domains(&[]),
        ];
        let import = world.import(way, Organization, &by("domains"), &rows).await;
        let words = ["created", "existing", "created", "existing", "multiple_matches", "created"];
        assert_eq!(import.words(), words, "{way:?}");
        assert_eq!((import.id(1), import.id(3)), (import.id(0), import.id(2)));
        let skipped_values = world.import(way, Organization, &by("domains"), &[domains(&["z.io"])]).await;
        assert_eq!(skipped_values.words(), ["created"], "{way:?}: a skipped row's other values are nobody's");
    }
}

/// The same value is another key in another team, and in another type.
pub async fn a_key_belongs_to_team_and_type(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let named = [row(json!({ "name": "Same" }))];
    for way in Way::ALL {
        let north = base.another_team().await;
        let south = base.another_team().await;
        for (world, object_type) in [(&north, Organization), (&south, Organization), (&north, Deal)] {
            let import = world.import(way, object_type, &by("name"), &named).await;
            assert_eq!(import.words(), ["created"], "{way:?} {object_type}");
        }
        for (world, object_type) in [(&north, Organization), (&south, Organization), (&north, Deal)] {
            assert_eq!(world.import(way, object_type, &by("name"), &named).await.words(), ["existing"]);
            assert_eq!(world.count(object_type).await, 1);
        }
    }
}

/// A deleted record gave its keys up: the row creates a new one.
pub async fn a_deleted_record_matches_nothing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let first = world.import(way, Contact, &by("email"), &[contact("a@x.io")]).await;
        world.delete(Contact, first.id(0)).await;
        let second = world.import(way, Contact, &by("email"), &[contact("a@x.io"), contact("A@x.io")]).await;
        assert_eq!(second.words(), ["created", "existing"], "{way:?}");
        assert_ne!(second.id(0), first.id(0));
        assert_eq!(world.count(Contact).await, 1);
    }
}

/// Of two holders one is deleted: the other is meant now.
pub async fn a_deleted_holder_leaves_the_others(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        for deleted in 0..3 {
            let world = base.another_team().await;
            world.make_keyed(Contact, "email").await;
            let mut ids = Vec::new();
            for _ in 0..3 {
                ids.push(world.create(Contact, &json!({ "email": "a@x.io" })).await.id);
            }
            world.delete(Contact, ids.remove(deleted)).await;
            let two_left = world.import(way, Contact, &by("email"), &[contact("a@x.io")]).await;
            assert_eq!(two_left.words(), ["multiple_matches"], "{way:?} {deleted}");
            world.delete(Contact, ids[0]).await;
            let one_left = world.import(way, Contact, &by("email"), &[contact("a@x.io")]).await;
            assert_eq!((one_left.words(), one_left.id(0)), (vec!["existing"], ids[1]), "{way:?} {deleted}");
        }
    }
}

/// Numbers, dates, flags and options match in their type's own sense.
pub async fn every_key_type_matches(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let schema = base.schema().await;
    let status = schema.of(Deal).property("status").expect("deals have a status");
    let won_id = status.find_option("won").expect("an option").id.to_string();
    let cases: [(&str, Value, Value, Value); 4] = [
        ("value", json!(5), json!("5.0"), json!(6)),
        ("close_date", json!("2026-01-01"), json!("2026-01-01T01:00:00+01:00"), json!("2026-01-02")),
        ("status", json!("won"), json!(won_id), json!("lost")),
        ("description", json!("Text"), json!("tEXT"), json!("else")),
    ];
    for (slug, first, same, other) in cases {
        let rows = [first, same, other].map(|value| row(json!({ slug: value })));
        expect(&base, Deal, &by(slug), &rows, &["created", "existing", "created"]).await;
    }
    let flags = [json!(true), json!("TRUE"), json!(false)].map(|value| row(json!({ "is_customer": value })));
    expect(&base, Organization, &by("is_customer"), &flags, &["created", "existing", "created"]).await;
}

/// A fault counts whether or not the row would have been skipped.
pub async fn a_bad_row_is_rejected_before_it_is_matched(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [contact("a@x.io"), row(json!({ "email": "a@x.io", "first_interaction_date": "yesterday" }))];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["created", "invalid_value"], "{way:?}");
        assert_eq!(import.code(1), RowCode::InvalidValue);
        assert_eq!(import.error(1).first.field, "default.first_interaction_date");
    }
}

/// An identity's addresses are normalised, kept once each, and match on any.
pub async fn e_mail_addresses_match_normalised(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let addresses = |values: Value| row(json!({ "email_addresses": values }));
    let rows = [
        addresses(json!(["Ada@Example.com", "ada@example.com", "lovelace@x.io"])),
        addresses(json!("ADA@example.COM")),
        addresses(json!(["other@x.io"])),
    ];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Identity, &by("email_addresses"), &rows).await;
        assert_eq!(import.words(), ["created", "existing", "created"], "{way:?}");
        let body = world.body(Identity, import.id(0)).await;
        assert_eq!(body["email_addresses"].as_array().map(Vec::len), Some(2), "{body}");
    }
}
