//! Fifty patches of one record under one ETag: one of them is carried out.

use serde_json::json;

use crate::support::request::Request;
use crate::support::server::Launch;
use crate::together::at_once;

const PATCHES: usize = 50;

#[test]
fn of_many_patches_under_one_etag_one_wins() {
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let body = json!({"default": {"email": "a@example.org", "title": "Before"}}).to_string();
    let made = client.send(&Request::post(client.path("contact")).key(&client.key).json(body));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let etag = client.record("contact", &id).header("etag").expect("a record has an ETag").to_owned();

    let answers = at_once(PATCHES, |index| {
        let body = json!({"default": {"title": format!("Title {index}")}}).to_string();
        let path = client.path(&format!("contact/{id}"));
        client.send(&Request::new("PATCH", path).key(&client.key).header("If-Match", &etag).json(body))
    });

    let winners: Vec<usize> = (0..PATCHES).filter(|index| answers[*index].status == 200).collect();
    let losers: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!((winners.len(), losers.len()), (1, PATCHES - 1), "one wins");
    for loser in losers {
        assert_eq!((loser.status, loser.code().as_deref()), (412, Some("precondition_failed")), "{}", loser.text());
    }
    let record = client.record("contact", &id);
    assert_eq!(record.json()["default"]["title"], format!("Title {}", winners[0]), "and what it wrote is there");
    assert_ne!(record.header("etag"), Some(etag.as_str()), "under another ETag");
}

#[test]
fn patches_without_a_condition_are_all_carried_out_one_after_the_other() {
    const SLUGS: [&str; 8] = ["title", "city", "country", "phone", "linkedin", "twitter", "github", "description"];
    let server = Launch::new().start();
    let client = server.client(&server.tenant());
    let made = client.send(&Request::post(client.path("contact")).key(&client.key).json(r#"{"default": {}}"#));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();

    let answers = at_once(SLUGS.len(), |index| {
        let body = json!({"default": {SLUGS[index]: "written"}}).to_string();
        client.send(&Request::new("PATCH", client.path(&format!("contact/{id}"))).key(&client.key).json(body))
    });

    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let record = client.record("contact", &id).json();
    for slug in SLUGS {
        assert_eq!(record["default"][slug], "written", "no update is lost: {record}");
    }
}
