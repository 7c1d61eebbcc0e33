//! Bodies of imports that have everything in them which could go wrong twice: repeats in other cases, bad rows of many
//! kinds, rows without a key, rows with ids, new options, members of a list.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// Contacts that repeat each other and those that are there, with new options on the way.
pub(crate) fn contacts(chance: &mut StdRng, rows: usize) -> String {
    let objects = (0..rows).map(|row| contact(chance, row, rows / 2)).collect();
    let options = json!({"dedupe_by": "email", "update_existing": true, "create_missing_options": true});
    body(objects, options)
}

/// Contacts that carry ids, some of them twice, and match without being changed.
pub(crate) fn contacts_with_ids(chance: &mut StdRng, rows: usize) -> String {
    let objects = (0..rows)
        .map(|row| {
            let mut object = contact(chance, row, rows);
            if chance.random_ratio(1, 3) && object.is_object() {
                let number = chance.random_range(0..rows);
                object["id"] = json!(format!("{number:08x}-1111-4111-8111-111111111111"));
            }
            object
        })
        .collect();
    body(objects, json!({"dedupe_by": "email"}))
}

/// Organizations that join a list, with stages.
pub(crate) fn organizations(chance: &mut StdRng, rows: usize, list_id: &str) -> String {
    const STAGES: [&str; 4] = ["Prospect", "talking", "Active", "no such stage"];
    let objects = (0..rows)
        .map(|row| {
            let name = format!("Organization {}", chance.random_range(0..rows));
            let stage = STAGES[chance.random_range(0..STAGES.len())];
            json!({"default": {"name": name, "employee_count": row}, "list": {"app_stage": stage}})
        })
        .collect();
    body(objects, json!({"dedupe_by": "name", "update_existing": true, "list_id": list_id}))
}

/// Some of the organizations that [`organizations`] names, made without a look at their names.
pub(crate) fn unkeyed_organizations(rows: usize) -> String {
    let objects = (0..rows).map(|row| json!({"default": {"name": format!("organization {}", row * 7)}})).collect();
    body(objects, json!({}))
}

/// Contacts of which each makes a record, told apart by `mark`.
pub(crate) fn distinct_contacts(mark: &str, rows: usize) -> String {
    let objects = (0..rows)
        .map(|row| json!({"default": {"email": format!("{mark}-{row}@example.org"), "description": "x".repeat(150)}}))
        .collect();
    body(objects, json!({"dedupe_by": "email"}))
}

/// Contacts without a key: sent twice, they are there twice.
pub(crate) fn keyless_contacts(mark: &str, rows: usize) -> String {
    let objects = (0..rows).map(|row| json!({"default": {"full_name": format!("{mark} {row}")}})).collect();
    body(objects, json!({}))
}

fn contact(chance: &mut StdRng, row: usize, keys: usize) -> Value {
    let email = email(chance, keys);
    match chance.random_range(0..40) {
        0 => json!({"default": {"full_name": format!("No key {row}")}}),
        1 => json!({"default": {"email": "", "full_name": "Blank key"}}),
        2 => json!({"default": {"email": "   ", "full_name": "White space"}}),
        3 => json!({"default": {"email": null, "title": "Null key"}}),
        4 => json!({"default": {"email": email, "no_such_property": 1}}),
        5 => json!({"default": {"email": email, "first_interaction_date": "the day before yesterday"}}),
        6 => json!({"default": {"email": email, "title": "U+0000: \u{0}"}}),
        7 => json!({"email": email}),
        8 => json!("not an object"),
        9 => json!({"default": {"email": email, "title": null, "city": ""}}),
        10..=14 => {
            let tag = format!("Tag {}", chance.random_range(0..30));
            json!({"default": {"email": email, "tags": [tag, "Everyone"]}})
        }
        _ => json!({"default": {
            "email": email,
            "full_name": format!("Person {row}"),
            "title": format!("Title {}", chance.random_range(0..3)),
            "city": "Reykjavík",
        }}),
    }
}

/// One of so many addresses, in one of several cases.
fn email(chance: &mut StdRng, keys: usize) -> String {
    let number = chance.random_range(0..keys.max(1));
    let plain = format!("person{number}@example.org");
    match chance.random_range(0..4) {
        0 => plain.to_uppercase(),
        1 => format!(" {plain} "),
        _ => plain,
    }
}

fn body(objects: Vec<Value>, options: Value) -> String {
    json!({"objects": objects, "options": options}).to_string()
}
