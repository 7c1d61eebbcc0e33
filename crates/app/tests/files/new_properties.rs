//! Columns that there is no property for become properties where that is asked.

use serde_json::{Value, json};

use super::bodies::form;
use super::support::client::Client;
use super::support::request::Request;
use super::support::server::Launch;

const FILE: &str = "email,Shoe size,Born,Vegan,Hobby,Nothing,Squad\na@x.io,43,1990-05-01,true,\"07: call, then write\",,red\n\
                    b@x.io,38.5,1985-12-24,false,likes tea,,blue\n";

fn send(client: &Client, rest: &str, options: &Value, file: &str) -> (u16, Value) {
    let body = form(&[
        ("options", None, options.to_string().as_bytes()),
        ("file", Some(("people.csv", "text/csv")), file.as_bytes()),
    ]);
    let request = Request::post(client.path(rest)).key(&client.key).header("Content-Type", super::bodies::FORM);
    let request = request.header("Prefer", "respond-async").body(body);
    let answer = client.send(&request);
    let job = if answer.status == 202 { client.finished(&answer) } else { answer.json() };
    (answer.status, job)
}

/// Slug to type, of the properties that the team has made.
fn made(client: &Client) -> Vec<(String, String)> {
    let all = client.get(&client.path("contact/properties")).json();
    let mut own: Vec<_> = all["contact"]
        .as_object()
        .expect("properties")
        .values()
        .filter(|property| property["native"] == false)
        .map(|property| [&property["slug"], &property["type"]].map(|text| text.as_str().expect("a text").to_owned()))
        .map(|[slug, property_type]| (slug, property_type))
        .collect();
    own.sort();
    own
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(slug, property_type)| ((*slug).to_owned(), (*property_type).to_owned())).collect()
}

#[test]
fn each_column_without_a_property_becomes_one_of_the_type_of_its_cells() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let options = json!({"dedupe_by": "email", "create_missing_properties": true});
    let (status, seen) = send(&client, "contact/import/preview", &options, FILE);
    assert_eq!(status, 200, "{seen}");
    assert_eq!(seen["columns"][1]["create"], json!({"slug": "shoe_size", "name": "Shoe size", "type": "num"}));
    assert_eq!((&seen["columns"][1]["reason"], &seen["problems"]), (&json!("new"), &json!([])), "{seen}");
    assert_eq!(made(&client), [], "a preview makes nothing");

    let dry_run = json!({"dedupe_by": "email", "create_missing_properties": true, "dry_run": true});
    let (status, refused) = send(&client, "contact/import", &dry_run, FILE);
    assert_eq!((status, made(&client)), (400, Vec::new()), "{refused}");

    let (_, done) = send(&client, "contact/import", &options, FILE);
    assert_eq!((&done["created"], &done["failed"]), (&json!(2), &json!(0)), "{done}");
    let expected =
        pairs(&[("born", "date"), ("hobby", "str"), ("shoe_size", "num"), ("squad", "str"), ("vegan", "bool")]);
    assert_eq!(made(&client), expected);
    let found = client.get(&client.path("contact/by/email/a@x.io")).json();
    let values = &found["default"];
    assert_eq!((&values["shoe_size"], &values["vegan"]), (&json!(43), &json!(true)), "{found}");
    // The same file again finds what it made.
    let (_, again) = send(&client, "contact/import", &options, FILE);
    assert_eq!((&again["existing"], made(&client)), (&json!(2), expected), "{again}");
}

#[test]
fn a_mapping_makes_a_property_of_a_column_or_says_why_not() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let file = "email,Size,Hat\na@x.io,43,58\n";
    let mapped = |size: Value| json!({"dedupe_by": "email", "mapping": {"Size": size, "Hat": null}});
    let refusals = [
        (json!({"create": {"type": "number"}}), "no such type"),
        (json!({"create": {"slug": "city", "type": "num"}}), "city"),
        (json!({"create": {"slug": "Not a slug", "type": "num"}}), "slug"),
        (json!({"create": {}}), "type"),
        (json!({"create": {"type": "num", "colour": "red"}}), "create"),
        (json!({"make": {"type": "num"}}), "create"),
        (json!(5), "create"),
    ];
    for (size, word) in refusals {
        let (status, refused) = send(&client, "contact/import", &mapped(size.clone()), file);
        assert_eq!(status, 400, "{size}: {refused}");
        assert!(refused["message"].as_str().is_some_and(|message| message.contains(word)), "{size}: {refused}");
    }
    // What is refused for another reason makes nothing.
    let unfit = json!({"dedupe_by": "no_such", "mapping": {"Size": {"create": {"type": "num"}}, "Hat": null}});
    assert_eq!(send(&client, "contact/import", &unfit, file).0, 400);
    assert_eq!(made(&client), []);

    let wanted = json!({"create": {"slug": "shoe", "name": "Shoe (EU)", "type": "num"}});
    for _ in 0..2 {
        let (_, done) = send(&client, "contact/import", &mapped(wanted.clone()), file);
        assert_eq!(done["failed"], 0, "{done}");
        assert_eq!(made(&client), pairs(&[("shoe", "num")]));
    }
    // A retry may make one, too.
    let bad = "email,Size,Hat\nb@x.io,large,58\n";
    let (_, failed) = send(&client, "contact/import", &mapped(wanted), bad);
    let retry = client.path(&format!("imports/{}/retry", failed["job_id"].as_str().expect("a job")));
    let options = json!({"options": {"mapping": {"Size": {"create": {"slug": "size_as_text", "type": "str"}}}}});
    let answer = client.send(&Request::post(retry).key(&client.key).json(options.to_string()));
    let done = client.finished(&answer);
    assert_eq!((&done["created"], &done["failed"]), (&json!(1), &json!(0)), "{done}");
    assert_eq!(made(&client), pairs(&[("shoe", "num"), ("size_as_text", "str")]));

    let json_rows = json!({"objects": [], "options": {"create_missing_properties": true}}).to_string();
    let refused = client.import("contact", json_rows);
    assert!(refused.status == 400 && refused.text().contains("is for files"), "{}", refused.text());
}
